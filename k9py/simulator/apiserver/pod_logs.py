"""GET pods/log: which lines of which run of which container, and until when.

Invariant: errors are worded as the API server's and the kubelet's. The lines come from `state.log_source`.
"""

import bisect
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.apiserver.reads import existing_object
from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.apiserver.responses import ApiResponse
from k9py.simulator.clock import parse_timestamp
from k9py.simulator.kubelet_access import clock_skew, is_reachable, kubelet_address
from k9py.simulator.registry.cache import Object
from k9py.simulator.state import ContainerLogLine, ContainerLogRun, SimulatorState
from k9py.simulator.status_errors import StatusCause

_PIECE_LINES = 200


def pod_log(state: SimulatorState, request: IncomingRequest) -> ApiResponse:
    """Answer a GET of a pod's log.

    Raises:
        StatusError: 404; 422 for invalid options; 400 for a container without logs.
    """
    pod = existing_object(state, request)
    name, node = request.info.name, str((pod.get("spec") or {}).get("nodeName", ""))
    tail, limit = request.whole_number("tailLines"), request.whole_number("limitBytes")
    since = _since(state, request, name, node)
    causes = []
    if tail is not None and tail < 0:
        causes.append(
            StatusCause("FieldValueInvalid", f"Invalid value: {tail}: must be greater than or equal to 0", "tailLines")
        )
    if limit is not None and limit < 1:
        causes.append(StatusCause("FieldValueInvalid", f"Invalid value: {limit}: must be greater than 0", "limitBytes"))
    if causes:
        raise status_errors.invalid("", "PodLogOptions", name, causes)
    container = _container(pod, request.query.get("container", ""))
    if not node:
        raise status_errors.bad_request(f"pod {name} does not have a host assigned")
    if not is_reachable(state.storage, node):
        raise status_errors.no_kubelet(
            kubelet_address(state.storage, node), f"{pod['metadata']['namespace']}/{name}/{container}"
        )
    run = _find_run(state, pod, container, previous=request.flag("previous"))
    lines = _stream_lines(
        run, since, tail, follow=request.flag("follow"), timestamps=request.flag("timestamps"), limit=limit
    )
    return ApiResponse(body=lines, content_type="text/plain")


def _since(state: SimulatorState, request: IncomingRequest, name: str, node: str) -> datetime | None:
    """Return the start time of the requested lines, by the node's clock, in whole seconds as the kubelet gets it."""
    seconds, moment = request.whole_number("sinceSeconds"), request.query.get("sinceTime", "")
    if seconds is not None and moment:
        why = "Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified"
        raise status_errors.invalid("", "PodLogOptions", name, [StatusCause("FieldValueForbidden", why, "")])
    if seconds is not None:
        if seconds < 1:
            why = f"Invalid value: {seconds}: must be greater than 0"
            raise status_errors.invalid(
                "", "PodLogOptions", name, [StatusCause("FieldValueInvalid", why, "sinceSeconds")]
            )
        return state.clock.now() + clock_skew(state.storage, node) - timedelta(seconds=seconds)
    if not moment:
        return None
    try:
        return parse_timestamp(moment).replace(microsecond=0)
    except ValueError:
        raise status_errors.bad_request(
            f'parsing time "{moment}" as "2006-01-02T15:04:05Z07:00": cannot parse'
        ) from None


def _names(pod: Object, field: str) -> list[str]:
    return [container["name"] for container in (pod.get("spec") or {}).get(field) or ()]


def _container(pod: Object, requested: str) -> str:
    """Return the container to read; the only one if none is named."""
    name = pod["metadata"]["name"]
    containers, init = _names(pod, "containers"), _names(pod, "initContainers")
    ephemeral = _names(pod, "ephemeralContainers")
    if requested:
        if requested not in (*containers, *init, *ephemeral):
            raise status_errors.bad_request(f"container {requested} is not valid for pod {name}")
        return requested
    if len(containers) == 1:
        return containers[0]
    choices = f"choose one of: [{' '.join(containers)}]"
    if init:
        choices += f" or one of the init containers: [{' '.join(init)}]"
    raise status_errors.bad_request(f"a container name must be specified for pod {name}, {choices}")


def _find_run(state: SimulatorState, pod: Object, container: str, *, previous: bool) -> ContainerLogRun:
    """Return the run to read, chosen from the container's status as the kubelet does."""
    name, source = pod["metadata"]["name"], state.log_source
    status = _container_status(pod, container)
    waiting_to_start = f'container "{container}" in pod "{name}" is waiting to start'
    if status is None:
        raise status_errors.bad_request(f"{waiting_to_start}: ContainerCreating")
    current, last = status.get("state") or {}, (status.get("lastState") or {}).get("terminated")
    if previous:
        run = source.open(pod, container, previous=True) if last is not None else None
        if run is None:
            raise status_errors.bad_request(f'previous terminated container "{container}" in pod "{name}" not found')
        return run
    run = None
    if current.get("running") is not None or current.get("terminated") is not None:
        run = source.open(pod, container, previous=False)
        return run if run is not None else _EmptyLog()
    if last is not None:  # waits to be restarted: the log of the last run is served
        run = source.open(pod, container, previous=True)
        return run if run is not None else _EmptyLog()
    reason = (current.get("waiting") or {}).get("reason") or "ContainerCreating"
    message = {
        "ImagePullBackOff": "trying and failing to pull image",
        "ErrImagePull": "image can't be pulled",
    }.get(reason, reason)
    raise status_errors.bad_request(f"{waiting_to_start}: {message}")


class _EmptyLog:
    """The log of a container that never wrote a line."""

    def read(self, after: int = -1) -> Sequence[ContainerLogLine]:
        return ()

    async def wait_for_more(self, after: int) -> bool:
        return False


def _container_status(pod: Object, container: str) -> dict[str, Any] | None:
    status = pod.get("status") or {}
    for field in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"):
        for entry in status.get(field) or ():
            if entry["name"] == container:
                match: dict[str, Any] = entry
                return match
    return None


async def _stream_lines(
    run: ContainerLogRun, since: datetime | None, tail: int | None, *, follow: bool, timestamps: bool, limit: int | None
) -> AsyncIterator[bytes]:
    yield b""
    left = limit
    last = -1
    held: Sequence[ContainerLogLine] = run.read()
    if held:
        last = held[-1].sequence
    held = _lines_since(held, since)
    if tail is not None:
        held = held[-tail:] if tail else ()
    while True:
        for at in range(0, len(held), _PIECE_LINES):
            piece = b"".join(_encoded(line, timestamps=timestamps) for line in held[at : at + _PIECE_LINES])
            if left is not None:
                piece = piece[:left]
                left -= len(piece)
            yield piece
            if left == 0:
                return
        if not follow or not await run.wait_for_more(last):
            return
        held = run.read(last)
        if held:
            last = held[-1].sequence
        held = _lines_since(held, since)


def _lines_since(lines: Sequence[ContainerLogLine], since: datetime | None) -> Sequence[ContainerLogLine]:
    """Return the lines from a time on; lines are sorted by time and generated on access."""
    if since is None:
        return lines
    return lines[bisect.bisect_left(lines, since, key=lambda line: line.timestamp) :]


def _encoded(line: ContainerLogLine, *, timestamps: bool) -> bytes:
    text = line.text.encode("utf-8", "surrogateescape") + b"\n"
    if not timestamps:
        return text
    moment = line.timestamp.astimezone(UTC).isoformat(timespec="microseconds")
    return f"{moment[:26]}000Z ".encode() + text
