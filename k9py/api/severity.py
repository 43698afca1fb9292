"""How bad something is, as the users of a service feel it: the one vocabulary of panes, header, CLI and JSON.

Invariant: the order of the members is the order on screen, worst first. A member's `word` is published (JSON, text).
"""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """Severity of a row or a finding; lower is worse.

    DOWN: a Service with workloads behind it has no ready endpoint, or a workload that should serve serves nothing.
    DEGRADED: fewer pods serve than wanted.
    STUCK: a rollout has failed, but old pods serve everything.
    UNKNOWN: what decides it could not be read; never shown as healthy.
    WARNING: serves everything, but something may break soon or needs a look.
    ROLLING_OUT: changing, and expected to finish by itself.
    INFO: worth knowing, nothing to do (findings only; a row with nothing worse is healthy).
    HEALTHY: serves what is wanted.
    IDLE: nothing is wanted of it (an alias, or a workload that always was at zero).
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
        """The word on screen and in JSON: `down`, `rolling out` ..."""
        return self.name.lower().replace("_", " ")

    @property
    def is_problem(self) -> bool:
        """True where somebody should act: down, degraded, stuck or warning. Unknown is neither."""
        return self in (Severity.DOWN, Severity.DEGRADED, Severity.STUCK, Severity.WARNING)
