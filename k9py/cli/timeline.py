"""`kdash timeline`: what changed, for one object and all that it depends on, or for namespaces; the newest first.

Invariants: it only reads, and exits 0 if it could read what it prints; what it could not read is named on standard
error. The JSON of `-o json` is that of `views/timeline.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from k9py.api.errors import NotFoundError
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.cli.command_line import ScopeArguments
from k9py.cli.objects.text_table import TextTable, print_table, printed_cells
from k9py.cli.once import read_cluster
from k9py.cli.progress import WaitProgress, read_progress
from k9py.cli.session import Invocation, open_session
from k9py.cli.triage.targets import existing_object
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.cluster.scope import choose_scope
from k9py.cluster.timeline import Timeline, TimelineReport
from k9py.session import ClusterSession
from k9py.views import timeline as table
from k9py.views.exit_codes import ExitCode


async def timeline(
    invocation: Invocation, operands: Sequence[str], arguments: ScopeArguments, seconds: float, *, headers: bool
) -> ExitCode:
    """Print what changed; return the exit code. Raises KdashError.

    Args:
        operands: name an object; none: all of the namespaces.
        seconds: how far it goes back.
        headers: print column titles.
    """
    console = invocation.console
    async with open_session(invocation) as session:
        about = await existing_object(session, operands) if operands else None
        choice = await choose_scope(
            session.connection, _namespaces(session, about, arguments), context_namespace=session.namespace
        )
        async with (
            session.watch(choice.scope, notice=choice.notice) as cluster,
            WaitProgress(console.err, invocation.clock, lambda: read_progress(cluster.health)),
        ):
            complete = await read_cluster(cluster)
            _check(cluster, arguments.namespaces)
            report = await _report(session, cluster, about, seconds)
    if invocation.arguments.json:
        console.print_json({"context": printable(session.context), **table.report_values(report)})
    elif report.entries:
        _print(
            invocation, report, one_namespace=about is not None or len(choice.scope.namespaces) == 1, headers=headers
        )
    else:
        of = f" of {printable(str(about))}" if about is not None else f" in {choice.scope}"
        console.print_err(f"kdash: no changes{of} in the last {table.span_text(timedelta(seconds=seconds))}")
    warnings = [choice.notice] if choice.notice else []
    warnings += [f"not readable: {kind}: {reason}" for kind, reason in report.unread]
    if report.left_out:
        warnings.append(f"only the newest {len(report.entries):,} entries are listed: choose a shorter --since")
    if not (complete and report.is_complete):
        warnings.append("incomplete: not everything could be read in time")
    console.print_warnings(warnings)
    return ExitCode.DONE if complete and report.is_complete else ExitCode.UNKNOWN


async def _report(session: ClusterSession, cluster: Cluster, about: ObjectRef | None, seconds: float) -> TimelineReport:
    opened = Timeline(cluster, about)
    try:
        since = cluster.clock.now() - timedelta(seconds=seconds)
        actions = await asyncio.to_thread(session.writer.recent_actions, since)
        return await opened.settled(since, actions)
    finally:
        opened.close()


def _namespaces(session: ClusterSession, about: ObjectRef | None, arguments: ScopeArguments) -> tuple[str, ...]:
    """Return the namespaces to watch; () is the whole cluster."""
    if about is not None:
        return (about.namespace,) if about.namespace else ()
    return () if arguments.all_namespaces else arguments.namespaces or (session.namespace,)


def _check(cluster: Cluster, namespaces: Sequence[str]) -> None:
    """Raise why nothing can be known: an empty list of a namespace that does not exist would look quiet."""
    health = cluster.health
    if health.state in (ClusterState.UNREACHABLE, ClusterState.FORBIDDEN) and health.error is not None:
        raise health.error
    missing = cluster.queries.missing_namespaces(namespaces)
    if missing:
        message = f"no such namespace: {', '.join(map(printable, missing))}"
        raise NotFoundError(message, "choose another one with -n; kdash get namespaces lists them", code=404)


def _print(invocation: Invocation, report: TimelineReport, *, one_namespace: bool, headers: bool) -> None:
    """Print a line for each entry; the details of an entry are in the JSON."""
    now = report.at
    left_out = {"namespace"} if one_namespace else set[str]()
    shown = [index for index, column in enumerate(table.COLUMNS) if column.id not in left_out]
    columns = tuple(table.COLUMNS[index] for index in shown)
    rows = []
    for entry in report.entries:
        cells = printed_cells(table.row(entry, now), table.COLUMNS, now)
        rows.append(tuple(cells[index] for index in shown))
    print_table(invocation.console, TextTable(columns, rows, room=invocation.console.width), headers=headers)
