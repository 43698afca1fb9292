"""Revisions: the creation of ReplicaSets and ControllerRevisions with what they changed, rollbacks and restarts.

Invariants: an entry is about the workload; a revision is compared with the one before it, and with nothing where that
no longer exists. Nobody is named unless a write of the template coincides with the creation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from k9py.api.kinds import (
    CONTROLLER_REVISION,
    DAEMON_SET,
    DEPLOYMENT,
    REPLICA_SET,
    STATEFUL_SET,
)
from k9py.api.meta import KubeObject
from k9py.api.text import printable
from k9py.api.times import parse_rfc3339
from k9py.api.workloads import (
    POD_TEMPLATE_HASH,
    RESTARTED_AT,
    ControllerRevision,
    Deployment,
    ReplicaSet,
    Workload,
)
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.timeline import EntryKind, Knowledge, TimelineEntry
from k9py.diagnosis.timelines.change_text import change_clause, change_lines
from k9py.diagnosis.timelines.deployment_steps import SCALING_REASON, Rollback, Scaling, steps, story
from k9py.diagnosis.timelines.source import source
from k9py.rollouts.semantic_diff import SemanticChange, semantic_diff
from k9py.rollouts.template_change import template_change, template_writer

_AT_ONCE: Final = timedelta(seconds=10)
"""A controller creates the first revision within seconds of its workload."""

RevisionObject = ReplicaSet | ControllerRevision


@dataclass(frozen=True, slots=True)
class RevisionChange:
    """What a revision changed.

    Args:
        number: of the revision when it was created, 0 when unknown.
        changes: in comparison with the revision before; None when that no longer exists or cannot be compared.
        is_first: the workload was created with it.
    """

    number: int
    changes: tuple[SemanticChange, ...] | None
    is_first: bool

    @property
    def text(self) -> str:
        """The change as one clause."""
        if self.is_first:
            return "created"
        name = f"revision {self.number}" if self.number else "new revision"
        if self.changes is None:
            return name
        # Two revisions differ in something, even if no field that is decoded shows it.
        return f"{name}: {change_clause(self.changes) or 'pod template changed'}"


def revision_change(revision: RevisionObject, workload: Workload, graph: Graph) -> RevisionChange:
    """Return what a revision changed when it was created, as far as kdash decodes the pod template."""
    number = created_as(revision)
    created, begun = revision.metadata.creation_timestamp, workload.metadata.creation_timestamp
    before = _revision_before(revision, number, workload, graph)
    is_first = before is None and bool(created and begun and created - begun <= _AT_ONCE)
    if before is None:
        return RevisionChange(number, None, is_first)
    old, new = revision_template(before), revision_template(revision)
    if old is None or new is None:
        return RevisionChange(number, None, False)
    return RevisionChange(number, tuple(semantic_diff(old, new)), False)


def created_as(revision: RevisionObject) -> int:
    """Return the number that a revision had first, 0 when unknown: a rollback gives it a new one."""
    if isinstance(revision, ControllerRevision):
        return revision.revision
    return min((*revision.previous_revisions, *((revision.revision,) if revision.revision else ())), default=0)


@source(
    "revisions",
    "creation of ReplicaSets and ControllerRevisions, with their semantic difference",
    kinds=(REPLICA_SET, CONTROLLER_REVISION),
    reads_graph=True,
)
def created_revisions(revision: RevisionObject, graph: Graph, since: datetime) -> Iterator[TimelineEntry]:
    """Yield the creation of a revision as an entry about its workload."""
    created = revision.metadata.creation_timestamp
    if created is None or created < since:
        return
    owner = graph.workload_of(revision)
    workload = None if owner is None else graph.workload(owner)
    if owner is None or workload is None:
        yield TimelineEntry(created, revision.key, EntryKind.ROLLOUT, "created", source=_creation(revision))
        return
    change = revision_change(revision, workload, graph)
    yield TimelineEntry(
        created,
        owner,
        EntryKind.ROLLOUT,
        change.text,
        by=template_writer(workload, created, _other_times(revision, workload, graph)),
        source=_creation(revision),
        details=change_lines(change.changes or ()),
    )


@source(
    "rollbacks",
    "rollbacks: an older revision is used again",
    kinds=(DEPLOYMENT, STATEFUL_SET, DAEMON_SET),
    reads_graph=True,
)
def rollbacks(workload: Workload, graph: Graph, since: datetime) -> Iterator[TimelineEntry]:
    """Yield the rollbacks of a workload: those that events of the controller show, else the one that is in force."""
    found = False
    if isinstance(workload, Deployment):
        for each in deployment_story(workload, graph):
            if isinstance(each, Rollback) and each.at >= since:
                found = True
                yield _rollback(workload, each, graph)
    if not found:
        yield from _current_rollback(workload, graph, since)


def deployment_story(deployment: Deployment, graph: Graph) -> tuple[Rollback | Scaling, ...]:
    """Return the rollbacks and scalings of a Deployment that its events show, oldest first."""
    all_steps = steps(graph.events(deployment))
    if not all_steps:
        return ()
    created = {
        each.name: each.metadata.creation_timestamp
        for each in revision_objects(deployment, graph)
        if each.metadata.creation_timestamp is not None
    }
    current = next((each.name for each in graph.revisions_of(deployment.key) if each.is_current), "")
    return tuple(story(all_steps, created, current))


def _rollback(deployment: Deployment, rollback: Rollback, graph: Graph) -> TimelineEntry:
    by_name = {each.name: each for each in revision_objects(deployment, graph)}
    revision, former = by_name.get(rollback.replica_set), by_name.get(rollback.former)
    number = 0 if revision is None else created_as(revision)
    old = None if former is None else revision_template(former)
    new = None if revision is None else revision_template(revision)
    changes = () if old is None or new is None else tuple(semantic_diff(old, new))
    name = f"revision {number}" if number else "an older revision"
    clause = change_clause(changes)
    return TimelineEntry(
        rollback.at,
        deployment.key,
        EntryKind.ROLLOUT,
        f"rolled back to {name}" + (f": {clause}" if clause else ""),
        by=template_writer(deployment, rollback.at),
        source=f"event {SCALING_REASON}",
        details=change_lines(changes),
    )


def _current_rollback(workload: Workload, graph: Graph, since: datetime) -> Iterator[TimelineEntry]:
    """Yield that the revision in force is an older one, when its beginning is known."""
    revisions = graph.revisions_of(workload.key)
    current = next((revision for revision in revisions if revision.is_current), None)
    if current is None or current.created_at is None:
        return
    newer = any(other.created_at and other.created_at > current.created_at for other in revisions)
    if not (newer or current.was_reused):
        return
    write = template_change(workload, revisions, graph.pods_of(workload.key), graph.events(workload))
    if write.at is None or write.at < since or write.at - current.created_at <= _AT_ONCE:
        return
    former = min(current.former_numbers, default=0)
    yield TimelineEntry(
        write.at,
        workload.key,
        EntryKind.ROLLOUT,
        f"rolled back to revision {former}" if former else "rolled back to an older revision",
        by=write.by,
        source=f"{current.kind} {printable(current.name)} is used again",
    )


@source("restarts", "restarts by kubectl rollout restart", kinds=(DEPLOYMENT, STATEFUL_SET, DAEMON_SET))
def restarts(workload: Workload, graph: Graph, since: datetime) -> Iterator[TimelineEntry]:
    """Yield the last restart, which the annotation of the template dates; its revision says it too while it exists."""
    template = workload.spec.template.metadata
    at = parse_rfc3339(template.annotation(RESTARTED_AT)) if template is not None else None
    if at is not None and at >= since:
        yield TimelineEntry(
            at,
            workload.key,
            EntryKind.ROLLOUT,
            "restarted",
            by=template_writer(workload, at),
            source=f"annotation {RESTARTED_AT}",
            knowledge=Knowledge.SEEN,
        )


def _creation(revision: KubeObject) -> str:
    return f"{revision.KIND} {printable(revision.name)} created"


def revision_objects(workload: Workload, graph: Graph) -> Sequence[RevisionObject]:
    """Return the ReplicaSets or ControllerRevisions of a workload, none while they are not read."""
    owned: Sequence[RevisionObject] | Unread
    if isinstance(workload, Deployment):
        owned = graph.owned(workload, REPLICA_SET)
    else:
        owned = graph.owned(workload, CONTROLLER_REVISION)
    return () if isinstance(owned, Unread) else owned


def _other_times(revision: RevisionObject, workload: Workload, graph: Graph) -> list[datetime]:
    return [
        other.metadata.creation_timestamp
        for other in revision_objects(workload, graph)
        if other.uid != revision.uid and other.metadata.creation_timestamp is not None
    ]


def _revision_before(revision: RevisionObject, number: int, workload: Workload, graph: Graph) -> RevisionObject | None:
    """Return the revision that was in use when one was created: the one with the highest number below its own."""
    numbered: list[tuple[int, RevisionObject]] = []
    for other in revision_objects(workload, graph):
        if other.uid == revision.uid:
            continue
        below = [each for each in _numbers(other) if each < number]
        if below:
            numbered.append((max(below), other))
    return max(numbered, key=lambda pair: pair[0])[1] if numbered else None


def _numbers(revision: RevisionObject) -> tuple[int, ...]:
    if isinstance(revision, ControllerRevision):
        return (revision.revision,)
    return (*revision.previous_revisions, revision.revision or 0)


def revision_template(revision: RevisionObject) -> Mapping[str, Any] | None:
    """Return the decoded pod template of a revision as JSON, without the label that its controller adds.

    Returns:
        None when it has none that can be read. That of a ControllerRevision is complete.
    """
    body: Any
    if isinstance(revision, ControllerRevision):
        try:
            body = (msgspec.json.decode(revision.raw_data).get("spec") or {}).get("template")
        except (msgspec.DecodeError, AttributeError):
            return None
        return {key: value for key, value in body.items() if key != "$patch"} if isinstance(body, Mapping) else None
    body = msgspec.json.decode(msgspec.json.encode(revision.spec.template))
    metadata = dict(body.get("metadata") or {})
    labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key != POD_TEMPLATE_HASH}
    metadata["labels"] = labels or None
    return {**body, "metadata": metadata}


def template_labels(revision: RevisionObject) -> Mapping[str, str]:
    """Return the labels of the pods of a revision, none when they cannot be read."""
    metadata = (revision_template(revision) or {}).get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, Mapping) else None
    return labels if isinstance(labels, Mapping) else {}
