"""The cluster of `kdash --replay FILE`: an incident capsule, in the same screens and commands, read-only.

Invariants: nothing happens in it, and its time stands still at the time of the capsule. What is not in the capsule may
not be read, so that it is unread and never looks as if it did not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from k9py.api.errors import ConfigError
from k9py.api.text import printable
from k9py.capsule.capsule import Capsule, all_logs
from k9py.capsule.file import read_capsule
from k9py.cli.embedded_cluster import EmbeddedCluster
from k9py.runtime.clock import RecordedClock

if TYPE_CHECKING:
    from k9py.simulator.apiserver.authorization import Rule
    from k9py.simulator.server import Simulator

_READ: Final = ("get", "list", "watch")


class ReplayCluster(EmbeddedCluster):
    """The cluster of a capsule.

    Raises:
        ConfigError: the file is no capsule.
    """

    is_read_only = True
    user = "this capsule"

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
        from k9py.simulator.scenarios.recorded import RecordedType, Recording
        from k9py.simulator.server import Simulator

        capsule = self.capsule
        types = [
            RecordedType(each.group, each.version, each.kind, each.plural, each.namespaced) for each in capsule.types
        ]
        simulator = Simulator(recording=Recording(capsule.objects, self._at, all_logs(capsule), types))
        simulator.add_user(self.user, tuple(_rules(capsule)))
        return simulator


def _rules(capsule: Capsule) -> Iterator[Rule]:
    """Yield what may be read: the kinds that the capsule has, in its namespaces, and single objects elsewhere."""
    from k9py.simulator.apiserver.authorization import Rule

    namespaced = tuple(each.plural for each in capsule.types if each.namespaced)
    of_cluster = tuple(each.plural for each in capsule.types if not each.namespaced)
    scope = capsule.namespaces or None
    yield Rule(_READ, ("*",), (*namespaced, "pods/log"), scope)
    yield Rule(_READ, ("*",), of_cluster)
    plurals = {(each.group, each.kind): each.plural for each in capsule.types}
    for body in capsule.objects if capsule.namespaces else ():
        metadata = body["metadata"]
        namespace = metadata.get("namespace", "")
        plural = plurals.get((str(body["apiVersion"]).rpartition("/")[0], body["kind"]))
        if namespace and namespace not in capsule.namespaces and plural is not None:
            yield Rule(_READ, ("*",), (plural,), (namespace,), (metadata["name"],))
