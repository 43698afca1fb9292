"""The revisions of a workload: ReplicaSets of a Deployment, ControllerRevisions of a StatefulSet or DaemonSet.

Invariant: newest first, at most one is current. To support another revision kind, add its `_from_...` function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from k9py.api.meta import ObjectKey
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
from k9py.rollouts.change_cause import mark_inherited_causes


class Revision(msgspec.Struct, frozen=True, gc=False):
    """One revision.

    Args:
        number: as `kubectl rollout history` counts it; 0 when the controller has not numbered it yet.
        name: of the ReplicaSet or ControllerRevision, with its `uid` and `kind`.
        images: of the main containers, in the spec's order.
        change_cause: the annotation's text, what looks like a secret in it hidden; "" when there is none.
        replicas: pods this revision has, None when its object does not say (ControllerRevisions).
        ready: ready pods of it, None like `replicas`.
        is_current: it is the one the workload rolls out to.
        pod_template_hash: the value its pods carry in the label that ties them to it.
        desired: pods its ReplicaSet is to have, None for ControllerRevisions.
        was_reused: an undo is known to have taken it into use again (ReplicaSets alone say so).
        cause_inherited_from: number of the revision the change-cause was written for; None: for this one.
        former_numbers: what it was numbered before an undo took it up again, as far as a ReplicaSet tells.
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
        """The change-cause that was written for this revision, "" when there is none."""
        return self.change_cause if self.cause_inherited_from is None else ""

    @property
    def key(self) -> ObjectKey:
        """Key of the object that holds the revision, for reading its whole template."""
        return ObjectKey(self.kind, self.namespace, self.name)


def revisions(
    workload: Workload, owned: Sequence[ReplicaSet | ControllerRevision], pods: Sequence[Pod] | None = None
) -> tuple[Revision, ...]:
    """Return the workload's revisions, newest first; objects it does not control are left out.

    Args:
        pods: the workload's pods; when given, ControllerRevisions have their `replicas` and `ready` counted from them.
    """
    mine = [one for one in owned if one.owner_uid == workload.uid]
    numbered = sorted(mine, key=lambda one: (_number(one), one.name), reverse=True)
    current = _current_name(workload, numbered)
    counts = None if pods is None or isinstance(workload, Deployment) else _counts(pods)
    return mark_inherited_causes([_revision(one, one.name == current, counts) for one in numbered])


def _counts(pods: Sequence[Pod]) -> dict[str, tuple[int, int]]:
    """Return (all, ready) pods by the label that ties them to a ControllerRevision, in one walk over the pods."""
    found: dict[str, tuple[int, int]] = {}
    for pod in pods:
        label = pod.metadata.label(CONTROLLER_REVISION_HASH)
        count, ready = found.get(label, (0, 0))
        found[label] = count + 1, ready + pod.is_ready
    return found


def current_revision(found: Sequence[Revision]) -> Revision | None:
    """Return the revision the workload rolls out to, None when it is not known yet."""
    return next((one for one in found if one.is_current), None)


def revision_index(found: Sequence[Revision]) -> Callable[[Pod], Revision | None]:
    """Return what tells the revision of a pod, for asking about many: its cost does not grow with the revisions."""
    by_uid = {one.uid: one for one in reversed(found)}
    by_label = {label: one for one in reversed(found) for label in (one.pod_template_hash, one.name) if label}

    def revision(pod: Pod) -> Revision | None:
        owner = pod.owner_uid
        if owner and owner in by_uid:
            return by_uid[owner]
        return by_label.get(pod.metadata.label(CONTROLLER_REVISION_HASH))

    return revision


def _number(one: ReplicaSet | ControllerRevision) -> int:
    return (one.revision or 0) if isinstance(one, ReplicaSet) else one.revision


def _current_name(workload: Workload, newest_first: Sequence[ReplicaSet | ControllerRevision]) -> str:
    match workload:
        case Deployment():
            # The controller copies the new ReplicaSet's number to the Deployment as soon as it has made it.
            wanted = workload.metadata.annotation(REVISION)
            named = [one for one in newest_first if wanted and one.metadata.annotation(REVISION) == wanted]
            if len(named) > 1:  # a number given twice: the template tells which of them is in force
                named = [one for one in named if isinstance(one, ReplicaSet) and _has_template_of(one, workload)]
            return named[0].name if len(named) == 1 else ""
        case StatefulSet():
            return workload.status.update_revision
        case DaemonSet():
            # A rollback renumbers the revision it reuses, so the highest number is the one in force; but the revisions
            # are watched apart from the DaemonSet, and may be behind it: then the current one is not known yet.
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
    one: ReplicaSet | ControllerRevision, is_current: bool, counts: Mapping[str, tuple[int, int]] | None
) -> Revision:
    match one:
        case ReplicaSet():
            images = one.spec.template.images
            replicas: int | None = one.status.replicas
            ready: int | None = one.status.ready_replicas
            pod_hash = one.metadata.label(POD_TEMPLATE_HASH)
            desired: int | None = 1 if one.spec.replicas is None else one.spec.replicas
            former = one.previous_revisions
        case ControllerRevision():
            data = one.data
            images = data.spec.template.images if data else ()
            # DaemonSet pods carry the hash alone, StatefulSet pods the revision's whole name.
            pod_hash = one.metadata.label(CONTROLLER_REVISION_HASH) or one.name
            replicas = ready = desired = None
            former = ()
            if counts is not None:
                replicas, ready = counts.get(pod_hash, (0, 0))
    return Revision(
        number=_number(one),
        name=one.name,
        uid=one.uid,
        kind=one.KIND,
        namespace=one.namespace,
        images=images,
        change_cause=redact_text(one.metadata.annotation(CHANGE_CAUSE)),
        created_at=one.metadata.creation_timestamp,
        replicas=replicas,
        ready=ready,
        is_current=is_current,
        pod_template_hash=pod_hash,
        desired=desired,
        was_reused=bool(one.metadata.annotation(REVISION_HISTORY)),
        former_numbers=former,
    )
