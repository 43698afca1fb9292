"""What a busy log costs, in a real pseudo-terminal: `python -m tests.bench.logs [LINES_A_SECOND]`.

The demo shop runs in a process of its own; the containers of one Deployment write that many lines a second in all.
Told: CPU of the dashboard, bytes a second to the terminal, frames a second, and how long a key takes to answer.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.bench.cluster_process import ClusterProcess
from tests.bench.dashboard import holds, measure, say_holds
from tests.bench.screen import Screen

DEPLOYMENT = "checkout"
PODS = 3


def main() -> None:
    rate = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with ClusterProcess("shop") as cluster, tempfile.TemporaryDirectory() as directory:
        report = Path(directory) / "holds"
        with Screen("--kubeconfig", str(cluster.kubeconfig), report=report) as screen:
            screen.wait_for(lambda text: "● live" in text)
            screen.idle(2.0)
            begun = max((one["at"] for one in holds(report, 0.0, 1e9)), default=0.0)
            measure(screen, "as it comes")
            cluster.ask("logs", rate / PODS, DEPLOYMENT, "shop")
            screen.press("/")
            screen.idle(0.3)
            screen.press(DEPLOYMENT + "\r")
            screen.idle(0.5)
            screen.press("l")
            screen.idle(2.0, keep=True)
            measure(screen, f"{rate} lines/s")
            say_holds("under logs", holds(report, begun, 1e9))


if __name__ == "__main__":
    main()
