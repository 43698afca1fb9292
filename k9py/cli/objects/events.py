"""`kdash events`: events in the order they were seen, the newest last, as a log is read.

Invariant: an event that happens again is printed again, with its count. Those of an object are asked for by its kind,
namespace and name, so that events of an object that is gone are found too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from k9py.api.events import Event
from k9py.api.kinds import EVENT
from k9py.api.text import printable
from k9py.api.times import age, rfc3339
from k9py.cli.command_line import ScopeArguments
from k9py.cli.console import is_unicode, json_text
from k9py.cli.objects.get import parse_operands
from k9py.cli.objects.listing import Scope, list_objects
from k9py.cli.objects.options import EventOptions
from k9py.cli.objects.text_table import NAMESPACE_COLUMN, TextTable, print_table
from k9py.cli.objects.watch import Watched, print_changes
from k9py.cli.session import Invocation, open_session
from k9py.session import ClusterSession
from k9py.views.exit_codes import ExitCode
from k9py.views.values import Cell, Column, Tone

_COLUMNS: Final = (
    Column("seen", "LAST SEEN"),
    Column("type", "TYPE"),
    Column("reason", "REASON"),
    Column("object", "OBJECT"),
    Column("count", "COUNT", align_right=True),
    Column("message", "MESSAGE"),
)
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)


async def events(invocation: Invocation, arguments: ScopeArguments, options: EventOptions) -> ExitCode:
    """Print the events; return the exit code. Raises KdashError."""
    async with open_session(invocation) as session:
        scope = await _scope(session, arguments, options)
        listing = await list_objects(session, EVENT, scope)
        if listing.skipped:
            invocation.console.print_warnings([f"skipped {listing.skipped} unreadable: {listing.skipped_reason}"])
        printer = _Printer(invocation, scope, options)
        listing.objects.sort(key=_last_seen)
        if listing.objects:
            printer.print(listing.objects)
        else:
            where = f" in {printable(scope.namespaces[0])}" if scope.is_one_namespace else ""
            of = f" of {printable(options.about)}" if options.about else ""
            invocation.console.print_err(f"kdash: no events{of}{where}")
        if options.watch:
            await print_changes(
                invocation, session, scope, [Watched(lambda: EVENT, listing.objects, printer.print, False)]
            )
    return ExitCode.DONE


async def _scope(session: ClusterSession, arguments: ScopeArguments, options: EventOptions) -> Scope:
    fields = [f"type={options.types[0].capitalize()}"] if len(set(options.types)) == 1 else []
    scope = Scope.of(session, arguments)
    if options.about:
        [wanted] = await parse_operands(session, [options.about])
        fields += [f"involvedObject.kind={wanted.type.kind}", f"involvedObject.name={wanted.names[0]}"]
        if not wanted.type.namespaced:  # their events are in `default`, those of nodes in whatever their reporter chose
            scope = replace(scope, namespaces=("",))
    return replace(scope, field_selector=",".join(fields))


def _last_seen(event: Event) -> datetime:
    return event.last_seen or _EARLIEST


class _Printer:
    """Prints events as lines of one table, or as JSON lines."""

    def __init__(self, invocation: Invocation, scope: Scope, options: EventOptions) -> None:
        self._console = invocation.console
        self._clock = invocation.clock
        self._is_json = invocation.arguments.json
        self._namespaced = not scope.is_one_namespace
        self._headers = not options.no_headers
        columns = (NAMESPACE_COLUMN, *_COLUMNS) if self._namespaced else _COLUMNS
        self._table = TextTable(columns, [])

    def print(self, events: Sequence[Event]) -> None:
        """Print some events."""
        if self._is_json:
            plain = not is_unicode(self._console.out)
            for event in events:
                self._console.print(json_text(_values(event), plain=plain))
            self._console.out.flush()
            return
        now = self._clock.now()
        self._table.rows = [self._cells(event, now) for event in sorted(events, key=_last_seen)]
        print_table(self._console, self._table, headers=self._headers)
        self._headers = False

    def _cells(self, event: Event, now: datetime) -> tuple[Cell, ...]:
        about = event.involved_object
        tone = Tone.WARN if event.type == "Warning" else Tone.PLAIN
        cells = (
            Cell(age(event.last_seen, now)),
            Cell(printable(event.type), tone),
            Cell(printable(event.reason), tone),
            Cell(printable(f"{about.kind.lower()}/{about.name}")),
            Cell(str(event.occurrences)),
            Cell(" ".join(printable(event.message.strip()).split())),
        )
        return (Cell(printable(event.namespace)), *cells) if self._namespaced else cells


def _values(event: Event) -> dict[str, Any]:
    about = event.involved_object
    return {
        "namespace": printable(event.namespace),
        "last_seen": rfc3339(event.last_seen),
        "first_seen": rfc3339(event.first_seen),
        "type": printable(event.type),
        "reason": printable(event.reason),
        "kind": printable(about.kind),
        "object_namespace": printable(about.namespace),
        "name": printable(about.name),
        "count": event.occurrences,
        "reporter": printable(event.reporter),
        "message": printable(event.message),
    }
