"""What was done with kdash, from the audit file, as entries of the timeline.

Invariants: only writes to this server count, and what was opened in its containers, when it was opened; a write that
failed says so, and one without a recorded outcome; a revealed value of a Secret is no action.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from k9py.api.meta import ObjectRef
from k9py.api.standard_types import ref_group
from k9py.api.text import printable, shorten
from k9py.api.times import parse_rfc3339
from k9py.api.write_request import FIELD_MANAGER
from k9py.diagnosis.timeline import EntryKind, TimelineEntry

_PREPOSITIONS: Final = {"attach": "to", "forward": "to"}


def action_entries(lines: Iterable[Mapping[str, Any]], server: str, since: datetime) -> Iterator[TimelineEntry]:
    """Yield the writes to a server since a time, and the accesses to its containers and ports.

    Args:
        lines: of the audit file, oldest first.
        server: its address, as in the audit lines.
    """
    begun: dict[str, tuple[datetime, Mapping[str, Any]]] = {}
    for line in lines:
        at = parse_rfc3339(line.get("time"))
        if at is None or at < since or line.get("server") != server:
            continue
        match line.get("event"):
            case "begin":
                begun[_text(line, "id")] = at, line
            case "write":
                begun.pop(_text(line, "id"), None)
                yield _entry(line, at)
            case "open":
                yield _access(line, at)
    for at, line in begun.values():
        yield _entry({**line, "outcome": "unknown"}, at)


def _entry(line: Mapping[str, Any], at: datetime) -> TimelineEntry:
    kind = _text(line, "kind")
    about = ObjectRef(kind, _text(line, "namespace"), _text(line, "name"), ref_group(_text(line, "group"), kind))
    what = shorten(_text(line, "summary")) or printable(_text(line, "action"))
    outcome, error = _text(line, "outcome"), shorten(_text(line, "error"))
    failed = outcome in ("failed", "unknown")
    if failed:
        what = f"{what}: {outcome}" + (f", {error}" if error else "")
    user = _text(line, "os_user")
    return TimelineEntry(
        at,
        about,
        EntryKind.ACTION,
        what,
        by=FIELD_MANAGER,
        source="audit file",
        details=(f"by the user {printable(user)} of this machine",) if user else (),
        is_warning=failed,
    )


def _access(line: Mapping[str, Any], at: datetime) -> TimelineEntry:
    """Return the entry of something that was opened in a pod: `shell in web-1 (app)`."""
    kind, name, container = _text(line, "kind"), printable(_text(line, "name")), printable(_text(line, "container"))
    about = ObjectRef(kind, _text(line, "namespace"), _text(line, "name"), ref_group(_text(line, "group"), kind))
    user, words, details = _text(line, "os_user"), line.get("command"), []
    if user:
        details.append(f"by the user {printable(user)} of this machine")
    if isinstance(words, list) and words:
        details.append(f"command: {shorten(' '.join(word for word in words if isinstance(word, str)))}")
    action = printable(_text(line, "action"))
    what = f"{action} {_PREPOSITIONS.get(action, 'in')} {name}" + (f" ({container})" if container else "")
    return TimelineEntry(
        at, about, EntryKind.ACTION, what, by=FIELD_MANAGER, source="audit file", details=tuple(details)
    )


def _text(line: Mapping[str, Any], field: str) -> str:
    value = line.get(field)
    return value if isinstance(value, str) else ""
