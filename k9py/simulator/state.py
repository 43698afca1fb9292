"""The state that the components of the simulated cluster share: storage, clock, random generator, log source.

Invariant: it belongs to the simulator's thread and loop; other threads use `Simulator.call`.
"""

import random
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from k9py.simulator import status_errors
from k9py.simulator.admission import Webhook
from k9py.simulator.apiserver.recorded_reads import RecordedReads
from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.apiserver.responses import ApiResponse
from k9py.simulator.apiserver.served_apis import ServedApis
from k9py.simulator.clock import SimulationClock
from k9py.simulator.registry.storage import Storage
from k9py.simulator.streaming.spdy import TunnelRecord
from k9py.simulator.streaming.upgrade import StreamUpgrade


@dataclass(frozen=True, slots=True)
class ContainerLogLine:
    """One line a container wrote.

    `sequence` counts from 0 within one run of the container. `text` has no newline; bytes that are not UTF-8 are
    surrogate escapes.
    """

    sequence: int
    timestamp: datetime
    text: str


class ContainerLogRun(Protocol):
    """The log of one container run (a restart begins a new run)."""

    def read(self, after: int = -1) -> Sequence[ContainerLogLine]:
        """Return the lines held so far with a sequence above `after`, oldest first."""
        ...

    async def wait_for_more(self, after: int) -> bool:
        """Wait for a line with a sequence above `after`; return False when the run has ended without one."""
        ...


class ContainerLogSource(Protocol):
    """The source of the lines that `pods/log` serves."""

    def open(self, pod: dict[str, Any], container: str, *, previous: bool = False) -> ContainerLogRun | None:
        """Return the log of the container's current (or previous) run; None if there is no such run."""
        ...


class EmptyLogSource:
    """A log source without lines."""

    def open(self, pod: dict[str, Any], container: str, *, previous: bool = False) -> ContainerLogRun | None:
        return None


class StreamSource(Protocol):
    """What answers pods/exec, pods/attach and pods/portforward."""

    def open(self, request: IncomingRequest) -> StreamUpgrade | ApiResponse:
        """Answer an authorized request. Raises StatusError."""
        ...


class NoStreams:
    """A stream source of a cluster without containers."""

    def open(self, request: IncomingRequest) -> StreamUpgrade | ApiResponse:
        raise status_errors.no_such_resource()


class ContainerRunTimes:
    """Exact start and end times of the latest container runs: a pod's status has whole seconds only.

    By container id. For runs that are not here (seeded, or long ended) the status counts.
    """

    _KEPT = 20_000

    def __init__(self) -> None:
        self._started: OrderedDict[str, datetime] = OrderedDict()
        self._ended: OrderedDict[str, datetime] = OrderedDict()

    def record_start(self, container_id: str, at: datetime) -> None:
        _record(self._started, container_id, at, self._KEPT)

    def record_end(self, container_id: str, at: datetime) -> None:
        _record(self._ended, container_id, at, self._KEPT)

    def started_at(self, container_id: str) -> datetime | None:
        return self._started.get(container_id)

    def ended_at(self, container_id: str) -> datetime | None:
        return self._ended.get(container_id)

    def merge(self, past: "ContainerRunTimes") -> None:
        """Add the times of another cluster."""
        self._started.update(past._started)
        self._ended.update(past._ended)


def _record(moments: OrderedDict[str, datetime], container_id: str, at: datetime, kept: int) -> None:
    if container_id:
        moments.setdefault(container_id, at)
        if len(moments) > kept:
            moments.popitem(last=False)


@dataclass(slots=True)
class SimulatorState:
    """The state of one simulated cluster.

    `log_source` is replaced when the nodes start, `apis` by `served_apis.serve`. `recorded` is what a recording can
    answer, None: everything. `streams` answers exec, attach and portforward,
    `tunnels` is what the tunnels of portforward carried. `exit_container` is the kubelet's: it ends
    the run of a pod's container by name, with an exit code.
    """

    storage: Storage
    clock: SimulationClock
    rng: random.Random
    log_source: ContainerLogSource = field(default_factory=EmptyLogSource)
    container_runs: ContainerRunTimes = field(default_factory=ContainerRunTimes)
    webhooks: list[Webhook] = field(default_factory=list)
    apis: ServedApis = field(default_factory=ServedApis)
    recorded: RecordedReads | None = None
    streams: StreamSource = field(default_factory=NoStreams)
    tunnels: TunnelRecord = field(default_factory=TunnelRecord)
    exit_container: Callable[[dict[str, Any], str, int], None] = lambda _pod, _container, _code: None
