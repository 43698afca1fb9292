"""Where checks find objects and logs: the stores of the first screen, and what is leased and read for them.

Invariant: this only brings `DemandLeases` and `ContainerLogs` together, as the `ObjectSource` of a graph.
"""

from __future__ import annotations

from typing import Any

from k9py.api.pods import Pod
from k9py.cluster.graph import Demand
from k9py.cluster.stores import MergedStore
from k9py.cluster.triage.demands import DemandLeases
from k9py.cluster.triage.logs import ContainerLogs
from k9py.diagnosis.graph import Unread


class TriageObjects:
    """Objects and logs for checks."""

    def __init__(self, demands: DemandLeases, logs: ContainerLogs) -> None:
        self.demands = demands
        self.logs = logs

    def store(self, demand: Demand) -> MergedStore[Any] | Unread:
        """Return a store that holds everything that is demanded, Unread while there is none."""
        return self.demands.store(demand)

    def log(self, pod: Pod, container: str, previous: bool) -> tuple[str, ...] | Unread | None:
        """Return the last lines of a log."""
        return self.logs.lines(pod, container, previous)

    def covers(self, namespace: str) -> bool:
        """Return whether a namespace is watched; "": whether the whole cluster is."""
        return self.demands.covers(namespace)

    @property
    def is_settled(self) -> bool:
        """Whether everything that was asked for has been read or refused, as far as the budget of logs allows."""
        return not self.demands.is_loading and self.logs.is_idle

    def sweep(self) -> None:
        """End what no check refers to any more."""
        self.demands.sweep()
        self.logs.sweep()

    def on_scope(self) -> None:
        """Read everything again: the scope is another one."""
        self.demands.on_scope()
        self.logs.clear()

    def close(self) -> None:
        """End everything."""
        self.demands.close()
        self.logs.clear()
