"""The containers of a pod as rows: what each runs, its state and last exit, probes, usage and resources.

Invariants: a row for every container of the spec, in the order in which they start: init containers and sidecars, main,
ephemeral. A container without a status is unknown, never running. `key_of` names a container in selections.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final, NamedTuple

from k9py.api.meta import ObjectRef
from k9py.api.metrics import Usage
from k9py.api.pods import Container, ContainerState, ContainerStatus, Pod, ResourceRequirements
from k9py.api.text import printable, shorten
from k9py.api.times import human_duration
from k9py.diagnosis.terminations import exit_text
from k9py.resources.cells import (
    MISSING,
    count_cell,
    live_column,
    muted_cell,
    numbered,
    text_cell,
    time_cell,
    time_column,
    usage_column,
)
from k9py.resources.pod_resources import CPU, MEMORY, container_usage_cells
from k9py.views.values import Cell, Column, Row, Tone

MAIN: Final = "main"
INIT: Final = "init"
SIDECAR: Final = "sidecar"
EPHEMERAL: Final = "ephemeral"

_STARTING: Final = frozenset({"", "ContainerCreating", "PodInitializing"})


class LastExit(NamedTuple):
    """The sort value of LAST EXIT: the latest first; `text` says how the container ended."""

    at: float
    text: str


def _last_exit_text(last: LastExit, now: datetime) -> str:
    return f"{last.text}, {human_duration(now.timestamp() + last.at)} ago" if last.at else last.text


COLUMNS: Final = numbered(
    Column("name", "NAME", min_width=10, max_width=40, sort_key="N"),
    Column("type", "TYPE", min_width=4, max_width=9, priority=4, sort_key="K"),
    Column("ready", "READY", min_width=3, max_width=5, priority=1, sort_key="R"),
    Column("state", "STATE", min_width=12, max_width=120, grow=True, sort_key="W"),
    Column(
        "restarts",
        "RESTARTS",
        align_right=True,
        min_width=3,
        max_width=8,
        priority=1,
        sort_key="C",
        descending_first=True,
    ),
    live_column(_last_exit_text, "last_exit", "LAST EXIT", min_width=8, max_width=48, priority=2, sort_key="E"),
    time_column("started", "STARTED", priority=3, sort_key="A"),
    Column("probes", "PROBES", min_width=3, max_width=6, priority=5, sort_key="B"),
    usage_column("cpu", "CPU", max_width=8, priority=3, sort_key="U"),
    usage_column("cpu_request", "%CPU/R", max_width=6, priority=8, wide=True, sort_key="X"),
    usage_column("cpu_limit", "%CPU/L", max_width=6, priority=6, sort_key="Y"),
    usage_column("memory", "MEM", max_width=8, priority=3, sort_key="M"),
    usage_column("memory_request", "%MEM/R", max_width=6, priority=8, wide=True),
    usage_column("memory_limit", "%MEM/L", max_width=6, priority=5, sort_key="L"),
    Column("cpu_bounds", "CPU R/L", align_right=True, min_width=5, max_width=16, priority=7),
    Column("memory_bounds", "MEM R/L", align_right=True, min_width=5, max_width=20, priority=7),
    Column("ports", "PORTS", min_width=5, max_width=40, priority=6, sort_key="V"),
    Column("mounts", "MOUNTS", align_right=True, min_width=3, max_width=6, priority=8, wide=True),
    Column("image", "IMAGE", min_width=12, max_width=120, priority=4, sort_key="I"),
)


def key_of(pod: ObjectRef, container: str) -> ObjectRef:
    """Return the key of a container's row: kind `Container`, name `POD/CONTAINER`."""
    return ObjectRef("Container", pod.namespace, f"{pod.name}/{container}")


def container_rows(pod: Pod, usage: Callable[[str], Usage | None], now: datetime) -> tuple[Row, ...]:
    """Return a row for each container of a pod.

    Args:
        usage: Returns what the container of a name uses, None if that is unknown.
    """
    statuses = {status.name: status for status in pod.statuses()}
    return tuple(
        _row(pod, container, type_, statuses.get(container.name), usage(container.name), place, now)
        for place, (container, type_) in enumerate(_containers(pod))
    )


def _containers(pod: Pod) -> Iterator[tuple[Container, str]]:
    for container in pod.spec.init_containers or ():
        yield container, SIDECAR if container.is_sidecar else INIT
    for container in pod.spec.containers or ():
        yield container, MAIN
    for container in pod.spec.ephemeral_containers or ():
        yield container, EPHEMERAL


def _row(
    pod: Pod,
    container: Container,
    type_: str,
    status: ContainerStatus | None,
    usage: Usage | None,
    place: int,
    now: datetime,
) -> Row:
    state = status.state if status is not None else None
    text, tone = _state(status, type_)
    running = state.running if state is not None else None
    is_running = running is not None
    restarts = status.restart_count if status is not None else None
    return Row(
        key=key_of(pod.key, container.name),
        cells=(
            Cell(printable(container.name), sort=(place, container.name)),
            Cell(type_, Tone.MUTED),
            _ready(status, type_, is_running=is_running),
            Cell(text, tone),
            MISSING if restarts is None else count_cell(restarts, Tone.WARN if restarts else Tone.MUTED),
            _last_exit(status, now),
            time_cell(running.started_at if running is not None else None, none="–"),
            _probes(container),
            *container_usage_cells(container, usage if is_running else None),
            *_bounds(container.resources),
            muted_cell(_ports(container), none="–"),
            count_cell(len(container.volume_mounts or ()), Tone.MUTED),
            muted_cell(container.image),
        ),
        tone=tone,
        rank=place,
        since=running.started_at if running is not None else None,
    )


def _state(status: ContainerStatus | None, type_: str) -> tuple[str, Tone]:
    """Return the state with reason and exit code, and the tone of the container."""
    state = status.state if status is not None else None
    if status is None or state is None or (state.running, state.waiting, state.terminated) == (None, None, None):
        return "not reported", Tone.UNKNOWN
    if state.running is not None:
        is_ready = status.ready or type_ in (INIT, EPHEMERAL)
        return "Running", Tone.OK if is_ready and type_ != INIT else Tone.BUSY if type_ == INIT else _unready(status)
    if state.terminated is not None:
        return _terminated(state, type_)
    waiting = state.waiting
    assert waiting is not None
    reason = printable(waiting.reason) or "Waiting"
    if waiting.reason in _STARTING:
        return reason, Tone.BUSY
    message = shorten(waiting.message)
    return (f"{reason}: {message}" if message else reason), Tone.FAIL


def _unready(status: ContainerStatus) -> Tone:
    """Return the tone of a running container that is not ready: busy until its startup probe succeeded."""
    return Tone.WARN if status.started else Tone.BUSY


def _terminated(state: ContainerState, type_: str) -> tuple[str, Tone]:
    ended = state.terminated
    assert ended is not None
    reason = printable(ended.reason) or "Terminated"
    text = reason if ended.exit_code == 0 else f"{reason} ({exit_text(ended)})"
    message = shorten(ended.message)
    if ended.exit_code == 0:
        return text, Tone.MUTED
    return (f"{text}: {message}" if message else text), Tone.WARN if type_ == EPHEMERAL else Tone.FAIL


def _ready(status: ContainerStatus | None, type_: str, *, is_running: bool) -> Cell:
    if status is None:
        return Cell("?", Tone.UNKNOWN)
    if type_ == EPHEMERAL:
        return MISSING
    is_wanted = is_running and type_ != INIT
    return Cell("true") if status.ready else Cell("false", Tone.WARN if is_wanted else Tone.MUTED)


def _last_exit(status: ContainerStatus | None, now: datetime) -> Cell:
    ended = status.last_state.terminated if status is not None and status.last_state is not None else None
    if ended is None:
        return Cell("–", Tone.MUTED)
    reason = printable(ended.reason)
    how = exit_text(ended)
    text = f"{reason} ({how})" if reason else how
    at = ended.finished_at
    last = LastExit(-at.timestamp() if at else 0.0, text)
    return Cell(_last_exit_text(last, now), Tone.MUTED if ended.exit_code == 0 else Tone.WARN, last)


def _probes(container: Container) -> Cell:
    """Return which probes it has: L(iveness), R(eadiness), S(tartup)."""
    probes = (("L", container.liveness_probe), ("R", container.readiness_probe), ("S", container.startup_probe))
    return muted_cell("".join(letter for letter, probe in probes if probe is not None), none="–")


def _bounds(resources: ResourceRequirements | None) -> tuple[Cell, Cell]:
    """Return request and limit of CPU and of memory: `100m/500m`, `64Mi/–`."""
    requests = (resources.requests if resources is not None else None) or {}
    limits = (resources.limits if resources is not None else None) or {}
    pairs = [(requests.get(resource), limits.get(resource)) for resource in (CPU, MEMORY)]
    cpu, memory = (
        text_cell("/".join(str("–" if each is None else each) for each in pair), Tone.MUTED) for pair in pairs
    )
    return cpu, memory


def _ports(container: Container) -> str:
    ports = container.ports or ()
    return ",".join(f"{port.name + ':' if port.name else ''}{port.container_port}/{port.protocol}" for port in ports)
