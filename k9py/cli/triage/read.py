"""Watch a cluster and check it, for the commands of triage.

Invariant: a verdict is complete, or says that it is not: everything that checks ask for has been read or was refused,
or `DEADLINE` has passed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from k9py.api.errors import NotFoundError
from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.cli.once import read_cluster
from k9py.cli.progress import WaitProgress, read_progress
from k9py.cli.session import Invocation
from k9py.cluster.cluster import Cluster
from k9py.cluster.health import ClusterState
from k9py.cluster.scope import choose_scope
from k9py.config.settings import read_settings
from k9py.diagnosis.problem import TriageReport
from k9py.diagnosis.registry import built_in_checks
from k9py.session import ClusterSession

DEADLINE: Final = 60.0
"""Seconds that the checks may wait for what they read, after the first lists."""
_NAMED_KINDS: Final = 6
"""Kinds that could not be read which a warning names; more are counted."""


@dataclass(frozen=True, slots=True)
class TriagedCluster:
    """A cluster that is watched and checked.

    Args:
        complete: everything that views need was read in time, and was not refused.
        mute: ids of checks whose problems are only counted.
        faults: of the config file.
    """

    cluster: Cluster
    complete: bool
    mute: frozenset[str] = frozenset()
    faults: tuple[str, ...] = ()

    def report(self) -> TriageReport:
        """Return the report of now, with muted problems too."""
        return self.cluster.triage.report(self.cluster.clock.now())

    def unmuted(self) -> tuple[TriageReport, int]:
        """Return the report of now without muted problems, and how many there are."""
        report = self.report()
        kept = tuple(problem for problem in report.problems if problem.root.check not in self.mute)
        return replace(report, problems=kept), len(report.problems) - len(kept)


@asynccontextmanager
async def triaged(
    invocation: Invocation, session: ClusterSession, namespaces: Sequence[str]
) -> AsyncIterator[TriagedCluster]:
    """Watch and check some namespaces while entered; () is the whole cluster.

    Raises:
        NotFoundError: none of the namespaces exists.
        KdashError: nothing can be read.
    """
    console = invocation.console
    choice = await choose_scope(
        session.connection, tuple(namespaces) or invocation.scope, context_namespace=session.namespace
    )
    async with session.watch(choice.scope, notice=choice.notice) as cluster:
        lease = cluster.triage.open()
        try:
            async with WaitProgress(
                console.err, invocation.clock, lambda: read_progress(cluster.health) or "checking…"
            ):
                complete = await read_cluster(cluster)
                health = cluster.health
                if health.state in (ClusterState.UNREACHABLE, ClusterState.FORBIDDEN) and health.error is not None:
                    raise health.error
                _refuse_missing(cluster, namespaces)
                complete = await _settled(cluster) and complete and cluster.health.is_complete
            yield TriagedCluster(cluster, complete, *_settings(invocation.config_path))
        finally:
            lease.close()


def _settings(path: Path | None) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return which checks the config file mutes, and what is wrong with the file."""
    read = read_settings(path)
    faults = (*read.faults, *read.unknown_checks([check.id for check in built_in_checks()]))
    return frozenset(read.settings.triage.mute), tuple(f"{path}: {fault}" for fault in faults)


async def _settled(cluster: Cluster) -> bool:
    """Wait until everything that checks ask for has been read; return whether that was before the deadline."""
    try:
        async with asyncio.timeout(DEADLINE):
            await cluster.triage.settled()
    except TimeoutError:
        return False
    return True


def _refuse_missing(cluster: Cluster, namespaces: Sequence[str]) -> None:
    """Raise NotFoundError when none of the namespaces exists: an empty list is no error, and would look healthy."""
    missing = cluster.queries.missing_namespaces(namespaces)
    if missing and len(missing) == len(namespaces):
        message = f"no such namespace: {', '.join(map(printable, missing))}"
        raise NotFoundError(message, "choose another one with -n; kdash get namespaces lists them", code=404)


def warnings_of(triaged_cluster: TriagedCluster) -> list[str]:
    """Return what a person has to know about the completeness of a verdict."""
    cluster = triaged_cluster.cluster
    warnings = [*triaged_cluster.faults, *([cluster.scope_notice] if cluster.scope_notice else [])]
    missing = cluster.queries.missing_namespaces(cluster.scope.namespaces)
    if missing:
        warnings.append(f"no such namespace: {', '.join(missing)}")
    unread = dict.fromkeys(each.kind for each in triaged_cluster.report().unread if each.reason)
    if unread:
        more = len(unread) - _NAMED_KINDS
        named = ", ".join(sorted(unread)[:_NAMED_KINDS]) + (f" and {count_noun(more, 'more kind')}" if more > 0 else "")
        warnings.append(f"not read: {named}; -o json has the reasons")
    if not triaged_cluster.complete:
        warnings.append("incomplete: not everything could be read")
    return warnings
