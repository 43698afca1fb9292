"""Random faults for a followed log, for minutes: `python -m tests.bench.log_gaps [SECONDS] [SEED]` (60 s, seed 0).

Numbered containers of a Deployment and a StatefulSet are followed over real HTTP under seeded releases, restarts,
crashes, rotation, cut and half-open streams, errors, a lost server, unreachable nodes and wrong clocks; the cluster's
time runs as fast as the machine allows. Every few minutes of cluster time the faults end, all lines are awaited and
checked: no line twice, none out of order within its container, none missing outside a gap marker. Prints the totals;
on a violation exits with 1 and prints it with the seed and the faults that led to it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.simulator.clock import ManualClock
from k9py.simulator.controllers.node_lifecycle import lose_node, restore_node
from k9py.simulator.faults import Cut, Hang, Refuse, Silence
from k9py.simulator.kubelet.behaviours import ANNOTATION as BEHAVIOUR
from k9py.simulator.kubelet.kubelet import RESTART_ANNOTATION
from k9py.simulator.kubelet_access import SKEW_ANNOTATION
from k9py.simulator.log_generators.log_source import ROTATE_ANNOTATION
from k9py.simulator.registry.resources import NODES, PODS
from k9py.simulator.server import LOG_REQUESTS, Simulator
from k9py.simulator.state import SimulatorState
from tests.integration.log_following import NAMESPACE, Follower, following, pods, roll_out, workload

ROUND: Final = 150.0
"""Seconds of cluster time between two checks."""
APP: Final = "orders"
ROTATES_AFTER: Final = 6.0
"""Minimum seconds between rotations: kubelets check sizes every ten seconds, and a tail takes the beginning of a run
younger than `read_coverage.ROTATES` as complete. Faster rotation loses lines without a marker."""
MOST_SAID: Final = 120
"""Lines printed per failure."""


class FaultInjector:
    """Injects seeded faults."""

    def __init__(self, simulator: Simulator, kind: str, rng: random.Random) -> None:
        self._simulator = simulator
        self._kind = kind
        self._rng = rng
        self._lost: list[str] = []
        self._wishes = 0
        self._releases = 0
        self._listening = True
        self.log: list[str] = []
        self.counts: Counter[str] = Counter()
        self._possible: tuple[Callable[[], None], ...] = (
            self._cut_all, self._cut_all, self._half_open, self._restart_one, self._restart_one, self._restart_all,
            self._release, self._delete_one, self._refuse, self._cut_lines, self._silence, self._hang,
            self._lose_server, self._lose_node, self._restore_nodes, self._clear, self._clear, self._force_away,
        )  # fmt: skip

    def inject(self) -> None:
        """Inject one fault."""
        what = self._rng.choice(self._possible)
        name = what.__name__.removeprefix("_").replace("_", " ")
        self.log.append(f"{self._simulator.clock.monotonic():.1f} {name}")
        self.counts[name] += 1
        what()

    def recover(self) -> None:
        """Remove all faults."""
        if not self._listening:
            self._lose_server()
        self._restore_nodes()
        self._simulator.clear_faults()

    def _cut_all(self) -> None:
        self._simulator.break_logs()

    def _half_open(self) -> None:
        self._simulator.break_logs(silently=True)

    def _refuse(self) -> None:
        code, wait = self._rng.choice(((503, None), (429, 2), (500, None), (401, None)))
        self._simulator.inject(Refuse(code, retry_after=wait), LOG_REQUESTS, times=self._rng.randint(1, 12))

    def _cut_lines(self) -> None:
        self._simulator.inject(Cut(self._rng.randint(1, 3000)), LOG_REQUESTS, times=self._rng.randint(1, 6))

    def _silence(self) -> None:
        self._simulator.inject(Silence(self._rng.randint(0, 2000)), LOG_REQUESTS, times=self._rng.randint(1, 3))

    def _hang(self) -> None:
        self._simulator.inject(Hang(), LOG_REQUESTS, times=1)

    def _clear(self) -> None:
        self._simulator.clear_faults()

    def _lose_server(self) -> None:
        """Stop the server, or start it again."""
        if self._listening:
            self._simulator.stop_listening()
        else:
            self._simulator.listen_again()
        self._listening = not self._listening

    def _restart_one(self) -> None:
        self._restart(lambda candidates: self._rng.sample(candidates, min(1, len(candidates))))

    def _restart_all(self) -> None:
        self._restart(lambda candidates: candidates)

    def _restart(self, choose: Callable[[list[dict[str, object]]], list[dict[str, object]]]) -> None:
        self._wishes += 1

        def change(state: SimulatorState) -> None:
            for pod in choose(pods(state, APP)):
                metadata = dict(pod["metadata"])  # type: ignore[call-overload]
                metadata["annotations"] = {**metadata["annotations"], RESTART_ANNOTATION: f"app {self._wishes}"}
                state.storage.update(PODS, {**pod, "metadata": metadata})

        self._simulator.call(change)

    def _release(self) -> None:
        self._releases += 1
        self._simulator.call(roll_out, self._kind, APP, f"1.{self._releases}.0")

    def _delete_one(self) -> None:
        def delete(state: SimulatorState) -> None:
            if candidates := pods(state, APP):
                state.storage.delete(PODS, NAMESPACE, self._rng.choice(candidates)["metadata"]["name"])

        self._simulator.call(delete)

    def _force_away(self) -> None:
        """Remove a pod from the API immediately, as a forced deletion does."""

        def remove(state: SimulatorState) -> None:
            if candidates := pods(state, APP):
                state.storage.remove(PODS, NAMESPACE, self._rng.choice(candidates)["metadata"]["name"])

        self._simulator.call(remove)

    def _lose_node(self) -> None:
        if self._lost:
            return
        name = self._rng.choice(self._simulator.call(lambda state: state.storage.list(NODES)))["metadata"]["name"]
        self._lost.append(name)
        self._simulator.call(lose_node, name)

    def _restore_nodes(self) -> None:
        for name in self._lost:
            self._simulator.call(restore_node, name)
        self._lost.clear()


async def _round(seed: int, folder: Path) -> tuple[Follower, FaultInjector]:
    """Run one cluster through one round of faults and check the result."""
    rng = random.Random(seed)
    kind = rng.choice(("Deployment", "StatefulSet"))
    annotations = {}
    if rng.random() < 0.4:
        annotations[ROTATE_ANNOTATION] = str(rng.randint(20, 400))
    if rng.random() < 0.3:
        annotations[BEHAVIOUR] = f"complete:{rng.randint(3, 40)}"
    with Simulator("bare", clock=ManualClock(), seed=seed) as simulator:
        simulator.call(_skew, rng)
        replicas, rate = rng.randint(1, 9), rng.choice((0.5, 2, 7, 30))
        if ROTATE_ANNOTATION in annotations:
            lines = max(int(annotations[ROTATE_ANNOTATION]), round(rate * ROTATES_AFTER))
            annotations[ROTATE_ANNOTATION] = str(lines)
        subject: ObjectRef = workload(simulator, kind, APP, replicas=replicas, rate=rate, annotations=annotations)
        simulator.advance(rng.choice((1, 30)))
        injector = FaultInjector(simulator, kind, rng)
        injector.log.append(f"{kind} of {replicas}, {rate} lines/s, {annotations}")
        streams, pending = rng.choice((60, 60, 4)), rng.choice((50_000, 50_000, 200))
        injector.log.append(f"max_streams={streams} max_pending={pending}")
        async with following(simulator, folder, subject, max_streams=streams, max_pending=pending) as follower:
            try:
                end = simulator.clock.monotonic() + ROUND
                while simulator.clock.monotonic() < end:
                    await follower.run(rng.choice((0.5, 2, 8, 20)))
                    injector.inject()
                injector.recover()
                await follower.run(20)
                await follower.prove()
            except AssertionError as error:
                raise AssertionError("\n".join(["faults:", *injector.log, str(error)])) from error
            return follower, injector


def _skew(state: SimulatorState, rng: random.Random) -> None:
    for node in state.storage.list(NODES):
        metadata = {**node["metadata"], "annotations": {SKEW_ANNOTATION: str(rng.choice((0, 0, -3.5, 6)))}}
        state.storage.update(NODES, {**node, "metadata": metadata})


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # it logs every connection that was cut on purpose
    began, rounds, lines, late, wrongly = time.monotonic(), 0, 0, 0, 0
    faults: Counter[str] = Counter()
    markers: Counter[str] = Counter()
    failed = 0
    while time.monotonic() - began < seconds:
        with tempfile.TemporaryDirectory() as folder:
            try:
                follower, injector = asyncio.run(_round(seed, Path(folder)))
            except* AssertionError as group:
                failed += 1
                print(f"seed {seed}: FAILED")
                for error in _leaves(group):
                    print("\n".join(str(error).splitlines()[:MOST_SAID]))
            else:
                lines, late = lines + follower.ledger.lines, late + follower.ledger.late
                wrongly += follower.ledger.misattributed
                faults += injector.counts
                markers.update(marker.partition(" ")[0].rstrip(":") for marker in follower.ledger.markers)
        rounds, seed = rounds + 1, seed + 1
    print(
        f"rounds: {rounds} (seeds up to {seed - 1}), failed: {failed}; in the others {lines:,} lines, {late:,} late, "
        f"{wrongly:,} attributed to the previous pod of that name"
    )
    print("  faults:  " + ", ".join(f"{count} x {name}" for name, count in faults.most_common()))
    print("  markers: " + ", ".join(f"{count} {name}" for name, count in markers.most_common()))
    sys.exit(bool(failed))


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]


if __name__ == "__main__":
    main()
