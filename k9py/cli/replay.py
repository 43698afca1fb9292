"""The cluster of `kdash --replay FILE`: an incident capsule, in the same screens and commands, read-only.

Invariants: nothing happens in it, and its time stands still at the time of the capsule. What is not in the capsule may
not be read, so that it is unread and never looks as if it did not exist.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from k9py.api.errors import ConfigError
from k9py.api.text import printable
from k9py.capsule.capsule import all_logs
from k9py.capsule.file import read_capsule
from k9py.cli.embedded_cluster import EmbeddedCluster
from k9py.runtime.clock import RecordedClock

if TYPE_CHECKING:
    from k9py.simulator.server import Simulator


class ReplayCluster(EmbeddedCluster):
    """The cluster of a capsule.

    Raises:
        ConfigError: the file is no capsule.
    """

    kind = "replay"
    is_replay = True

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.capsule = capsule = read_capsule(path)
        try:
            self._at = datetime.fromisoformat(capsule.at)
        except ValueError as error:
            raise ConfigError(f"{path} is damaged: {printable(capsule.at)!r} is no time", "") from error
        self.clock = RecordedClock(self._at)
        self.history = capsule.history
        self.context = printable(capsule.context) or "capsule"
        self.label = f"replay of {self._at:%Y-%m-%d %H:%M:%S} UTC"
        self.scope = capsule.namespaces
        self.namespace = capsule.namespaces[0] if capsule.namespaces else ""

    def _new_simulator(self) -> Simulator:
        from k9py.simulator.apiserver.recorded_reads import RecordedRead
        from k9py.simulator.clock import StandingClock
        from k9py.simulator.scenarios.recorded import RecordedType, Recording
        from k9py.simulator.server import Simulator

        capsule = self.capsule
        types = [
            RecordedType(each.group, each.version, each.kind, each.plural, each.namespaced) for each in capsule.types
        ]
        reads = [
            RecordedRead(
                each.group, each.plural, each.namespace, each.label_selector, each.field_selector, each.metadata
            )
            for each in capsule.reads
        ]
        recording = Recording(capsule.objects, self._at, all_logs(capsule), types, reads)
        # Time stands still, and yet watches are heard from: they do not become stale.
        return Simulator(clock=StandingClock(self._at), recording=recording)
