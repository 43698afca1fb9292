"""Which pods' logs are read: the pods of the named object, at the start and then as they come and go.

Invariant: requests are limited to one namespace and to the object's own selector. A Deployment's pods are those of its
ReplicaSets; where these may not be read its selector alone decides, and a warning says so. What the first list returned
holds until the watch has synced; a watch that fails loses no pod. Of a CronJob, the pods of its jobs that run are read,
and of the one that was created last.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from k9py.api.batch import CronJob, Job
from k9py.api.errors import ConnectionFailedError, ForbiddenError, MissingPartError
from k9py.api.kinds import ENDPOINT_SLICE, JOB, KINDS, POD, REPLICA_SET, SERVICE, Kind
from k9py.api.meta import KubeObject
from k9py.api.pods import Pod
from k9py.api.selectors import LabelSelector
from k9py.api.services import SERVICE_NAME_LABEL, Service
from k9py.api.text import printable
from k9py.api.workloads import DaemonSet, Deployment, ReplicaSet, StatefulSet
from k9py.cli.logs.options import LogOptions
from k9py.cli.session import CommandSession, explain_not_found
from k9py.cli.targets import ObjectArgument
from k9py.cluster.log_targets import ALL_ROLES, DEFAULT_ROLES, current_jobs, log_targets
from k9py.informer.health import Listed, Live, Loading
from k9py.informer.reflector import Reflector
from k9py.logs.source import LogTarget
from k9py.runtime.clock import Clock

_OWNERS: Final = (Deployment, StatefulSet, DaemonSet, ReplicaSet, Job)
"""What has a selector of its own pods."""
_JOB_PODS: Final = "job-name"
"""A label of all pods of jobs, which servers before 1.27 set too."""

T = TypeVar("T", bound=KubeObject)


@dataclass(frozen=True, slots=True)
class PodSelection:
    """How the pods of an object are found.

    Args:
        title: the object, printable.
        label_selector, field_selector: of its pods.
        owner_uid: uid of the workload; "": every selected pod is its own.
        between: the kind that the workload owns, and that owns the pods; None: it owns them itself.
        is_pod: the object is one pod.
        names: names of its pods, where no label identifies them (a Service without selector); None: all selected pods.
        warning: what to know about the selection, printable.
    """

    title: str
    namespace: str
    label_selector: str = ""
    field_selector: str = ""
    owner_uid: str = ""
    between: Kind[Any] | None = None
    is_pod: bool = False
    names: frozenset[str] | None = None
    warning: str = ""

    @property
    def between_selector(self) -> str:
        """The labels of what is between the workload and its pods."""
        return "" if self.between is JOB else self.label_selector

    def own_pods(self, pods: Iterable[Pod], between: Iterable[KubeObject] | None) -> tuple[Pod, ...]:
        """Return the object's own pods among the selected ones, sorted by name.

        Args:
            between: objects of that kind; None: unknown, or not needed.
        """
        owners: set[str] | None = {self.owner_uid} if self.owner_uid else None
        if self.between is not None:
            own_between = [value for value in between or () if value.owner_uid == self.owner_uid]
            if self.between is JOB:
                own_between = [*current_jobs([value for value in own_between if isinstance(value, Job)])]
            owners = None if between is None else {value.uid for value in own_between}
        own = (pod for pod in pods if owners is None or pod.owner_uid in owners)
        return tuple(sorted((pod for pod in own if self.names is None or pod.name in self.names), key=_name))


def _name(pod: Pod) -> str:
    return pod.name


@dataclass(frozen=True, slots=True)
class InitialPods:
    """An object's pods at the start of the command.

    Args:
        knows_between: what is between the object and its pods could be read; irrelevant where there is nothing.
        warnings: what could not be read, printable.
    """

    pods: tuple[Pod, ...]
    knows_between: bool
    warnings: tuple[str, ...] = ()


async def select_pods(session: CommandSession, target: ObjectArgument | None, selector: str) -> PodSelection:
    """Return how to find the pods of the target, or those with the labels of the selector.

    Raises:
        KdashError: the target does not exist, may not be read, or selects no pods at all.
    """
    namespace = session.namespace
    if target is None:
        return PodSelection(f"pods with {printable(selector)} in {printable(namespace)}", namespace, selector)
    key = session.key(target)
    title = printable(str(key))
    if target.kind == POD.name:
        return PodSelection(title, namespace, field_selector=f"metadata.name={target.name}", is_pod=True)
    with explain_not_found(key):
        value = _decode(KINDS[target.kind], await session.connection.get(key))
    if isinstance(value, SERVICE.type):
        if not value.spec.selector:
            return await _select_by_endpoints(session, title, value)
        return PodSelection(title, namespace, str(LabelSelector(match_labels=dict(value.spec.selector))))
    if isinstance(value, CronJob):
        return PodSelection(title, namespace, _JOB_PODS, owner_uid=value.uid, between=JOB)
    assert isinstance(value, _OWNERS)
    label_selector = str(value.spec.selector or LabelSelector())
    between = REPLICA_SET if isinstance(value, Deployment) else None
    return PodSelection(title, namespace, label_selector, owner_uid=value.uid, between=between)


async def _select_by_endpoints(session: CommandSession, title: str, service: Service) -> PodSelection:
    """Return the selection of a Service without a selector: the pods its endpoint slices list."""
    selector = f"{SERVICE_NAME_LABEL}={service.name}"
    raw_slices = await session.connection.list(ENDPOINT_SLICE.name, service.namespace, label_selector=selector)
    pods = {key for raw in raw_slices for key in _decode(ENDPOINT_SLICE, raw).pods}
    names = frozenset(key.name for key in pods if key.namespace == service.namespace)
    if not names:
        hint = "name its workload instead: kdash logs deploy/NAME"
        raise MissingPartError(f"{title} has no selector, and its endpoints list no pods", hint)
    warning = f"{title} has no selector: reading the pods its endpoints list now"
    field_selector = f"metadata.name={next(iter(names))}" if len(names) == 1 else ""
    return PodSelection(title, service.namespace, field_selector=field_selector, names=names, warning=warning)


async def list_pods(session: CommandSession, selection: PodSelection, target: ObjectArgument | None) -> InitialPods:
    """List the current pods. Raises KdashError: they may not be read, or the one pod does not exist."""
    connection, namespace, selector = session.connection, selection.namespace, selection.label_selector
    if selection.is_pod:
        assert target is not None
        key = session.key(target)
        with explain_not_found(key):
            return InitialPods((_decode(POD, await connection.get(key)),), False)
    pods = [_decode(POD, raw) for raw in await connection.list(POD.name, namespace, label_selector=selector)]
    between: list[KubeObject] | None = None
    warnings: tuple[str, ...] = (selection.warning,) if selection.warning else ()
    if (kind := selection.between) is not None:
        try:
            raw_between = await connection.list(kind.name, namespace, label_selector=selection.between_selector)
            between = [_decode(kind, raw) for raw in raw_between]
        except ForbiddenError as error:
            if kind is JOB:
                raise  # nothing distinguishes its pods from those of other jobs
            warnings = (f"{error.message}: reading all pods that match its selector",)
    return InitialPods(selection.own_pods(pods, between), between is not None, warnings)


def _decode(kind: Kind[T], raw: Any) -> T:
    """Return an object's value. Raises ConnectionFailedError: its format is not that of the API."""
    try:
        return kind.decode(msgspec.json.encode(raw))
    except msgspec.DecodeError as error:
        raise ConnectionFailedError(f"unexpected format of a {kind.name}", "is this a Kubernetes API?") from error


class FollowedPods:
    """The pods of an object, kept up to date by watches; run every one of `reflectors`."""

    def __init__(self, session: CommandSession, selection: PodSelection, initial: InitialPods, clock: Clock) -> None:
        self._selection = selection
        self._pods: Reflector[Pod] = Reflector(
            POD,
            session.connection.lister_watcher(
                POD,
                selection.namespace,
                label_selector=selection.label_selector,
                field_selector=selection.field_selector,
            ),
            clock,
        )
        self._between: Reflector[Any] | None = None
        if selection.between is not None and initial.knows_between:
            lister = session.connection.lister_watcher(
                selection.between, selection.namespace, label_selector=selection.between_selector
            )
            self._between = Reflector(selection.between, lister, clock)
        self._versions = (-1, -1)

    @property
    def reflectors(self) -> tuple[Reflector[Any], ...]:
        """What must run to keep the pods up to date."""
        return (self._pods, *([self._between] if self._between is not None else []))

    def changed(self) -> tuple[Pod, ...] | None:
        """Return the current pods, by name; None when they are unknown or have not changed since the last call."""
        between = self._between
        if not self._pods.has_synced or (between is not None and not between.has_synced):
            return None
        versions = (self._pods.store.version, between.store.version if between is not None else 0)
        if versions == self._versions:
            return None
        self._versions = versions
        return self._selection.own_pods(
            self._pods.store.values(), between.store.values() if between is not None else None
        )

    @property
    def problem(self) -> str:
        """Why new pods are not detected, printable; "" while they are."""
        for reflector in self.reflectors:
            match reflector.health:
                case Live() | Listed() | Loading(error=None):
                    continue
                case health:
                    assert health.error is not None
                    return f"new pods are not detected: {printable(health.error.message)}"
        return ""


def container_roles(pods: Sequence[Pod]) -> dict[str, str]:
    """Return the role of each container by name, in the order of the spec; "" for a main one."""
    roles: dict[str, str] = {}
    for pod in pods:
        for target in log_targets(pod, ALL_ROLES):
            roles.setdefault(target.container, "" if target.role == "main" else target.role)
    return roles


def wanted_targets(pods: Sequence[Pod], options: LogOptions) -> tuple[LogTarget, ...]:
    """Return the containers whose logs are to be read."""
    return tuple(
        target for pod in pods for target in _wanted_of_pod(pod, options.containers, previous=options.previous)
    )


def _wanted_of_pod(pod: Pod, names: Collection[str], *, previous: bool) -> Iterator[LogTarget]:
    restarted = {
        status.name
        for status in pod.statuses()
        if status.restart_count or (status.last_state is not None and status.last_state.terminated is not None)
    }
    for target in log_targets(pod, ALL_ROLES if names else DEFAULT_ROLES):
        if (not names or target.container in names) and (not previous or target.container in restarted):
            yield target
