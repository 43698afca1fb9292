"""List the revisions of a workload: ReplicaSets of a Deployment, ControllerRevisions of a StatefulSet or DaemonSet.

Controllers copy a workload's annotations to each new revision, so a change-cause that equals the previous revision's is
taken for inherited (kubernetes/pkg/controller/deployment, `SetNewReplicaSetAnnotations`); `authors` corrects that from
the managed fields. Invariant: newest first, at most one is current.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final

import msgspec

from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.redaction import redact_text
from k9py.api.workloads import (
    CHANGE_CAUSE,
    CONTROLLER_REVISION_HASH,
    POD_TEMPLATE_HASH,
    REVISION,
    REVISION_HISTORY,
    ControllerRevision,
    DaemonSet,
    Deployment,
    ReplicaSet,
    StatefulSet,
    Workload,
)

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
"""Sorts before every creation time; stands for an unknown one."""


class Revision(msgspec.Struct, frozen=True, gc=False):
    """One revision.

    Args:
        number: as `kubectl rollout history` counts it; 0 if the controller has not numbered it yet.
        name, uid, kind: of the ReplicaSet or ControllerRevision.
        images: of the main containers, in the order of the spec.
        change_cause: the annotation, redacted; "" if there is none.
        replicas: pods of this revision, None if its object has no count (ControllerRevisions).
        ready: ready pods of it, None like `replicas`.
        is_current: the workload rolls out to it.
        pod_template_hash: the label value that ties its pods to it.
        desired: pods its ReplicaSet should have, None for ControllerRevisions.
        was_reused: an undo is known to have reused it (recorded by ReplicaSets only).
        cause_inherited_from: number of the revision the change-cause was written for; None: for this one.
        former_numbers: its numbers before an undo reused it, as far as a ReplicaSet records them.
    """

    number: int
    name: str
    uid: str
    kind: str
    namespace: str
    images: tuple[str, ...]
    change_cause: str
    created_at: datetime | None
    replicas: int | None
    ready: int | None
    is_current: bool
    pod_template_hash: str
    desired: int | None = None
    was_reused: bool = False
    cause_inherited_from: int | None = None
    former_numbers: tuple[int, ...] = ()

    @property
    def own_cause(self) -> str:
        """The change-cause that was written for this revision, "" if there is none."""
        return self.change_cause if self.cause_inherited_from is None else ""

    @property
    def key(self) -> ObjectRef:
        """Key of the object that holds the revision, for reading its whole template."""
        return ObjectRef(self.kind, self.namespace, self.name)


def revisions(
    workload: Workload, owned: Sequence[ReplicaSet | ControllerRevision], pods: Sequence[Pod] | None = None
) -> tuple[Revision, ...]:
    """Return the workload's revisions, newest first; objects that it does not control are left out.

    Args:
        pods: the workload's pods; if given, `replicas` and `ready` of ControllerRevisions are counted from them.
    """
    own = [obj for obj in owned if obj.owner_uid == workload.uid]
    numbered = sorted(own, key=lambda obj: (_number(obj), obj.name), reverse=True)
    current = _current_name(workload, numbered)
    counts = None if pods is None or isinstance(workload, Deployment) else _count_pods(pods)
    return mark_inherited_causes([_revision(obj, obj.name == current, counts) for obj in numbered])


def current_revision(revisions: Sequence[Revision]) -> Revision | None:
    """Return the revision the workload rolls out to, None if it is not known yet."""
    return next((revision for revision in revisions if revision.is_current), None)


def revision_index(revisions: Sequence[Revision]) -> Callable[[Pod], Revision | None]:
    """Return a function from a pod to its revision, whose cost does not grow with the number of revisions."""
    by_uid = {revision.uid: revision for revision in reversed(revisions)}
    by_label = {
        label: revision
        for revision in reversed(revisions)
        for label in (revision.pod_template_hash, revision.name)
        if label
    }

    def revision_of(pod: Pod) -> Revision | None:
        owner = pod.owner_uid
        if owner and owner in by_uid:
            return by_uid[owner]
        return by_label.get(pod.metadata.label(CONTROLLER_REVISION_HASH))

    return revision_of


def mark_inherited_causes(revisions: Sequence[Revision]) -> tuple[Revision, ...]:
    """Return the revisions, in the same order, with the revision each inherited its change-cause from.

    An undo renumbers an old revision, so what came before is determined by creation time as well as by number.
    """
    by_number = sorted((revision for revision in revisions if revision.number), key=lambda revision: revision.number)
    by_time = sorted(revisions, key=lambda revision: (revision.created_at or LONG_AGO, revision.number))
    sources: dict[str, Revision] = {}
    for order in (by_time, by_number):
        for previous, revision in pairwise(order):
            is_older = (previous.created_at or LONG_AGO) <= (revision.created_at or LONG_AGO)
            if revision.change_cause and previous.change_cause == revision.change_cause and is_older:
                sources.setdefault(revision.name, previous)
    for revision in revisions:
        # An undo of a StatefulSet or DaemonSet leaves the annotation unchanged, so it may outlive its revision.
        if revision.kind == "ControllerRevision" and (older := _older_with_same_cause(revision, revisions)):
            sources.setdefault(revision.name, older[-1])
    return tuple(_with_source(revision, sources) for revision in revisions)


def _older_with_same_cause(revision: Revision, revisions: Sequence[Revision]) -> list[Revision]:
    """Return the revisions created earlier with the same change-cause, oldest first."""
    created = revision.created_at or LONG_AGO
    alike = [other for other in revisions if revision.change_cause and other.change_cause == revision.change_cause]
    older = (other for other in alike if (other.created_at or LONG_AGO) < created)
    return sorted(older, key=lambda other: other.created_at or LONG_AGO)


def _with_source(revision: Revision, sources: Mapping[str, Revision]) -> Revision:
    source, visited = sources.get(revision.name), {revision.name}
    if source is None:
        return revision
    while source.name in sources and source.name not in visited:
        visited.add(source.name)
        source = sources[source.name]
    return msgspec.structs.replace(revision, cause_inherited_from=source.number)


def _count_pods(pods: Sequence[Pod]) -> dict[str, tuple[int, int]]:
    """Return (all, ready) pods by the label that ties them to a ControllerRevision, in one pass over the pods."""
    counts: dict[str, tuple[int, int]] = {}
    for pod in pods:
        label = pod.metadata.label(CONTROLLER_REVISION_HASH)
        count, ready = counts.get(label, (0, 0))
        counts[label] = count + 1, ready + pod.is_ready
    return counts


def _number(obj: ReplicaSet | ControllerRevision) -> int:
    return (obj.revision or 0) if isinstance(obj, ReplicaSet) else obj.revision


def _current_name(workload: Workload, newest_first: Sequence[ReplicaSet | ControllerRevision]) -> str:
    match workload:
        case Deployment():
            # The controller copies the new ReplicaSet's number to the Deployment as soon as it has created it.
            wanted = workload.metadata.annotation(REVISION)
            matching = [obj for obj in newest_first if wanted and obj.metadata.annotation(REVISION) == wanted]
            if len(matching) > 1:  # a duplicate number: the template decides which one is current
                matching = [obj for obj in matching if isinstance(obj, ReplicaSet) and _has_template_of(obj, workload)]
            return matching[0].name if len(matching) == 1 else ""
        case StatefulSet():
            return workload.status.update_revision
        case DaemonSet():
            # A rollback renumbers the revision it reuses, so the highest number is current. The revisions have a watch
            # of their own and may lag behind the DaemonSet: then the current one is not known yet.
            newest = newest_first[0] if newest_first else None
            data = newest.data if isinstance(newest, ControllerRevision) else None
            if newest is not None and (data is None or data.spec.template == workload.spec.template):
                return newest.name
    return ""


def _has_template_of(replica_set: ReplicaSet, workload: Deployment) -> bool:
    template = replica_set.spec.template
    labels = {key: value for key, value in template.labels.items() if key != POD_TEMPLATE_HASH}
    return labels == dict(workload.spec.template.labels) and template.spec == workload.spec.template.spec


def _revision(
    obj: ReplicaSet | ControllerRevision, is_current: bool, counts: Mapping[str, tuple[int, int]] | None
) -> Revision:
    match obj:
        case ReplicaSet():
            images = obj.spec.template.images
            replicas: int | None = obj.status.replicas
            ready: int | None = obj.status.ready_replicas
            pod_hash = obj.metadata.label(POD_TEMPLATE_HASH)
            desired: int | None = 1 if obj.spec.replicas is None else obj.spec.replicas
            former_numbers = obj.previous_revisions
        case ControllerRevision():
            data = obj.data
            images = data.spec.template.images if data else ()
            # DaemonSet pods carry only the hash, StatefulSet pods the revision's whole name.
            pod_hash = obj.metadata.label(CONTROLLER_REVISION_HASH) or obj.name
            replicas = ready = desired = None
            former_numbers = ()
            if counts is not None:
                replicas, ready = counts.get(pod_hash, (0, 0))
    return Revision(
        number=_number(obj),
        name=obj.name,
        uid=obj.uid,
        kind=obj.KIND,
        namespace=obj.namespace,
        images=images,
        change_cause=redact_text(obj.metadata.annotation(CHANGE_CAUSE)),
        created_at=obj.metadata.creation_timestamp,
        replicas=replicas,
        ready=ready,
        is_current=is_current,
        pod_template_hash=pod_hash,
        desired=desired,
        was_reused=bool(obj.metadata.annotation(REVISION_HISTORY)),
        former_numbers=former_numbers,
    )
