"""`kdash status --watch`: the problems, then a line for each that appears, changes or is resolved, until Ctrl+C.

Invariants: changes that follow each other closely are one look: a rollout does not print a line for each pod. A lost
connection is reported on standard error: no line does not mean that nothing changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from datetime import datetime
from typing import Any, Final

from k9py.api.text import printable
from k9py.api.times import rfc3339
from k9py.cli.console import is_unicode, json_text
from k9py.cli.process import streaming_output
from k9py.cli.session import Invocation
from k9py.cli.triage.read import TriagedCluster
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.diagnosis.problem import TriageReport
from k9py.views.problem_changes import ProblemChange, ProblemEvent, problem_changes
from k9py.views.problems.scope import ranked_in
from k9py.views.problems.texts import cause_text, subject_text
from k9py.views.tones import severity_tone
from k9py.views.triage_json import SCHEMA, problem_values
from k9py.views.values import Tone

_LABEL: Final = len("degraded → degraded")
"""Cells of the longest severity label, a change from one to another."""
_PAUSE: Final = 1.0
"""Seconds between two looks."""


async def print_differences(invocation: Invocation, read: TriagedCluster, namespaces: Collection[str]) -> None:
    """Print the problems that concern some namespaces, () all, then what changes, until cancelled."""
    cluster, changed = read.cluster, asyncio.Event()
    unsubscribe = cluster.triage.subscribe(changed.set)
    feed = cluster.open_feed()
    lost = ""
    try:
        old = TriageReport(invocation.clock.now(), (), 0)
        while True:
            report = ranked_in(read.unmuted()[0], namespaces).report
            with streaming_output():
                for change in problem_changes(old, report):
                    _print(invocation, change, report.at)
                invocation.console.out.flush()
            old = report
            lost = _report_connection(invocation, cluster, lost)
            await _first_of(changed.wait, feed.changed)
            await invocation.clock.sleep(_PAUSE)
            changed.clear()
            feed.drain()
    finally:
        cluster.close_feed(feed)
        unsubscribe()


def _report_connection(invocation: Invocation, cluster: Cluster, lost: str) -> str:
    """Print on standard error that the connection is lost, or is there again; return why it is lost, "" if it is not.

    Args:
        lost: what was printed last.
    """
    health = cluster.health
    is_lost = health.state in (ClusterState.STALE, ClusterState.UNREACHABLE) and health.error is not None
    why = printable(health.error.message) if is_lost and health.error is not None else ""
    if why and not lost:
        invocation.console.print_err(f"kdash: connection lost: {why}; retrying")
    elif lost and not why:
        invocation.console.print_err("kdash: watching again")
    return why


async def _first_of(*waits: Callable[[], Coroutine[Any, Any, Any]]) -> None:
    """Return when the first of some waits ends."""
    tasks = [asyncio.ensure_future(wait()) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()


def _print(invocation: Invocation, change: ProblemChange, at: datetime) -> None:
    console, problem = invocation.console, change.problem
    if invocation.arguments.json:
        values: dict[str, Any] = {
            "schema": SCHEMA,
            "at": rfc3339(at),
            "event": change.event.value,
            "severity_before": change.before.label if change.before is not None else None,
            "problem": problem_values(problem),
        }
        console.print(json_text(values, plain=not is_unicode(console.out)))
        return
    is_over = change.event is ProblemEvent.RESOLVED
    label = "resolved" if is_over else problem.severity.label
    if change.before is not None and not is_over and change.before is not problem.severity:
        label = f"{change.before.label} → {label}" if is_unicode(console.out) else f"{change.before.label} -> {label}"
    where = f" in {printable(problem.subject.namespace)}" if problem.subject.namespace else ""
    console.print(
        console.render(
            [
                (f"{at:%H:%M:%S}  ", Tone.MUTED),
                (f"{label:<{_LABEL}}", Tone.OK if is_over else severity_tone(problem.severity)),
                (f"  {subject_text(problem)}{where}: {cause_text(problem)}", Tone.PLAIN),
            ]
        )
    )
