"""Cost of tables of any type in a real pseudo-terminal: `python -m tests.bench.browse [SCENARIO]`.

The simulated cluster runs in a separate process. Printed: the time of `kubectl get pods -A`; the time from Enter until
`:pods` has all rows, as a ratio of it; for other types, the time from Enter to the first rows beside the server's own
answer; then latency of keys with the table of pods on screen, and the memory of a pod: what is used beyond a cluster of
twenty pods after the same steps. Compare ratios within one run.
"""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.bench.cluster_process import ClusterProcess
from tests.bench.dashboard import holds, last_hold, measure, print_holds
from tests.bench.screen import Screen

KUBECTL: Final = str(Path(sysconfig.get_path("scripts")) / "kubectl")
OTHERS: Final = (
    ("replicasets", "/apis/apps/v1/replicasets?limit=500"),
    ("configmaps", "/api/v1/configmaps?limit=500"),
    ("nodes", "/api/v1/nodes?limit=500"),
    ("events", "/api/v1/events?limit=500"),
)


def main() -> None:
    scenario = sys.argv[1] if len(sys.argv) > 1 else "big:10000"
    program = _program_memory()
    with ClusterProcess(scenario) as cluster, tempfile.TemporaryDirectory() as directory:
        kubectl_seconds, pods = _kubectl_get_pods(cluster.kubectl_config)
        print(f"{scenario}: kubectl get pods -A {kubectl_seconds:.2f} s, {pods:,} pods")
        report = Path(directory) / "holds"
        with Screen("--kubeconfig", str(cluster.kubeconfig), report=report) as screen:
            print(f"  home: all rows {screen.wait_for(lambda text: '● live' in text):.2f} s")
            screen.idle(2.0)
            loaded_at = last_hold(report)
            full = _open(screen, "pods", lambda text: _count(text) >= pods)
            print(f"  :pods: all rows {full:.2f} s, {full / kubectl_seconds:.2f} × kubectl")
            measure(screen, "table of pods at rest")
            cluster.ask("touch", 1000)
            measure(screen, "table of pods, 1000 events/s")
            cluster.ask("touch", 0)
            for name, path in OTHERS:
                answer = _server_answer(cluster.kubectl_config, path)
                first = _open(screen, name, lambda text: _count(text) > 0)
                print(f"  :{name}: first rows {first:.2f} s, kubectl's own request {answer:.2f} s")
            print_holds("after loading", holds(report, loaded_at, 1e9))
            memory = screen.usage()["rss"]
            a_pod = (memory - program) * 1024 / pods
            print(f"  memory {memory:.0f} MB, the program itself {program:.0f} MB: {a_pod:.1f} KiB a pod")


def _program_memory() -> float:
    """Return the megabytes after the same tables were opened in a cluster of twenty pods."""
    with (
        ClusterProcess("big:20") as cluster,
        Screen("--kubeconfig", str(cluster.kubeconfig)) as screen,
    ):
        screen.wait_for(lambda text: "● live" in text)
        for name in ("pods", *(name for name, _ in OTHERS)):
            _open(screen, name, lambda text: _count(text) > 0)
        return screen.usage()["rss"]


def _open(screen: Screen, name: str, is_full: Callable[[str], bool]) -> float:
    """Type a name after `:`; return the seconds from Enter until the table has the rows."""
    screen.redraw()
    screen.press(f":{name}")
    screen.idle(1.0, keep=True)
    began = time.monotonic()
    screen.press("\r")
    while time.monotonic() - began < 60:
        screen.read(0.2, keep=True)
        if f"{name} · " in screen.text and is_full(screen.text):
            return time.monotonic() - began
        if f"no {name}" in screen.text:
            return time.monotonic() - began
    return -1.0


def _count(text: str) -> int:
    """Return the number in the title of the table, 0 before it has rows."""
    title = re.search(r"1 [a-z]+ · ([\d,]+)", text)
    return int(title[1].replace(",", "")) if title else 0


def _kubectl_get_pods(kubeconfig: Path) -> tuple[float, int]:
    began = time.monotonic()
    output = subprocess.run(
        [KUBECTL, "--kubeconfig", str(kubeconfig), "get", "pods", "-A", "--no-headers"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return time.monotonic() - began, len(output.splitlines())


def _server_answer(kubeconfig: Path, path: str) -> float:
    """Return the seconds that kubectl takes for one page, its own start included."""
    began = time.monotonic()
    subprocess.run([KUBECTL, "--kubeconfig", str(kubeconfig), "get", "--raw", path], check=True, capture_output=True)
    return time.monotonic() - began


if __name__ == "__main__":
    main()
