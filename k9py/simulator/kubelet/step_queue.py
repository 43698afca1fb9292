"""The queue of a kubelet's next steps, sorted by due time.

Invariant: memory is used only for pods that are changing: one heap entry per scheduled step, no task per pod.
"""

import asyncio
import heapq
import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from k9py.simulator.clock import SimulationClock
from k9py.simulator.controllers.owner_references import key_of
from k9py.simulator.controllers.work_queue import Key, wait_for_wake

Object = dict[str, Any]

StepName = Literal[
    "admit", "pull", "pull-back-off", "start", "ready", "probe", "exit", "crash-back-off", "kill", "restart", "attach"
]

_LOG = logging.getLogger(__name__)
_SLACK = 1e-6  # seconds; tolerance for rounding errors in sums of floats


@dataclass(frozen=True, slots=True)
class PodStep:
    """The next step of a container (or, with an empty name, of the pod)."""

    key: Key
    uid: str
    container: str
    step: StepName


class StepQueue:
    """Runs steps when they are due, one at a time."""

    def __init__(self, clock: SimulationClock, run_step: Callable[[PodStep], None]) -> None:
        self._clock = clock
        self._run_step = run_step
        self._heap: list[tuple[float, int, PodStep]] = []
        self._order = itertools.count()
        self._wake = asyncio.Event()

    def add(self, pod: Object, container: str, name: StepName, seconds: float) -> None:
        """Schedule a step of a pod after a delay in seconds."""
        step = PodStep(key_of(pod), pod["metadata"]["uid"], container, name)
        heapq.heappush(self._heap, (self._clock.monotonic() + seconds, next(self._order), step))
        self._wake.set()

    async def run(self) -> None:
        """Run until cancelled. A step that fails is logged: one malformed pod must not stop all the others."""
        while True:
            if self._heap and self._heap[0][0] <= self._clock.monotonic() + _SLACK:
                step = heapq.heappop(self._heap)[2]
                try:
                    self._run_step(step)
                except Exception:  # noqa: BLE001
                    _LOG.exception("could not %s %s of pod %s", step.step, step.container, "/".join(step.key))
                await asyncio.sleep(0)
                continue
            self._wake.clear()
            seconds = self._heap[0][0] - self._clock.monotonic() if self._heap else None
            await wait_for_wake(self._clock, self._wake, seconds)
