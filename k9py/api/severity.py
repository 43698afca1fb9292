"""How severe a state is for the users of a service: the one scale of panes, header, CLI and JSON.

Invariants: the order of the members is the order on screen, worst first; a member's `label` is published (JSON, text).
"""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """Severity of a row or a finding; lower is worse.

    DOWN: a Service that selects workloads has no ready endpoint, or a workload that should serve serves nothing.
    DEGRADED: fewer pods serve than wanted.
    STUCK: a rollout has failed, but old pods serve all traffic.
    UNKNOWN: a needed object could not be read; never shown as healthy.
    WARNING: serves all traffic, but something may break soon or should be checked.
    ROLLING_OUT: changing, and expected to complete without help.
    INFO: worth knowing, no action needed (only findings; a row without anything worse is healthy).
    HEALTHY: as many pods serve as wanted.
    IDLE: no pods are wanted (an alias, or a workload that was always at zero).
    """

    DOWN = 0
    DEGRADED = 1
    STUCK = 2
    UNKNOWN = 3
    WARNING = 4
    ROLLING_OUT = 5
    INFO = 6
    HEALTHY = 7
    IDLE = 8

    @property
    def label(self) -> str:
        """The label on screen and in JSON: `down`, `rolling out` ..."""
        return self.name.lower().replace("_", " ")

    @property
    def is_problem(self) -> bool:
        """Whether somebody should act: down, degraded, stuck or warning, but not unknown."""
        return self in (Severity.DOWN, Severity.DEGRADED, Severity.STUCK, Severity.WARNING)
