"""What the parts of the simulated cluster share: storage, time, chance and the source of log lines.

Invariant: everything here belongs to the simulator's thread and loop; other threads go through `Simulator.call`.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from k9py.simulator.clock import Clock
from k9py.simulator.storage import Storage


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line a container wrote.

    `sequence` counts from 0 within one run of the container. `text` has no newline; bytes that are not UTF-8 stand in
    it as surrogate escapes.
    """

    sequence: int
    timestamp: datetime
    text: str


class LogRun(Protocol):
    """The log of one run of one container (a restart begins another run)."""

    def read(self, after: int = -1) -> Sequence[LogLine]:
        """Return the lines written so far and still held, with a sequence above `after`, oldest first."""
        ...

    async def more(self, after: int) -> bool:
        """Wait until a line with a sequence above `after` is there; False when this run is over and none will come."""
        ...


class LogSource(Protocol):
    """Where `pods/log` gets its lines; the kubelet's part."""

    def open(self, pod: dict[str, Any], container: str, *, previous: bool = False) -> LogRun | None:
        """Return the log of the container's present (or previous) run; None where there is no such run."""
        ...


class NoLogs:
    """A log source of a cluster whose containers never wrote a line."""

    def open(self, pod: dict[str, Any], container: str, *, previous: bool = False) -> LogRun | None:
        return None


@dataclass(slots=True)
class ClusterState:
    """One simulated cluster. `log_source` is replaced by the nodes when they start."""

    storage: Storage
    clock: Clock
    rng: random.Random
    log_source: LogSource = field(default_factory=NoLogs)
