"""Wait until a container that was created for debugging runs, and name what keeps it from running.

The pod alone is read, with growing pauses, as a deletion is tracked: to watch pods may not be allowed. Invariant: it
ends when the container runs or has ended, when its failure has lasted, when the pod is gone, or after the timeout.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from k9py.api.causes import Cause
from k9py.api.errors import ConnectionFailedError, KdashError, NotFoundError, UnavailableError
from k9py.api.events import Event
from k9py.api.kinds import EVENT, POD
from k9py.api.meta import ObjectRef, find_condition
from k9py.api.pods import Container, ContainerStatus, Pod
from k9py.api.text import printable
from k9py.diagnosis.container_case import ContainerCase
from k9py.diagnosis.containers import container_cause
from k9py.diagnosis.pods import unready_causes
from k9py.operations.follow import FollowContext
from k9py.operations.track import TrackedEnd

LASTING_SECONDS: Final = 10.0
"""A failure that lasts this long is reported as the end; a second attempt to pull an image comes before."""
_FIRST_PAUSE: Final = 0.3
_LONGEST_PAUSE: Final = 2.0


async def wait_until_started(context: FollowContext, ref: ObjectRef, container: str) -> TrackedEnd:
    """Wait for a container of a pod; its end counts as started, because it has run.

    Raises:
        KdashError: the pod cannot be read.
    """
    began, pause, failing_since = context.clock.monotonic(), _FIRST_PAUSE, 0.0
    while True:
        seconds = context.clock.monotonic() - began
        text, cause = "the API server does not answer", None
        try:
            pod = POD.decode(msgspec.json.encode(await context.reader.get(ref)))
        except NotFoundError:
            return TrackedEnd("gone", f"pod {printable(ref.name)} is gone", seconds=seconds)
        except (ConnectionFailedError, UnavailableError):
            if seconds >= context.timeout:
                raise
        else:
            if (end := _end(pod, container, seconds)) is not None:
                return end
            events = await _events(context, ref)
            cause = _cause(pod, container, context, events)
            text = cause.message if cause is not None else _progress(pod, container, events)
        if cause is None or not cause.is_blocking:
            failing_since = context.clock.monotonic()
        elif context.clock.monotonic() - failing_since >= LASTING_SECONDS:
            remedy = f"; {cause.remedy}" if cause.remedy else ""
            return TrackedEnd("stalled", f"{cause.message}{remedy}", seconds=seconds)
        context.report(text)
        if context.stops():
            return TrackedEnd("not-followed", f"stopped: {text}", seconds=seconds)
        if seconds >= context.timeout:
            late = f"{printable(container)} does not run after {context.timeout:.0f} s: {text}"
            return TrackedEnd("stalled", late, seconds=seconds, is_timeout=True)
        await context.clock.sleep(pause)
        pause = min(1.5 * pause, _LONGEST_PAUSE)


def status_of(pod: Pod, container: str) -> ContainerStatus | None:
    """Return the status of a container of any sort, None while the kubelet has reported none."""
    return next((status for status in pod.statuses() if status.name == container), None)


def _end(pod: Pod, container: str, seconds: float) -> TrackedEnd | None:
    """Return that the container has run, or never will; None while it may."""
    status, name = status_of(pod, container), printable(container)
    state = None if status is None else status.state
    if state is not None and state.running is not None:
        return TrackedEnd("converged", f"{name} has started", seconds=seconds, is_expected=True)
    if state is not None and state.terminated is not None:
        code = state.terminated.exit_code
        return TrackedEnd("converged", f"{name} has ended with exit code {code}", seconds=seconds, is_expected=True)
    if pod.is_terminating:
        return TrackedEnd("gone", f"pod {printable(pod.name)} is being deleted", seconds=seconds)
    if pod.status.phase in ("Failed", "Succeeded"):
        why = printable(pod.status.message or pod.status.reason)
        text = f"{name} was not started: the pod has {pod.status.phase.lower()}"
        return TrackedEnd("stalled", f"{text}: {why}" if why else text, seconds=seconds)
    return None


def _cause(pod: Pod, container: str, context: FollowContext, events: tuple[Event, ...]) -> Cause | None:
    """Return what keeps the container from running, None when it starts normally."""
    now, status = context.clock.now(), status_of(pod, container)
    if status is not None:
        spec = Container(name=container, image=status.image)
        label = f"container {printable(container)}"
        return container_cause(ContainerCase(pod, status, spec, label, is_init=False, now=now, events=events))
    if container in {each.name for each in pod.spec.ephemeral_containers or ()}:
        return None
    return next(iter(unready_causes(pod, now, events)), None)


def _progress(pod: Pod, container: str, events: Iterable[Event]) -> str:
    """Return what is being waited for: scheduling, the kubelet, the image."""
    if not pod.spec.node_name:
        condition = find_condition(pod.status.conditions, "PodScheduled")
        why = printable(condition.message) if condition is not None else ""
        return f"waits for a node: {why}" if why else "waits for a node"
    about = f"{{{container}}}"
    newest = [event for event in events if event.involved_object.field_path.endswith(about)]
    if newest and newest[-1].reason == "Pulling":
        return f"pulling the image on node {printable(pod.spec.node_name)}"
    if newest:
        return printable(newest[-1].message) or "starting"
    if status_of(pod, container) is None:
        return f"waits for the kubelet of node {printable(pod.spec.node_name)}"
    return "starting"


async def _events(context: FollowContext, ref: ObjectRef) -> tuple[Event, ...]:
    """Return the events about a pod, oldest first; () when they cannot be read."""
    selector = f"involvedObject.kind=Pod,involvedObject.name={ref.name}"
    try:
        items: list[Mapping[str, Any]] = [*await context.reader.list("Event", ref.namespace, field_selector=selector)]
        events = [EVENT.decode(msgspec.json.encode(item)) for item in items]
    except (KdashError, msgspec.MsgspecError):
        return ()
    return tuple(sorted(events, key=lambda event: event.last_seen.timestamp() if event.last_seen else 0.0))
