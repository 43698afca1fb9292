"""Whose logs: the object that was named becomes the pods it has, once and then as they come and go.

Invariant: asks only for the one namespace and for what the subject's own selector selects. A Deployment's pods are
those of its ReplicaSets; where these may not be read its selector alone decides, and `remarks` says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from k9py.api.errors import ConnectionFailedError, ForbiddenError, MissingPartError
from k9py.api.kinds import ENDPOINT_SLICE, KINDS, POD, REPLICA_SET, SERVICE, Kind
from k9py.api.meta import KubeObject
from k9py.api.pods import Pod
from k9py.api.selectors import LabelSelector
from k9py.api.services import SERVICE_NAME_LABEL, Service
from k9py.api.text import printable
from k9py.api.workloads import DaemonSet, Deployment, ReplicaSet, StatefulSet
from k9py.cli.session import CommandSession, explain_not_found
from k9py.cli.targets import ObjectArgument
from k9py.cluster.log_targets import ALL_ROLES, log_targets

_WORKLOADS: Final = (Deployment, StatefulSet, DaemonSet)

T = TypeVar("T", bound=KubeObject)


@dataclass(frozen=True, slots=True)
class Subject:
    """What was named, and how its pods are found.

    Args:
        words: what it is called, printable.
        label_selector, field_selector: of its pods.
        owner_uid: of the workload; "": every selected pod is one of its own.
        by_replica_sets: the owner owns ReplicaSets, and these the pods.
        is_pod: it is one pod.
        names: of its pods, where no label tells them apart (a Service without selector); None: all that are selected.
        remark: what must be known of it, printable.
    """

    words: str
    namespace: str
    label_selector: str = ""
    field_selector: str = ""
    owner_uid: str = ""
    by_replica_sets: bool = False
    is_pod: bool = False
    names: frozenset[str] | None = None
    remark: str = ""

    def own(self, pods: Iterable[Pod], replica_sets: Iterable[ReplicaSet] | None) -> tuple[Pod, ...]:
        """Return its own of the selected pods, by name.

        Args:
            replica_sets: those its selector selects; None: not known, or of no matter.
        """
        owners: set[str] | None = {self.owner_uid} if self.owner_uid else None
        if self.by_replica_sets:
            owners = None if replica_sets is None else {r.uid for r in replica_sets if r.owner_uid == self.owner_uid}
        mine = (pod for pod in pods if owners is None or pod.owner_uid in owners)
        return tuple(sorted((one for one in mine if self.names is None or one.name in self.names), key=_name))


def _name(pod: Pod) -> str:
    return pod.name


@dataclass(frozen=True, slots=True)
class FirstLook:
    """The subject's pods as they were when it began.

    Args:
        knows_replica_sets: they were read; of no matter where the subject has none.
        remarks: what could not be read, printable.
    """

    pods: tuple[Pod, ...]
    knows_replica_sets: bool
    remarks: tuple[str, ...] = ()


async def find_subject(session: CommandSession, named: ObjectArgument | None, selector: str) -> Subject:
    """Return the subject that was named, else the pods with those labels.

    Raises:
        KdashError: it is not there, may not be read, or selects no pods at all.
    """
    namespace = session.namespace
    if named is None:
        return Subject(f"pods with {printable(selector)} in {printable(namespace)}", namespace, selector)
    key = session.key(named)
    if named.kind == POD.name:
        return Subject(printable(str(key)), namespace, field_selector=f"metadata.name={named.name}", is_pod=True)
    with explain_not_found(key):
        found = decoded(KINDS[named.kind], await session.connection.get(key))
    words = printable(str(key))
    if isinstance(found, SERVICE.type):
        if not found.spec.selector:
            return await _named_by_endpoints(session, words, found)
        return Subject(words, namespace, str(LabelSelector(match_labels=dict(found.spec.selector))))
    assert isinstance(found, _WORKLOADS)
    chosen = str(found.spec.selector or LabelSelector())
    return Subject(words, namespace, chosen, owner_uid=found.uid, by_replica_sets=isinstance(found, Deployment))


async def _named_by_endpoints(session: CommandSession, words: str, service: Service) -> Subject:
    """Return a Service without a selector as a subject: the pods its endpoint slices name."""
    selector = f"{SERVICE_NAME_LABEL}={service.name}"
    raw = await session.connection.list(ENDPOINT_SLICE.name, service.namespace, label_selector=selector)
    pods = {key for one in raw for key in decoded(ENDPOINT_SLICE, one).pods}
    names = frozenset(key.name for key in pods if key.namespace == service.namespace)
    if not names:
        hint = "name the workload behind it: kdash logs deploy/NAME"
        raise MissingPartError(f"{words} has no selector, and its endpoints name no pod", hint)
    remark = f"{words} has no selector: read are the pods its endpoints name now"
    if len(names) == 1:
        [name] = names
        return Subject(words, service.namespace, field_selector=f"metadata.name={name}", names=names, remark=remark)
    return Subject(words, service.namespace, names=names, remark=remark)


async def first_look(session: CommandSession, subject: Subject, named: ObjectArgument | None) -> FirstLook:
    """Read the pods there are. Raises KdashError: they may not be read, or the one pod is not there."""
    connection, namespace, selector = session.connection, subject.namespace, subject.label_selector
    if subject.is_pod:
        assert named is not None
        key = session.key(named)
        with explain_not_found(key):
            return FirstLook((decoded(POD, await connection.get(key)),), False)
    pods = [decoded(POD, one) for one in await connection.list(POD.name, namespace, label_selector=selector)]
    replica_sets: list[ReplicaSet] | None = None
    remarks: tuple[str, ...] = (subject.remark,) if subject.remark else ()
    if subject.by_replica_sets:
        try:
            raw = await connection.list(REPLICA_SET.name, namespace, label_selector=selector)
            replica_sets = [decoded(REPLICA_SET, one) for one in raw]
        except ForbiddenError as error:
            remarks = (f"{error.message}: all pods its selector selects are taken for its own",)
    return FirstLook(subject.own(pods, replica_sets), replica_sets is not None, remarks)


def decoded(kind: Kind[T], raw: Any) -> T:
    """Return an object's value. Raises ConnectionFailedError: it is not shaped as the API says."""
    try:
        return kind.decode(msgspec.json.encode(raw))
    except msgspec.DecodeError as error:
        raise ConnectionFailedError(f"a {kind.name} is not shaped as the API says", "is this a Kubernetes API?") from (
            error
        )


def container_names(pods: Sequence[Pod]) -> dict[str, str]:
    """Return the containers' names in the spec's order, each with what it is ("" for a main one)."""
    found: dict[str, str] = {}
    for pod in pods:
        for target in log_targets(pod, ALL_ROLES):
            found.setdefault(target.container, "" if target.role == "main" else target.role)
    return found
