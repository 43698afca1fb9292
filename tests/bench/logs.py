"""Cost of a busy log in a real pseudo-terminal: `python -m tests.bench.logs [LINES_A_SECOND]`.

The demo shop runs in a separate process; the containers of one Deployment write LINES_A_SECOND in total. Printed: CPU
of the dashboard, bytes per second to the terminal, and the latency of a key.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.bench.cluster_process import ClusterProcess
from tests.bench.dashboard import holds, measure, print_holds
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
            begun = max((record["at"] for record in holds(report, 0.0, 1e9)), default=0.0)
            measure(screen, "as it comes")
            cluster.ask("logs", rate / PODS, DEPLOYMENT, "shop")
            screen.press("/")
            screen.idle(0.3)
            screen.press(DEPLOYMENT + "\r")
            screen.idle(0.5)
            screen.press("l")
            screen.idle(2.0, keep=True)
            measure(screen, f"{rate} lines/s")
            print_holds("under logs", holds(report, begun, 1e9))


if __name__ == "__main__":
    main()
