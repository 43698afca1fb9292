"""What the Patterns pane compares: a workload's revisions, when containers started, how an old pod starts its log.

Pure, except `read_startup_lines`, which reads a bounded piece of one container's log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from k9py.api.errors import KdashError
from k9py.api.kinds import is_workload
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.cluster.queries import Queries
from k9py.logs.line import LogLine, parse_timestamp, split_line
from k9py.logs.source import LogSource, LogTarget
from k9py.logs.source_errors import container_lines
from k9py.rollouts.status import RolloutState

BEGINNING_BYTES: Final = 64 << 10
"""Bytes read of an old container's log to know what it prints when it starts."""
BEGINNING_SECONDS: Final = 15.0

_MOVING: Final = frozenset({RolloutState.PROGRESSING, RolloutState.STALLED})


@dataclass(frozen=True, slots=True)
class ComparedRevisions:
    """What is compared.

    Args:
        new, old: revisions as `LogTarget.revision` has them; the newest old one first.
        names: of each, such as "revision 8".
        is_useful: there are pods of several revisions, or pods of a newer one are to come.
    """

    new: str = ""
    old: tuple[str, ...] = ()
    names: Mapping[str, str] | None = None
    is_useful: bool = False


def revision_names(queries: Queries, subject: ObjectRef) -> Mapping[str, str]:
    """Return the names of a subject's revisions, by `LogTarget.revision`: "revision 7"."""
    workload = workload_of(queries, subject)
    if workload is None:
        return {}
    return {
        revision.pod_template_hash: f"revision {revision.number}"
        for revision in queries.revisions_of(workload)
        if revision.pod_template_hash and revision.number
    }


def compared_revisions(
    queries: Queries, subject: ObjectRef, targets: Iterable[LogTarget], now: datetime
) -> ComparedRevisions:
    """Return what to compare in the logs of a subject."""
    workload = workload_of(queries, subject)
    running = dict.fromkeys(target.revision for target in targets if target.revision)
    if workload is None:
        return ComparedRevisions(next(iter(running), ""))
    revisions = queries.revisions_of(workload)
    by_hash = {revision.pod_template_hash: revision for revision in revisions if revision.pod_template_hash}
    names = {key: f"revision {revision.number}" if revision.number else key for key, revision in by_hash.items()}
    current = next((revision.pod_template_hash for revision in revisions if revision.is_current), "")
    ordered = [key for key in by_hash if key in running] + [key for key in running if key not in by_hash]
    new = current or next(iter(ordered), "")
    old = tuple(key for key in ordered if key != new)
    view = queries.rollout_view(workload, now)
    is_moving = view is not None and view.status.state in _MOVING
    return ComparedRevisions(new, old, names, is_useful=bool(old) and (len(running) > 1 or is_moving))


def workload_of(queries: Queries, subject: ObjectRef) -> ObjectRef | None:
    """Return the workload of a subject: itself, or the only one that backs a service."""
    if is_workload(subject):
        return subject
    backends = queries.backends_of(subject) if subject.kind == "Service" and not subject.group else ()
    return backends[0] if len(backends) == 1 else None


def container_start_times(pods: Iterable[Pod]) -> dict[str, datetime]:
    """Return when each running container started, by its id."""
    start_times: dict[str, datetime] = {}
    for pod in pods:
        for status in pod.statuses():
            running = status.state.running if status.state is not None else None
            if status.container_id and running is not None and running.started_at is not None:
                start_times[status.container_id] = running.started_at
    return start_times


def startup_targets(targets: Iterable[LogTarget], old: Sequence[str]) -> tuple[LogTarget, ...]:
    """Return the containers of one pod of an old revision, whose logs show how that revision starts."""
    for revision in old:
        members = [target for target in targets if target.revision == revision and target.role in ("main", "sidecar")]
        if members:
            return tuple(target for target in members if target.pod == members[0].pod)
    return ()


async def read_startup_lines(source: LogSource, target: LogTarget) -> list[LogLine]:
    """Return the first lines of a container's log; [] when they cannot be read."""
    lines: list[LogLine] = []
    try:
        async with (
            asyncio.timeout(BEGINNING_SECONDS),
            source.open_log(target, follow=False, limit_bytes=BEGINNING_BYTES) as batches,
        ):
            async for batch in container_lines(batches):
                for raw in batch:
                    at, text = split_line(raw)
                    stamp = parse_timestamp(at)
                    lines.append(LogLine(target, stamp.at if stamp else None, text))
    except (KdashError, TimeoutError):
        return []
    return lines
