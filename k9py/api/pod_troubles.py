"""What keeps a pod from being ready, named from what the kubelet, the scheduler and events say.

Each check is one function from a pod (or one container of it) to troubles; `pod_troubles` runs them all. A pod that is
ready, ending, or has ended has none. Invariant: a check that cannot tell says nothing; it never guesses a cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.events import Event
from k9py.api.images import image_parts
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.meta import find_condition
from k9py.api.missing import missing_remedy
from k9py.api.pods import Container, ContainerStatus, Pod, StateRunning, StateTerminated
from k9py.api.text import printable

_PULL_REASONS: Final = frozenset(
    {"ImagePullBackOff", "ErrImagePull", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed"}
)
_CREATE_REASONS: Final = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError"})
_STARTING_REASONS: Final = frozenset({"", "ContainerCreating", "PodInitializing"})
"""Reasons of a container that is on its way."""
_FAILURE: Final = lazy_pattern(r"Err|Fail|BackOff|Cannot|Invalid|Denied|Exceed|Refuse|Missing")
"""Part of a reason that says that something went wrong, whatever it is."""
_START_FAILURES: Final = frozenset({"StartError", "ContainerCannotRun"})
_MOUNT_EVENTS: Final = frozenset({"FailedMount", "FailedAttachVolume", "FailedMapVolume", "FailedCreatePodSandBox"})
_SIGNALS: Final = {129: "SIGHUP", 130: "SIGINT", 134: "SIGABRT", 135: "SIGBUS", 137: "SIGKILL", 139: "SIGSEGV"}
_SIGNALS[143] = "SIGTERM"
_QUOTED: Final = lazy_pattern(r'"([^"\s]+)"')
_MISSING: Final = lazy_pattern(r'^(?P<what>configmap|secret) "(?P<name>[^"]+)" not found$')
_PROBE: Final = lazy_pattern(
    r"^(?P<probe>Readiness|Liveness|Startup) probe (?P<how>failed|errored): ?(?P<text>.*)$", re.S
)
_NO_HELP: Final = lazy_pattern(r"[.,]? (?:preemption:|no new claims to deallocate|still not schedulable)")
"""Where a scheduler's message goes on with what its PostFilter plugins say (scheduler/framework/preemption, DRA)."""
_CONTAINER_FIELD: Final = lazy_pattern(r"\{(?P<name>[^}]+)\}")

_JUST_RESTARTED: Final = timedelta(minutes=2)
"""A container that crashed and has run for less than this has not yet shown that it stays up."""
_WAS_READY_MARGIN: Final = timedelta(seconds=5)
"""Ready=False written this long after the container started means that it was ready in between."""
_EVENT_FRESH: Final = timedelta(minutes=15)
"""Older events about a state that repeats every few minutes tell of the past."""
_ENDING_MARGIN: Final = timedelta(seconds=30)
_DETAIL_LENGTH: Final = 400


def unready_causes(pod: Pod, now: datetime, events: Sequence[Event] = ()) -> tuple[Cause, ...]:
    """Return what keeps a pod from being ready, blocking troubles first, the cause before what follows from it.

    Args:
        events: about this pod (others are ignored); without them probes and mounts are named less well.
    """
    if pod.is_terminating or pod.is_ready or pod.status.phase in ("Succeeded", "Failed"):
        return ()
    about = [one for one in events if _is_about(one, pod) and _is_fresh(one, now)]
    found: dict[str, Cause] = {}
    for trouble in (
        *_scheduling(pod),
        *_node(pod),
        *_containers(pod, now, about),
        *_mounts(pod, about),
        *_gates(pod),
    ):
        found.setdefault(trouble.message, trouble)
    return tuple(sorted(found.values(), key=lambda one: not one.is_blocking))


def stuck_termination(pod: Pod, now: datetime) -> Cause | None:
    """Return why a pod that is being deleted does not end: its node says nothing; None while there is no such sign.

    Whoever waits for it (a StatefulSet, a DaemonSet) waits until the node is back or the pod is removed by force.
    """
    deleted = pod.metadata.deletion_timestamp
    if deleted is None or not pod.spec.node_name:
        return None
    for trouble in _node(pod):
        return trouble
    # The server sets deletionTimestamp to when the grace period ends; a finalizer is somebody else's doing.
    if now - deleted <= _ENDING_MARGIN or pod.metadata.finalizers:
        return None
    node = printable(pod.spec.node_name)
    message = f"node {node} does not confirm that pod {printable(pod.name)} ended"
    remedy = f"bring node {node} back, or kubectl delete pod {printable(pod.name)} --force"
    return Cause(CauseKind.NODE, "StuckTerminating", message, since=deleted, remedy=remedy)


def is_on_lost_node(pod: Pod) -> bool:
    """Tell whether its node does not report: what the pod's status says of its containers is of the past."""
    return any(True for _ in _node(pod))


def exit_text(ended: StateTerminated) -> str:
    """Return how a container ended: `exit 1`, `exit 137, SIGKILL`."""
    signal = _SIGNALS.get(ended.exit_code, f"signal {ended.signal}" if ended.signal else "")
    return f"exit {ended.exit_code}" + (f", {signal}" if signal else "")


def shorten(text: str) -> str:
    """Return a message of the cluster made printable and cut to what a line can hold."""
    clean = printable(text.strip()).rstrip(".")
    return clean if len(clean) <= _DETAIL_LENGTH else clean[: _DETAIL_LENGTH - 1].rstrip() + "…"


def _is_about(event: Event, pod: Pod) -> bool:
    ref = event.involved_object
    if ref.uid:
        return ref.uid == pod.uid
    return ref.kind == pod.KIND and ref.name == pod.name and ref.namespace == pod.namespace


def _is_fresh(event: Event, now: datetime) -> bool:
    seen = event.last_seen
    return seen is None or now - seen <= _EVENT_FRESH


def _scheduling(pod: Pod) -> Iterator[Cause]:
    scheduled = find_condition(pod.status.conditions, "PodScheduled")
    if scheduled is None or scheduled.status != "False":
        return
    since = scheduled.last_transition_time
    if scheduled.reason == "SchedulingGated":
        message = "pod is held back by a scheduling gate"
        yield Cause(CauseKind.UNSCHEDULABLE, scheduled.reason, message, since=since, is_blocking=False)
    elif scheduled.reason == "Unschedulable":
        # The scheduler appends what claims and preemption would not help either; the first part is the answer.
        words = shorten(_NO_HELP.split(scheduled.message, maxsplit=1)[0])
        message = f"pod cannot be scheduled: {words}" if words else "pod cannot be scheduled"
        remedy = "lower what its pods request, or add a node" if "Insufficient" in words else missing_remedy(words)
        yield Cause(CauseKind.UNSCHEDULABLE, scheduled.reason, message, since=since, remedy=remedy)
    elif scheduled.reason:
        words = shorten(f"{scheduled.reason}: {scheduled.message}" if scheduled.message else scheduled.reason)
        yield Cause(CauseKind.UNSCHEDULABLE, printable(scheduled.reason), f"pod is not scheduled: {words}", since=since)


def _node(pod: Pod) -> Iterator[Cause]:
    ready = find_condition(pod.status.conditions, "Ready")
    statuses = pod.status.container_statuses or ()
    if ready is None or not pod.spec.node_name or not statuses:
        return
    # When a node stops reporting, the node controller turns Ready off and leaves the kubelet's last word as it was.
    overruled = ready.status == "False" and not ready.reason and all(one.ready for one in statuses)
    if ready.status == "Unknown" or pod.status.reason == "NodeLost" or overruled:
        message = f"node {printable(pod.spec.node_name)} does not report"
        remedy = f"bring node {printable(pod.spec.node_name)} back, or kubectl delete pod {printable(pod.name)} --force"
        yield Cause(CauseKind.NODE, "NodeLost", message, since=ready.last_transition_time, remedy=remedy)


def _containers(pod: Pod, now: datetime, events: Sequence[Event]) -> Iterator[Cause]:
    specs = {one.name: one for one in (*(pod.spec.init_containers or ()), *(pod.spec.containers or ()))}
    init = pod.status.init_container_statuses or ()
    for status in (*init, *(pod.status.container_statuses or ())):
        spec = specs.get(status.name, Container(name=status.name, image=status.image))
        is_init = status in init and not spec.is_sidecar
        label = f"{'init container' if is_init else 'container'} {printable(status.name)}"
        state = status.state
        if state is not None and state.waiting is not None:
            yield from _waiting(pod, status, spec, label, events)
        elif state is not None and state.terminated is not None:
            if state.terminated.exit_code != 0:
                yield _ended(status, spec, label, state.terminated, events, pod)
        elif state is not None and state.running is not None and not status.ready and not is_init:
            yield _unready(pod, status, spec, label, state.running, now, events)


def _waiting(
    pod: Pod, status: ContainerStatus, spec: Container, label: str, events: Sequence[Event]
) -> Iterator[Cause]:
    waiting = status.state.waiting if status.state else None
    if waiting is None:
        return
    reason = waiting.reason
    if reason in _PULL_REASONS:
        image = _image_named(waiting.message, pod) or spec.image or status.image
        why = _pull_failure(waiting.message, *_messages(events, "Failed"))
        yield Cause(CauseKind.IMAGE, reason, _not_pulled(printable(image), why), status.name)
    elif reason == "InvalidImageName":
        message = f"image name {printable(spec.image or status.image)!r} of {label} is not valid"
        yield Cause(CauseKind.IMAGE, reason, message, status.name)
    elif reason == "ErrImageNeverPull":
        message = f"image {printable(spec.image or status.image)} is not on the node and may not be pulled"
        yield Cause(CauseKind.IMAGE, reason, message, status.name)
    elif reason in _CREATE_REASONS:
        message = _creation(label, waiting.message)
        yield Cause(CauseKind.CONFIG, reason, message, status.name, remedy=missing_remedy(waiting.message))
    elif reason == "CrashLoopBackOff":
        ended = status.last_state.terminated if status.last_state else None
        if ended is not None:
            yield _ended(status, spec, label, ended, events, pod)
        else:
            yield Cause(CauseKind.CRASH, reason, f"{label} keeps crashing", status.name)
    elif reason not in _STARTING_REASONS:
        # Kubelets come to say new things: whatever it is, it is named, in their own words.
        words = f": {shorten(waiting.message)}" if waiting.message.strip() else ""
        message = f"{label} does not start: {printable(reason)}{words}"
        fails = _FAILURE.search(reason) is not None
        since = pod.status.start_time
        yield Cause(CauseKind.CONFIG, printable(reason), message, status.name, since, is_blocking=fails)


def _image_named(message: str, pod: Pod) -> str:
    """Return the pod's image the kubelet's message is about: a sidecar's status may repeat another one's message."""
    images = {one.image for one in (*(pod.spec.init_containers or ()), *(pod.spec.containers or ()))}
    return next((one for one in _QUOTED.findall(message) if one in images), "")


def _not_pulled(image: str, why: str) -> str:
    """Name the image by its own name first: where it comes from is what may be cut off on a narrow screen."""
    place, name = image_parts(image)
    return f"image {name} cannot be pulled{f' ({why})' if why else ''}{f' from {place}' if place else ''}"


def _pull_failure(*messages: str) -> str:
    """Return in two or three words why a pull failed, "" when no message tells."""
    text = " ".join(messages).lower()
    for signs, words in (
        (("not found", "manifest unknown", "does not exist"), "not found"),
        (("unauthorized", "denied", "authentication required", "forbidden", "401"), "access denied"),
        (("toomanyrequests", "too many requests", "rate limit"), "rate limited by the registry"),
        (("no such host", "timeout", "refused", "unreachable", "deadline exceeded"), "registry not reachable"),
        (("x509", "certificate"), "registry's certificate is not trusted"),
        (("no match for platform", "exec format"), "no build for this node's platform"),
    ):
        if any(sign in text for sign in signs):
            return words
    return ""


def _creation(label: str, message: str) -> str:
    missing = _MISSING.match(message.strip())
    if missing:
        what = {"configmap": "config map", "secret": "secret"}[missing["what"]]
        return f"{what} {printable(missing['name'])} is missing, {label} needs it"
    words = shorten(message)
    return f"{label} cannot be created: {words}" if words else f"{label} cannot be created"


def _ended(
    status: ContainerStatus,
    spec: Container,
    label: str,
    ended: StateTerminated,
    events: Sequence[Event],
    pod: Pod,
) -> Cause:
    waiting = status.state.waiting.reason if status.state and status.state.waiting else ""
    since = _crashing_since(status, ended, events)
    if ended.reason == "OOMKilled":
        limit = (spec.resources.limits or {}).get("memory") if spec.resources else None
        where = f"its limit is {printable(str(limit))}" if limit is not None else "it has no limit, its node ran out"
        return Cause(CauseKind.OOM, "OOMKilled", f"{label} is out of memory ({where})", status.name, since)
    if ended.reason in _START_FAILURES:
        words = shorten(ended.message) or exit_text(ended)
        return Cause(CauseKind.CRASH, ended.reason, f"{label} cannot start: {words}", status.name, since)
    for probe, text in _probes(events, status.name):
        if probe in ("liveness", "startup"):
            message = f"{label} is killed by its {probe} probe: {text}"
            return Cause(CauseKind.PROBE, "Unhealthy", message, status.name, since)
    reason = waiting or ended.reason or "Error"
    if ended.exit_code == 0:
        return Cause(CauseKind.CRASH, reason, f"{label} ends by itself (exit 0), again and again", status.name, since)
    again = pod.spec.restart_policy != "Never" and (waiting or status.restart_count > 0)
    verb = "keeps crashing" if again else "failed"
    return Cause(CauseKind.CRASH, reason, f"{label} {verb} ({exit_text(ended)})", status.name, since)


def _crashing_since(status: ContainerStatus, ended: StateTerminated, events: Sequence[Event]) -> datetime | None:
    """Return when a container began to crash; its status has only the last time, which may be one of many."""
    is_running = status.state is not None and status.state.running is not None
    if status.restart_count + (not is_running) <= 1:
        return ended.finished_at
    backing_off = (
        one.first_seen
        for one in events
        if one.reason == "BackOff" and "restarting" in one.message and _is_of_container(one, status.name)
    )
    return min((one for one in backing_off if one is not None), default=None)


def _is_of_container(event: Event, container: str) -> bool:
    field = _CONTAINER_FIELD.search(event.involved_object.field_path)
    return field is None or field["name"] == container


def _unready(
    pod: Pod,
    status: ContainerStatus,
    spec: Container,
    label: str,
    running: StateRunning,
    now: datetime,
    events: Sequence[Event],
) -> Cause:
    started = running.started_at
    last = status.last_state.terminated if status.last_state else None
    if last is not None and last.exit_code != 0 and (started is None or now - started < _JUST_RESTARTED):
        return _ended(status, spec, label, last, events, pod)
    ready = find_condition(pod.status.conditions, "Ready")
    turned = ready.last_transition_time if ready else None
    lost = started is not None and turned is not None and turned - started > _WAS_READY_MARGIN
    since = turned if lost else started
    probes = list(_probes(events, status.name))
    if probes:
        # While a startup probe fails the others are not asked: it is the one to name.
        probe, text = sorted(probes, key=lambda one: ("startup", "liveness", "readiness").index(one[0]))[0]
        message = f"{probe} probe of {label} fails" + (f": {text}" if text else "")
        return Cause(CauseKind.PROBE, "Unhealthy", message, status.name, since, is_blocking=lost)
    words = f"{label} is not ready any more" if lost else f"{label} is not ready yet"
    return Cause(CauseKind.PROBE, "ContainersNotReady", words, status.name, since, is_blocking=lost)


def _probes(events: Iterable[Event], container: str) -> Iterator[tuple[str, str]]:
    """Yield (readiness|liveness|startup, what it said) of this container's failing probes."""
    for event in events:
        if event.reason != "Unhealthy":
            continue
        if not _is_of_container(event, container):
            continue
        match = _PROBE.match(event.message)
        if match:
            yield match["probe"].lower(), shorten(match["text"])


def _mounts(pod: Pod, events: Sequence[Event]) -> Iterator[Cause]:
    statuses = (*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ()))
    if any(one.state and (one.state.running or one.state.terminated) for one in statuses):
        return
    newest = sorted(
        (one for one in events if one.reason in _MOUNT_EVENTS),
        key=lambda one: (one.last_seen is not None, one.last_seen),
        reverse=True,
    )
    began = [at for one in newest if one.reason == newest[0].reason and (at := one.first_seen) is not None]
    for event in newest[:1]:
        what = (
            "pod's network cannot be set up" if event.reason == "FailedCreatePodSandBox" else "volume cannot be mounted"
        )
        message = f"{what}: {shorten(event.message)}"
        yield Cause(
            CauseKind.MOUNT,
            event.reason,
            message,
            since=min(began, default=None),
            remedy=missing_remedy(event.message),
        )


def _gates(pod: Pod) -> Iterator[Cause]:
    """All containers are ready, and something outside (a load balancer's controller) has not said yes."""
    ready = find_condition(pod.status.conditions, "Ready")
    if ready is not None and ready.status == "False" and ready.reason == "ReadinessGatesNotReady":
        message = f"readiness gate is not met: {shorten(ready.message)}"
        yield Cause(CauseKind.PROBE, ready.reason, message, since=ready.last_transition_time, is_blocking=False)


def _messages(events: Iterable[Event], reason: str) -> Iterator[str]:
    return (one.message for one in events if one.reason == reason)
