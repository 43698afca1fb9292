"""Scalings: the events of controllers that change the number of pods, with who asked for it as far as writes prove it.

The Deployment controller reports every step (`ScalingReplicaSet`); steps that follow each other closely are one entry:
a scaling when one ReplicaSet takes part, a rollout when several do. Source of the messages:
pkg/controller/deployment/sync.go, scaleReplicaSetAndRecordEvent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from k9py.api.events import Event
from k9py.api.kinds import DEPLOYMENT
from k9py.api.meta import ManagedFields
from k9py.api.text import printable
from k9py.api.workloads import Deployment
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.timeline import EntryKind, TimelineEntry
from k9py.diagnosis.timelines.source import source

SCALING_REASON: Final = "ScalingReplicaSet"
_STEP: Final = re.compile(
    r"Scaled (?:up|down) replica set (\S+) (?:from (\d+) to (\d+)|to (\d+)(?: from (\d+))?)$", re.A
)
"""Both word orders: servers before 1.32 use the second (and leave out "from 0")."""
_TOGETHER: Final = timedelta(seconds=60)
"""Steps with less time between them belong to one rollout or scaling."""
_AT_ONCE: Final = timedelta(seconds=5)
"""A controller scales within seconds of the write that asks for it."""


@dataclass(frozen=True, slots=True)
class _Step:
    at: datetime
    replica_set: str
    before: int
    after: int


@source("scalings", "scalings of Deployments, and who asked for them", kinds=(DEPLOYMENT,), reads_graph=True)
def scalings(deployment: Deployment, graph: Graph, since: datetime) -> Iterator[TimelineEntry]:
    """Yield the scalings of a Deployment."""
    for steps in _groups(_steps(graph.events(deployment), since)):
        last = steps[-1]
        spans: dict[str, tuple[int, int]] = {}
        for step in steps:
            first, _ = spans.get(step.replica_set, (step.before, 0))
            spans[step.replica_set] = (first, step.after)
        lines = tuple(f"{printable(name)}: {before} → {after}" for name, (before, after) in spans.items())
        if len(spans) > 1:
            what, kind = f"rollout scaled {', '.join(lines)}", EntryKind.ROLLOUT
        else:
            [(before, after)] = spans.values()
            if before == 0 and _is_first_step(deployment, steps[0], graph):
                continue  # the first pods of a revision: its creation says so
            what, kind = f"scaled from {before} to {after}", EntryKind.SCALING
        yield TimelineEntry(
            last.at,
            deployment.key,
            kind,
            what,
            by=scaler_at(deployment.metadata.managed_fields or (), steps[0].at) if kind is EntryKind.SCALING else "",
            source=f"event {SCALING_REASON}",
            details=lines if len(steps) > 1 else (),
        )


def scaler_at(managed: Sequence[ManagedFields], at: datetime) -> str:
    """Return the field manager that wrote the replicas at a time, printable, "" when none did."""
    near = [
        (abs(entry.time - at), entry.manager)
        for entry in managed
        if entry.owns_replicas and entry.time is not None and abs(entry.time - at) <= _AT_ONCE
    ]
    return printable(min(near)[1]) if near else ""


def _steps(events: Sequence[Event], since: datetime) -> list[_Step]:
    steps = []
    for event in events:
        match = _STEP.search(event.message) if event.reason == SCALING_REASON else None
        if match is None or event.last_seen is None or event.last_seen < since:
            continue
        before, after = match[2] or match[5] or "0", match[3] or match[4]
        steps.append(_Step(event.last_seen, match[1], int(before), int(after)))
    return sorted(steps, key=lambda step: step.at)


def _groups(steps: Sequence[_Step]) -> Iterator[list[_Step]]:
    group: list[_Step] = []
    for step in steps:
        if group and step.at - group[-1].at > _TOGETHER:
            yield group
            group = []
        group.append(step)
    if group:
        yield group


def _is_first_step(deployment: Deployment, step: _Step, graph: Graph) -> bool:
    """Return whether a ReplicaSet is scaled up for the first time, because it was just created."""
    return any(
        revision.name == step.replica_set
        and revision.created_at is not None
        and abs(step.at - revision.created_at) <= _TOGETHER
        for revision in graph.revisions_of(deployment.key)
    )
