"""How a run of an operation behaves, apart from its inputs; a new option is a field with a default."""

from __future__ import annotations

from dataclasses import dataclass

from k9py.operations.track import ROLLOUT_SECONDS


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of a run.

    Args:
        together: all targets are one batch; else each is planned in its turn.
        tracks: follow what was written to its end.
        timeout: seconds a rollout is tracked at most.
        watches_recovery: keep watching a rollout that stalled, should it recover.
    """

    together: bool
    tracks: bool = True
    timeout: float = ROLLOUT_SECONDS
    watches_recovery: bool = False
