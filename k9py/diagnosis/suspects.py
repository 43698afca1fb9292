"""Suspects: changes shortly before a problem began, of what the affected objects use.

Invariants: a suspect is never called the cause; each says when, by whom and how it is known. The likeliest first: a new
revision that the failing pods belong to, then what the root names itself, then the nearest in time. A mere restart
shows what was wrong before: it comes after what the root names. Writes of the status, of controllers that only maintain
an object, and of kdash itself are none: a rollout is one whoever made it.
To suspect another kind of object: `dependencies.py`, and `_TYPES` for its metadata.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from k9py.api.kinds import NODE, POD, is_workload
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.nodes import Node
from k9py.api.pods import Pod
from k9py.api.standard_types import standard_type
from k9py.api.text import printable
from k9py.api.workloads import Workload
from k9py.diagnosis.dependencies import Dependencies, dependencies
from k9py.diagnosis.finding import EvidenceSource, Finding
from k9py.diagnosis.graph import Graph, NotReadError, ObjectMetadata, Unread
from k9py.diagnosis.problem import Effect, Problem, Suspect
from k9py.diagnosis.timeline import EntryKind, TimelineEntry
from k9py.diagnosis.timelines.nodes import node_transitions
from k9py.diagnosis.timelines.revisions import created_revisions, revision_change, revision_objects, rollbacks
from k9py.diagnosis.timelines.scalings import scalings
from k9py.diagnosis.timelines.written import is_helm_release, is_of_status, written_text
from k9py.diagnosis.undo_steps import undo_helps, undo_steps
from k9py.rollouts.revisions import revision_index

EARLIEST: Final = timedelta(minutes=30)
"""A change longer before a problem is no suspect."""
LATEST: Final = timedelta(minutes=2)
"""A change this long after a problem's beginning may still explain it: times are those of different clocks."""
MAX_SUSPECTS: Final = 5
_TOGETHER: Final = timedelta(seconds=60)
"""What is created within this time is installed together."""
_SAME_CHANGE: Final = timedelta(seconds=10)
_CREATED: Final = "created"
_RESTARTED: Final = ": restarted"
"""Ends what a revision changed that only restarts."""

_TYPES: Final = tuple(
    standard_type(group, kind)
    for group, kind in (
        ("", "ConfigMap"),
        ("", "Secret"),
        ("", "Service"),
        ("", "ServiceAccount"),
        ("", "PersistentVolumeClaim"),
        ("", "ResourceQuota"),
        ("", "LimitRange"),
        ("networking.k8s.io", "Ingress"),
        ("networking.k8s.io", "NetworkPolicy"),
        ("autoscaling", "HorizontalPodAutoscaler"),
        ("policy", "PodDisruptionBudget"),
        ("batch", "CronJob"),
    )
)
"""Of these, the metadata is read in the namespaces of the affected objects."""
_CLUSTER_KINDS: Final = frozenset(
    {
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "Namespace",
        "Node",
        "PriorityClass",
        "StorageClass",
        "IngressClass",
        "PersistentVolume",
    }
)
"""Kinds of the whole cluster whose metadata is read where the root names them."""
_NO_SUSPECTS: Final = frozenset(
    {"kube-controller-manager", "kube-scheduler", "kubelet", "kdash", "cloud-controller-manager", "cluster-autoscaler"}
)
"""Field managers that maintain objects, and this program."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    suspect: Suspect
    rank: int  # 0 is the likeliest


def suspects(problem: Problem, graph: Graph, watched: Iterable[TimelineEntry] = ()) -> tuple[Suspect, ...]:
    """Return the changes that may explain a problem, the likeliest first.

    A root that does not say since when it is so began at the latest with the first of what it explains; () when that is
    unknown too.

    Args:
        watched: what was seen to change in this session (`cluster.watched_changes`).
    """
    began = beginning(problem)
    if began is None:
        return ()
    search = _Search(problem, graph, began)
    return _likeliest([*search.candidates(), *search.watched(watched)], began)


def beginning(problem: Problem) -> datetime | None:
    """Return when a problem began, as far as its root or what it explains shows."""
    return problem.since or problem.root.since or min(_beginnings(problem.effects), default=None)


def _likeliest(candidates: Sequence[_Candidate], began: datetime) -> tuple[Suspect, ...]:
    later = {each.suspect.about: each.suspect.at for each in candidates if each.suspect.what != _CREATED}
    # Of an object that was changed after its creation, the creation explains nothing.
    changed = (each for each in candidates if each.suspect.what != _CREATED or each.suspect.about not in later)
    ordered = sorted(changed, key=lambda each: (each.rank, abs(began - each.suspect.at), str(each.suspect.about)))
    kept: list[Suspect] = []
    for candidate in ordered:
        suspect = candidate.suspect
        same = next((at for at, other in enumerate(kept) if _is_same(other, suspect)), None)
        if same is None:
            kept.append(suspect)
        elif not kept[same].by and suspect.by:
            kept[same] = replace(kept[same], by=suspect.by)
    return tuple(kept[:MAX_SUSPECTS])


def _is_same(one: Suspect, other: Suspect) -> bool:
    if one.about != other.about or abs(one.at - other.at) > _SAME_CHANGE:
        return False
    return not one.by or not other.by or one.by == other.by


class _Search:
    """Looks for the changes around the beginning of one problem."""

    def __init__(self, problem: Problem, graph: Graph, began: datetime) -> None:
        self._graph = graph
        self._begin, self._end = began - EARLIEST, began + LATEST
        self._root = problem.root
        self._named = frozenset((problem.root.about, *problem.objects, *_proofs(problem.root)))
        affected = tuple(
            dict.fromkeys((problem.subject, *problem.objects, *_proofs(problem.root), *_affected(problem.effects)))
        )
        is_lost_node = problem.root.about.kind == NODE.name and problem.root.check == "node-not-ready"
        if is_lost_node:  # nothing that its pods use has made a kubelet silent
            affected = ()
        self._pods = tuple(pod for ref in affected if (pod := _pod(ref, graph)) is not None)
        self._workloads = tuple(dict.fromkeys(self._workloads_of(affected)))
        self._created = tuple(filter(None, map(self._creation_of, self._workloads)))
        """When the workloads themselves were created: that what they use was created with them explains nothing."""
        self._depends = tuple(_dependencies_of((*self._workloads, *affected), graph))

    def candidates(self) -> Iterator[_Candidate]:
        """Yield what the objects show, as far as they are read."""
        with suppress(NotReadError):
            for ref in self._workloads:
                workload = self._graph.workload(ref)
                if workload is not None:
                    yield from self._rollouts(workload)
                    yield from self._scalings(workload)
                    yield from self._digests(workload)
                    yield from self._pause(workload)
        yield from self._written()
        yield from self._nodes()

    def watched(self, entries: Iterable[TimelineEntry]) -> Iterator[_Candidate]:
        """Yield what was seen to change."""
        for entry in entries:
            is_change = entry.kind in (EntryKind.CHANGE, EntryKind.ROLLOUT, EntryKind.SCALING, EntryKind.RELEASE)
            if is_change and self._is_near(entry.at) and self._concerns(entry.about) and entry.by not in _NO_SUSPECTS:
                yield self._candidate(entry.at, entry.about, entry.what, entry.by, entry.source)

    # -- what changed -------------------------------------------------------------------------------------------------

    def _rollouts(self, workload: Workload) -> Iterator[_Candidate]:
        """Yield the last change of the template, of those that the failing pods run: what it replaced runs no more."""
        graph, failing = self._graph, self._failing_revisions(workload)
        changes = [
            (entry, revision.name in failing if failing else None)
            for revision in revision_objects(workload, graph)
            for entry in created_revisions.ask(revision, graph, self._begin)
            # It never ran well: nothing was changed, unless it came to others that did.
            if self._came_to_others(workload) or not revision_change(revision, workload, graph).is_first
        ]
        changes += [(entry, None) for entry in rollbacks.ask(workload, graph, self._begin)]
        near = [(entry, has_failing) for entry, has_failing in changes if self._is_near(entry.at)]
        if near:
            # That failing pods run it is proof; of a rollback and without pods that is unknown.
            entry, has_failing = max(near, key=lambda each: (each[1] or False, each[1] is None, each[0].at))
            can_undo = has_failing is not False and any(
                undo_helps(step, self._root) for step in undo_steps(workload.key, graph)
            )
            is_restart = entry.what.endswith(_RESTARTED)
            suspect = replace(_suspect(entry), can_undo=can_undo and not is_restart)
            is_outside = self._is_outside(self._root.about) and not can_undo
            rank = 4 if has_failing is False or is_restart else 3 if is_outside else 0
            yield _Candidate(suspect, rank)

    @staticmethod
    def _is_outside(ref: ObjectRef) -> bool:
        return not is_workload(ref) and (bool(ref.group) or ref.kind not in ("Pod", "ReplicaSet"))

    def _came_to_others(self, workload: Workload) -> bool:
        """Return whether a workload that the root names was created when others ran already."""
        created = workload.metadata.creation_timestamp
        is_later = created is not None and any(created - other > _TOGETHER for other in self._created)
        return is_later and workload.key in self._named

    def _pause(self, workload: Workload) -> Iterator[_Candidate]:
        """Yield that a workload was paused."""
        if not getattr(workload.spec, "paused", False):
            return
        for entry in workload.metadata.managed_fields or ():
            if entry.owns_pause and entry.time is not None and self._is_near(entry.time):
                yield self._candidate(entry.time, workload.key, "paused", printable(entry.manager), "managedFields")

    def _failing_revisions(self, workload: Workload) -> frozenset[str]:
        """Return the names of the revisions of the failing pods, none when the problem is about no pods."""
        of_pod = revision_index(self._graph.revisions_of(workload.key))
        return frozenset(revision.name for pod in self._pods if (revision := of_pod(pod)) is not None)

    def _scalings(self, workload: Workload) -> Iterator[_Candidate]:
        if workload.KIND != "Deployment":
            return
        for entry in scalings.ask(workload, self._graph, self._begin):
            if entry.kind is EntryKind.SCALING and self._is_near(entry.at):
                yield self._candidate(entry.at, entry.about, entry.what, entry.by, entry.source)

    def _digests(self, workload: Workload) -> Iterator[_Candidate]:
        """Yield that failing pods run another digest of the same tag than the pods that were there before."""
        failing = {pod.uid for pod in self._pods}
        pods = self._graph.pods_of(workload.key)
        former = {
            (status.name, status.image): (status.image_id, pod)
            for pod in pods
            if pod.uid not in failing and pod.is_ready
            for status in pod.status.container_statuses or ()
            if status.image_id
        }
        for pod in (pod for pod in pods if pod.uid in failing):
            at = pod.metadata.creation_timestamp
            for status in pod.status.container_statuses or ():
                before, other = former.get((status.name, status.image), ("", None))
                is_other = bool(before and status.image_id) and before != status.image_id
                if at is None or other is None or not is_other or not self._is_near(at) or "@" in status.image:
                    continue
                image = f"image {printable(status.name)}: {printable(status.image)} is another image than before"
                what = f"{image}, {_digest(before)} → {_digest(status.image_id)}"
                where = f"imageID of Pod {printable(pod.name)} and Pod {printable(other.name)}"
                yield _Candidate(Suspect(at, workload.key, what, "", where), 1)
                return

    def _written(self) -> Iterator[_Candidate]:
        namespaces = dict.fromkeys(ref.namespace for depends in self._depends for ref in depends.refs if ref.namespace)
        for namespace in namespaces:
            for resource_type in _TYPES:
                found = self._graph.metadata_of(resource_type, namespace)
                for metadata in () if isinstance(found, Unread) else found:
                    if self._concerns(metadata.ref) and not is_helm_release(metadata):
                        yield from self._writes(metadata)
        for ref in self._named:
            is_of_cluster = ref.kind in _CLUSTER_KINDS and not ref.group and not ref.namespace
            named = self._graph.metadata(ref) if is_of_cluster else None
            if isinstance(named, ObjectMetadata):
                yield from self._writes(named)

    def _writes(self, metadata: ObjectMetadata) -> Iterator[_Candidate]:
        for manager in metadata.managers:
            if manager.at is None or not self._is_near(manager.at):
                continue
            if is_of_status(manager) or manager.manager in _NO_SUSPECTS:
                continue
            created = metadata.created_at
            is_new = created is not None and abs(manager.at - created) <= _SAME_CHANGE
            is_together = created is not None and any(abs(created - other) <= _TOGETHER for other in self._created)
            if is_new and (metadata.ref.kind == NODE.name or (is_together and metadata.ref not in self._named)):
                continue  # one node more harms nobody
            what = _CREATED if is_new else written_text(manager)
            yield self._candidate(manager.at, metadata.ref, what, printable(manager.manager), "managedFields")

    def _nodes(self) -> Iterator[_Candidate]:
        for name in dict.fromkeys(pod.spec.node_name for pod in self._pods if pod.spec.node_name):
            node = self._graph.get(NODE, name)
            # What its own conditions report of a node that is the root is the problem, not a change before it.
            if isinstance(node, Node) and node.key not in self._named:
                for entry in node_transitions.ask(node, self._graph, self._begin):
                    has_recovered = entry.source.startswith("condition ") and not entry.is_warning
                    if not has_recovered and self._is_near(entry.at):
                        yield self._candidate(entry.at, entry.about, entry.what, entry.by, entry.source)

    # -- what concerns the problem ------------------------------------------------------------------------------------

    def _workloads_of(self, affected: Iterable[ObjectRef]) -> Iterator[ObjectRef]:
        for ref in affected:
            if is_workload(ref):
                yield ref
            elif ref.kind == "Service" and not ref.group:
                with suppress(NotReadError):
                    yield from self._graph.backends_of(ref)
        for pod in self._pods:
            workload = self._graph.workload_of(pod)
            if workload is not None:
                yield workload

    def _creation_of(self, ref: ObjectRef) -> datetime | None:
        try:
            workload = self._graph.workload(ref)
        except NotReadError:
            return None
        return None if workload is None else workload.metadata.creation_timestamp

    def _is_near(self, at: datetime) -> bool:
        return self._begin <= at <= self._end

    def _concerns(self, ref: ObjectRef) -> bool:
        return ref in self._named or any(depends.covers(ref) for depends in self._depends)

    def _candidate(self, at: datetime, about: ObjectRef, what: str, by: str, source: str) -> _Candidate:
        # A change of the root itself comes before whatever made its pods notice.
        is_root = about == self._root.about and self._is_outside(about)
        rank = -1 if is_root else 2 if about in self._named else 3
        return _Candidate(Suspect(at, about, what, by, source), rank)


def _suspect(entry: TimelineEntry) -> Suspect:
    return Suspect(entry.at, entry.about, entry.what, entry.by, entry.source)


def _beginnings(effects: Iterable[Effect]) -> Iterator[datetime]:
    for effect in effects:
        if effect.finding.since is not None:
            yield effect.finding.since
        yield from _beginnings(effect.effects)


def _proofs(root: Finding) -> Iterator[ObjectRef]:
    """Yield the objects that a root's evidence was read from: it names them."""
    return (each.about for each in root.evidence if each.source is EvidenceSource.FIELD)


def _affected(effects: Iterable[Effect]) -> Iterator[ObjectRef]:
    for effect in effects:
        yield from effect.objects
        yield from _affected(effect.effects)


def _pod(ref: ObjectRef, graph: Graph) -> Pod | None:
    found = graph.get(POD, ref.name, ref.namespace) if ref.kind == "Pod" and not ref.group else None
    return found if isinstance(found, KubeObject) else None


def _dependencies_of(refs: Iterable[ObjectRef], graph: Graph) -> Iterator[Dependencies]:
    """Yield what objects depend on, each object that another one covers only once."""
    seen: list[Dependencies] = []
    for ref in dict.fromkeys(refs):
        if not any(ref in depends.refs for depends in seen):
            seen.append(dependencies(ref, graph))
            yield seen[-1]


def _digest(image_id: str) -> str:
    """Return the digest of an imageID, shortened: `sha256:1a2b3c4d…7e8f`."""
    algorithm, _, digest = image_id.rpartition("@")[2].rpartition(":")
    short = digest if len(digest) <= 16 else f"{digest[:8]}…{digest[-4:]}"
    return printable(f"{algorithm.rpartition('/')[2]}:{short}" if algorithm else short)
