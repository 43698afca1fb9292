"""A simulated cluster in a separate process: `python -m tests.bench.cluster_process SCENARIO KUBECONFIG`.

It reads commands from standard input, one per line, and answers each with a line of JSON:
- `touch RATE [NAMESPACE]` changes the status of RATE random pods per second (0 stops);
- `logs RATE DEPLOYMENT NAMESPACE` makes each pod of a Deployment write RATE lines per second;
- `writers NAME PODS RATE GENERATOR` creates a Deployment in `shop` whose pods write RATE lines per second each, and
  answers when all pods are ready;
- `usage` returns CPU seconds and resident megabytes.
`ClusterProcess` is the client.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.log_generators.scripts import GENERATOR_ANNOTATION, RATE_ANNOTATION
from k9py.simulator.registry.resources import DEPLOYMENTS, PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState

BURSTS_A_SECOND = 20


class ClusterProcess:
    """Starts the process, waits until it serves, and ends it with the `with` block."""

    def __init__(self, scenario: str) -> None:
        self.scenario = scenario
        self._directory = tempfile.TemporaryDirectory(prefix="kdash-bench-")
        self.kubeconfig = Path(self._directory.name) / "config"
        self.kubectl_config = Path(f"{self.kubeconfig}-kubectl")
        self.started: dict[str, float] = {}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.cluster_process", self.scenario, str(self.kubeconfig)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.started = self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate()
        self._directory.cleanup()

    def ask(self, *arguments: object) -> dict[str, float]:
        """Send a command and return its answer."""
        assert self._process.stdin is not None
        print(*arguments, file=self._process.stdin, flush=True)
        return self._answer()

    def _answer(self) -> dict[str, float]:
        assert self._process.stdout is not None
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        return answer


class _Toucher:
    """Changes pod statuses at a constant rate, on the cluster's loop."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def start(self, state: SimulatorState, rate: int, namespace: str) -> None:
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if rate:
            self._task = asyncio.get_running_loop().create_task(self._touch(state, rate, namespace))

    async def _touch(self, state: SimulatorState, rate: int, namespace: str) -> None:
        rng = random.Random(1)
        pods = [(pod["metadata"]["namespace"], pod["metadata"]["name"]) for pod in state.storage.list(PODS)]
        if namespace:
            pods = [pod for pod in pods if pod[0] == namespace]
        due, began = 0.0, time.monotonic()
        while True:
            await asyncio.sleep(1 / BURSTS_A_SECOND)
            wanted = (time.monotonic() - began) * rate
            while due < wanted:
                due += 1
                _touch_pod(state, *rng.choice(pods), rng)


def _touch_pod(state: SimulatorState, namespace: str, name: str, rng: random.Random) -> None:
    """Change the restart count of its first container: visible in its row, without effect on its health."""
    pod = state.storage.get(PODS, namespace, name)
    if pod is None or not pod.get("status", {}).get("containerStatuses"):
        return
    first, *others = pod["status"]["containerStatuses"]
    restarted = {**first, "restartCount": rng.randrange(1000)}
    status = {**pod["status"], "containerStatuses": [restarted, *others]}
    state.storage.update(PODS, {**pod, "status": status}, status_only=True)


def _write_logs(state: SimulatorState, rate: float, name: str, namespace: str) -> None:
    """Let the pods of a Deployment write faster."""
    for pod in state.storage.list(PODS, namespace):
        if pod["metadata"].get("labels", {}).get("app") == name:
            annotations = {**(pod["metadata"].get("annotations") or {}), RATE_ANNOTATION: str(rate)}
            state.storage.update(PODS, {**pod, "metadata": {**pod["metadata"], "annotations": annotations}})
    assert state.storage.get(DEPLOYMENTS, namespace, name) is not None


def _make_writers(state: SimulatorState, name: str, count: int, rate: float, voice: str) -> None:
    template = {
        "metadata": {"labels": {"app": name}, "annotations": {GENERATOR_ANNOTATION: voice, RATE_ANNOTATION: str(rate)}},
        "spec": {"containers": [{"name": "app", "image": f"registry.example.com/{name}:1.0.0"}]},
    }
    spec = {"replicas": count, "selector": {"matchLabels": {"app": name}}, "template": template}
    create_object(state, DEPLOYMENTS, {"metadata": {"name": name, "namespace": "shop"}, "spec": spec})


def _all_ready(name: str, count: int) -> Callable[[SimulatorState], bool]:
    def ready(state: SimulatorState) -> bool:
        deployment = state.storage.get(DEPLOYMENTS, "shop", name)
        return deployment is not None and (deployment.get("status") or {}).get("readyReplicas") == count

    return ready


def usage(pid: int) -> dict[str, float]:
    """Return CPU seconds and resident megabytes of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    sizes = {line.split(":")[0]: line.split()[1] for line in status if line.startswith(("VmRSS", "VmHWM"))}
    return {"cpu": ticks / 100, "rss": int(sizes["VmRSS"]) / 1024, "peak": int(sizes["VmHWM"]) / 1024}


def main() -> None:
    scenario, kubeconfig = sys.argv[1:3]
    began = time.monotonic()
    toucher = _Toucher()
    with Simulator(scenario) as simulator:
        simulator.write_kubeconfig(Path(kubeconfig))
        simulator.write_kubeconfig(Path(f"{kubeconfig}-kubectl"), for_kubectl=True)
        own = resource.getrusage(resource.RUSAGE_SELF)
        _answer(seconds=time.monotonic() - began, cpu=own.ru_utime + own.ru_stime, rss=own.ru_maxrss / 1024)
        for line in sys.stdin:
            match line.split():
                case ["touch", rate, *namespace]:
                    simulator.call(toucher.start, int(rate), "".join(namespace))
                    _answer()
                case ["logs", rate, name, namespace]:
                    simulator.call(_write_logs, float(rate), name, namespace)
                    _answer()
                case ["writers", name, count, rate, voice]:
                    simulator.call(_make_writers, name, int(count), float(rate), voice)
                    simulator.wait_until(_all_ready(name, int(count)), 60.0)
                    _answer()
                case ["usage"]:
                    own = resource.getrusage(resource.RUSAGE_SELF)
                    _answer(cpu=own.ru_utime + own.ru_stime, rss=own.ru_maxrss / 1024, threads=threading.active_count())
                case _:
                    _answer(unknown=1)


def _answer(**figures: Any) -> None:
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
