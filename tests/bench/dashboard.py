"""Cost of the dashboard in a real pseudo-terminal: `python -m tests.bench.dashboard [SCENARIO] [EVENTS_A_SECOND]`.

The simulated cluster runs in a separate process. Printed: seconds to the first frame, the first rows and all rows; CPU
and memory; then, idle and under pod events, CPU, bytes per second to the terminal, and the latency of a key. Event loop
blocks over 10 ms are listed with their place. Compare ratios within one run, not absolute figures.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.bench.cluster_process import ClusterProcess
from tests.bench.screen import Screen, percentile

KEYS = 60


def main() -> None:
    scenario = sys.argv[1] if len(sys.argv) > 1 else "big:10000"
    rate = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    with ClusterProcess(scenario) as cluster, tempfile.TemporaryDirectory() as directory:
        print(f"{scenario}: cluster {figures_text(cluster.started)}")
        report = Path(directory) / "holds"
        with Screen("--kubeconfig", str(cluster.kubeconfig), report=report) as screen:
            print(f"  first frame  {screen.wait_for(lambda text: 'kdash' in text):6.2f} s")
            print(f"  first rows   {screen.wait_for(_has_rows):6.2f} s")
            print(f"  all rows     {screen.wait_for(lambda text: '● live' in text):6.2f} s")
            screen.idle(2.0)
            load = screen.usage()
            print(f"  client {figures_text(load)}; cluster {figures_text(cluster.ask('usage'))}")
            loaded_at = last_hold(report)
            print_holds("while loading", holds(report, 0.0, loaded_at))
            measure(screen, "at rest")
            cluster.ask("touch", rate)
            measure(screen, f"{rate} events/s over all pods")
            cluster.ask("touch", rate, "team-000" if scenario.startswith("big") else "shop")
            measure(screen, f"{rate} events/s in one namespace")
            print_holds("after loading", holds(report, loaded_at, 1e9))
            print(f"  client {figures_text(screen.usage())}; cluster {figures_text(cluster.ask('usage'))}")


def measure(screen: Screen, what: str, seconds: float = 6.0) -> None:
    """Print the dashboard's current cost."""
    screen.idle(1.5)
    before = screen.usage()["cpu"]
    written = screen.idle(seconds)
    cpu = (screen.usage()["cpu"] - before) / seconds
    keys = screen.key_latencies(["j", "k"] * (KEYS // 2), 0.037, bool)
    print(
        f"  {what}: CPU {cpu:6.1%}, {written / seconds:8,.0f} bytes/s, "
        f"key p50 {percentile(keys, 0.5):.1f} p99 {percentile(keys, 0.99):.1f} ms"
    )


def _has_rows(text: str) -> bool:
    return "svc-" in text or "checkout" in text


def holds(report: Path, begin: float, end: float) -> list[dict[str, Any]]:
    """Return the holds between two times."""
    records = [json.loads(line) for line in report.read_text().splitlines()]
    return [record for record in records if begin < record["at"] <= end]


def last_hold(report: Path) -> float:
    """Return when the last hold so far ended."""
    return max((record["at"] for record in holds(report, 0, 1e9)), default=0.0)


def print_holds(when: str, records: Iterable[dict[str, Any]], most: int = 8) -> None:
    """Print the longest holds and their stack."""
    ordered = sorted(records, key=lambda record: -record["cpu"])
    buckets = Counter(15 if record["ms"] > 15 else 10 for record in ordered)
    own_cpu = Counter(15 if record["cpu"] > 15 else 10 for record in ordered if record["cpu"] > 10)
    print(
        f"  holds {when}: {buckets[15]} over 15 ms, {buckets[10]} of 10 to 15 ms; "
        f"by its own CPU, without waiting for the machine: {own_cpu[15]} over 15 ms, {own_cpu[10]} of 10 to 15 ms"
    )
    for record in ordered[:most]:
        print(
            f"    {record['ms']:6.1f} ms ({record['cpu']:.1f} ms CPU) at {record['at']:.2f}: "
            + "\n        or ".join(record["where"] or ["?"])
        )


def figures_text(figures: dict[str, float]) -> str:
    """Return figures in a line."""
    return ", ".join(f"{name} {value:,.1f}" for name, value in figures.items())


if __name__ == "__main__":
    main()
