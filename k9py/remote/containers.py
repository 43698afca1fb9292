"""Which container is meant: the pods of an object, the pod that is taken, and its container.

Invariants: the API server is asked, not a store, so that a command and the dashboard choose alike; a container that
does not run is refused with its reason. A pod that is not ready is taken only where none is. To reach the pods of
another kind: a line in `_selection`; a custom resource with the subresource `scale` needs none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeVar

import msgspec

from k9py.api.errors import ConnectionFailedError, ForbiddenError, MissingPartError, NotFoundError, RefusedError
from k9py.api.kinds import ENDPOINT_SLICE, JOB, KINDS, POD, REPLICA_SET, Kind, is_pod
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.plural import with_article
from k9py.api.pods import ContainerState, Pod
from k9py.api.selectors import LabelSelector
from k9py.api.services import SERVICE_NAME_LABEL, Service
from k9py.api.text import printable
from k9py.remote.container_down import ContainerDownError, check_runs
from k9py.runtime.time_slice import TimeSlice
from k9py.session import ClusterSession

DEFAULT_CONTAINER: Final = "kubectl.kubernetes.io/default-container"
"""Annotation of a pod: the container that commands mean which name none."""
_JOB_PODS: Final = "job-name"
"""A label of all pods of jobs, which servers before 1.27 set too."""
_LISTED: Final = 12
"""Containers that an error lists."""
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)

Role = Literal["", "init", "sidecar", "ephemeral"]
T = TypeVar("T", bound=KubeObject)


@dataclass(frozen=True, slots=True)
class PodContainer:
    """A container of a pod.

    Args:
        name, image: as in the spec.
        role: "" for a main container.
        state: "running", or why it does not run: "CrashLoopBackOff", "Error, exit code 1"; "" while that is not
            reported. Printable.
        is_running: None while that is not reported.
        is_default: commands mean it that name no container.
    """

    name: str
    image: str
    role: Role = ""
    state: str = ""
    is_running: bool | None = None
    is_default: bool = False


def containers_of(pod: Pod) -> tuple[PodContainer, ...]:
    """Return all containers of a pod: the default one first, then main, sidecar, ephemeral and init containers."""
    states = {status.name: status.state for status in pod.statuses()}
    named = list(_named(pod))
    annotated = pod.metadata.annotation(DEFAULT_CONTAINER)
    mains = [name for name, _, role in named if not role]
    default = annotated if annotated in {name for name, _, _ in named} else (mains[0] if mains else "")
    containers = [
        PodContainer(name, image, role, _state_text(states.get(name)), _is_running(states.get(name)), name == default)
        for name, image, role in named
    ]
    return tuple(sorted(containers, key=lambda container: not container.is_default))


def _named(pod: Pod) -> Iterator[tuple[str, str, Role]]:
    inits = pod.spec.init_containers or ()
    yield from ((container.name, container.image, "") for container in pod.spec.containers or ())
    yield from ((container.name, container.image, "sidecar") for container in inits if container.is_sidecar)
    yield from ((container.name, container.image, "ephemeral") for container in pod.spec.ephemeral_containers or ())
    yield from ((container.name, container.image, "init") for container in inits if not container.is_sidecar)


def _is_running(state: ContainerState | None) -> bool | None:
    return None if state is None else state.running is not None


def _state_text(state: ContainerState | None) -> str:
    if state is None:
        return ""
    if state.running is not None:
        return "running"
    if state.terminated is not None:
        ended = printable(state.terminated.reason) or "ended"
        return ended if ended == "Completed" else f"{ended}, exit code {state.terminated.exit_code}"
    return printable(state.waiting.reason if state.waiting is not None else "") or "waiting"


async def find_pod(session: ClusterSession, ref: ObjectRef) -> Pod:
    """Return the pod itself, or the newest ready one of an object; the newest that runs where none is ready.

    Raises:
        RefusedError: no pod runs.
        KdashError: the object or its pods cannot be read.
    """
    pods = await pods_of(session, ref)
    if is_pod(ref):
        return pods[0]
    return newest_pod(ref, pods)


def newest_pod(ref: ObjectRef, pods: Sequence[Pod]) -> Pod:
    """Return the pod that `find_pod` takes. Raises RefusedError: none runs; with the reason of the newest one."""

    def order(pod: Pod) -> tuple[bool, datetime, str]:
        return pod.is_ready, pod.metadata.creation_timestamp or _EARLIEST, pod.name

    candidates = [pod for pod in pods if not pod.is_terminating and pod.status.phase == "Running"]
    if candidates:
        return max(candidates, key=order)
    title = printable(str(ref))
    if not pods:
        raise RefusedError(f"{title} has no pods", "")
    try:
        choose_container(max(pods, key=order))
    except ContainerDownError as down:
        raise down.within(f"no pod of {title} runs") from down
    except MissingPartError:
        pass
    states = ", ".join(printable(f"{pod.name} {pod.status.phase or 'unknown'}") for pod in pods[:5])
    raise RefusedError(f"no pod of {title} runs", f"its pods: {states}")


def choose_container(pod: Pod, name: str = "") -> PodContainer:
    """Return a container of a pod by name; "": its default one.

    Raises:
        MissingPartError: there is no such container.
        ContainerDownError: it does not run.
    """
    containers = containers_of(pod)
    title = printable(pod.name)
    chosen = next((each for each in containers if each.name == name or (not name and each.is_default)), None)
    if chosen is None:
        what = f"pod {title} has no container {printable(name)}" if name else f"pod {title} has no containers"
        raise MissingPartError(what, f"its containers: {list_containers(containers)}")
    check_runs(pod, chosen.name, ", ".join(printable(each.name) for each in containers if each.is_running))
    return chosen


@dataclass(frozen=True, slots=True)
class ChosenContainer:
    """The container that a command means, and what it was chosen from.

    Args:
        pods: how many the named object has; None: the pod itself was named.
        is_named: the container was named.
    """

    pod: Pod
    container: PodContainer
    pods: int | None = None
    is_named: bool = False

    def note(self, *, is_terminal: bool, names_pod: bool = True) -> str:
        """Return which pod and container are used where others were possible, "" where nothing has to be reported.

        Args:
            is_terminal: a person reads it, who did not name the pod: it is named though it is the only one.
            names_pod: False: the pod is named elsewhere.
        """
        parts = []
        if names_pod and self.pods is not None and (self.pods > 1 or is_terminal):
            parts.append(f"pod {printable(self.pod.name)}" + (f" of {self.pods:,}" if self.pods > 1 else ""))
        if not self.is_named and (default := defaulted_note(self.pod, self.container)):
            parts.append(default)
        return f"using {', '.join(parts)}" if parts else ""


async def find_container(session: ClusterSession, ref: ObjectRef, name: str = "") -> ChosenContainer:
    """Return a container of the pod that `find_pod` takes, by name; "": its default one.

    Raises:
        RefusedError: no pod runs, or the container does not.
        MissingPartError: there is no such container.
        KdashError: the object or its pods cannot be read.
    """
    pods = await pods_of(session, ref)
    pod = pods[0] if is_pod(ref) else newest_pod(ref, pods)
    return ChosenContainer(pod, choose_container(pod, name), None if is_pod(ref) else len(pods), bool(name))


def default_name(pod: Pod) -> str:
    """Return the name of the container that commands mean which name none; "" where the pod has none."""
    return next((each.name for each in containers_of(pod) if each.is_default), "")


def has_others(pod: Pod) -> bool:
    """Return whether a pod has several main or sidecar containers."""
    return len(_serving(pod)) > 1


def _serving(pod: Pod) -> list[PodContainer]:
    return [each for each in containers_of(pod) if each.role in ("", "sidecar")]


def defaulted_note(pod: Pod, chosen: PodContainer) -> str:
    """Return which of several containers was taken because none was named; "" where the pod's annotation names it."""
    if not has_others(pod) or pod.metadata.annotation(DEFAULT_CONTAINER):
        return ""
    return f"container {printable(chosen.name)} of {list_containers(_serving(pod))}; -c names another one"


def list_containers(containers: Sequence[PodContainer]) -> str:
    """Return containers as an error lists them: `app, proxy (sidecar), setup (init, Completed with 0)`."""

    def text(container: PodContainer) -> str:
        state = "" if container.is_running in (True, None) else container.state
        notes = ", ".join(filter(None, (container.role, state)))
        return printable(container.name) + (f" ({notes})" if notes else "")

    more = len(containers) - _LISTED
    return ", ".join(map(text, containers[:_LISTED])) + (f", {more} more" if more > 0 else "")


async def pods_of(session: ClusterSession, ref: ObjectRef) -> list[Pod]:
    """Return the pods of an object, sorted by name; of a pod, itself.

    Of a CronJob, those of all its jobs. Where the ReplicaSets of a Deployment may not be read, its selector decides.

    Raises:
        NotFoundError: there is no such object.
        RefusedError: its kind has no pods.
        KdashError: it, or its pods, cannot be read.
    """
    if is_pod(ref):
        return [_decode(POD, await session.connection.get(ref))]
    if ref.kind == "Node" and not ref.group:
        listed = await session.connection.list(POD.name, "", field_selector=f"spec.nodeName={ref.name}")
        return await _decode_all(POD, listed)
    raw = await session.connection.get(ref)
    selection = await _selection(session, ref, raw)
    listed = await session.connection.list(POD.name, ref.namespace, label_selector=selection.labels)
    pods = await _decode_all(POD, listed)
    if selection.names is not None:
        pods = [pod for pod in pods if pod.name in selection.names]
    if selection.owners is not None:
        pods = [pod for pod in pods if pod.owner_uid in selection.owners]
    return sorted(pods, key=lambda pod: pod.name)


@dataclass(frozen=True, slots=True)
class _Selection:
    """How pods are found: by their labels, and by the uids of their owners or their names where these are known."""

    labels: str
    owners: frozenset[str] | None = None
    names: frozenset[str] | None = None


async def _selection(session: ClusterSession, ref: ObjectRef, raw: dict[str, Any]) -> _Selection:
    uid = frozenset({str((raw.get("metadata") or {}).get("uid") or "")})
    kind = ref.kind if not ref.group else ""
    if kind == "Service":
        return await _selection_of_service(session, _decode(KINDS["Service"], raw))
    if kind == "CronJob":
        return _Selection(_JOB_PODS, await _owned(session, JOB, ref.namespace, "", uid))
    selector = (raw.get("spec") or {}).get("selector")
    if kind == "ReplicationController":  # a plain map, as that of a Service
        return _Selection(str(_selector({"matchLabels": selector or {}}, kind)), uid)
    if kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"):
        labels = str(_selector(selector or {}, kind))
        if kind != "Deployment":
            return _Selection(labels, uid)
        try:
            return _Selection(labels, await _owned(session, REPLICA_SET, ref.namespace, labels, uid))
        except ForbiddenError:
            return _Selection(labels)
    labels = await _scale_selector(session, ref) if ref.group else ""
    if not labels:
        able = "a pod, a workload, a Job or a Service"
        raise RefusedError(f"{with_article(printable(ref.qualified_kind))} has no pods", f"name {able}")
    return _Selection(labels)


async def _selection_of_service(session: ClusterSession, service: Service) -> _Selection:
    if service.spec.selector:
        return _Selection(str(LabelSelector(match_labels=dict(service.spec.selector))))
    slices = await session.connection.list(
        ENDPOINT_SLICE.name, service.namespace, label_selector=f"{SERVICE_NAME_LABEL}={service.name}"
    )
    keys = [key for raw in slices for key in _decode(ENDPOINT_SLICE, raw).pods]
    return _Selection("", names=frozenset(key.name for key in keys if key.namespace == service.namespace))


async def _owned(
    session: ClusterSession, kind: Kind[Any], namespace: str, labels: str, owners: frozenset[str]
) -> frozenset[str]:
    """Return the uids of what an object owns of a kind."""
    values = await _decode_all(kind, await session.connection.list(kind.name, namespace, label_selector=labels))
    return frozenset(value.uid for value in values if value.owner_uid in owners)


async def _scale_selector(session: ClusterSession, ref: ObjectRef) -> str:
    """Return the selector that a custom resource publishes in its scale (autoscaling/v1, `Scale.status.selector`)."""
    try:
        scale = await session.connection.get(ref, "scale")
    except (NotFoundError, ForbiddenError):
        return ""
    return str((scale.get("status") or {}).get("selector") or "")


async def _decode_all(kind: Kind[T], items: Iterable[dict[str, Any]]) -> list[T]:
    values, part = [], TimeSlice()
    for raw in items:
        values.append(_decode(kind, raw))
        await part.yield_if_over()
    return values


def _decode(kind: Kind[T], raw: Any) -> T:
    """Return an object's value. Raises ConnectionFailedError: its format is not that of the API."""
    try:
        return kind.decode(msgspec.json.encode(raw))
    except msgspec.DecodeError as error:
        raise ConnectionFailedError(f"unexpected format of a {kind.name}", "is this a Kubernetes API?") from error


def _selector(raw: Any, kind: str) -> LabelSelector:
    """Return a selector. Raises ConnectionFailedError: its format is not that of the API."""
    try:
        return msgspec.convert(raw, LabelSelector)
    except msgspec.ValidationError as error:
        raise ConnectionFailedError(
            f"unexpected format of the selector of a {kind}", "is this a Kubernetes API?"
        ) from error
