"""The state of a stream's targets, as values for titles and lists."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from k9py.api.errors import KdashError
from k9py.logs import marker_text
from k9py.logs.source import LogTarget


class TargetState(Enum):
    """The state of one container's stream."""

    OPENING = "opening"
    FOLLOWING = "following"
    RETRYING = "retrying"  # refused or interrupted: tried again after a backoff
    QUEUED = "queued"  # others hold all slots
    ENDED = "ended"  # the container has ended, or no more is read of it


def state_text(state: TargetState, reason: str, slot_limit: int) -> str:
    """Return the state as text; "" while lines come.

    Args:
        reason: why no lines come, where that is known.
        slot_limit: logs open at once.
    """
    match state:
        case TargetState.QUEUED:
            return marker_text.waiting_for_slot(slot_limit)
        case TargetState.RETRYING:
            return reason
        case TargetState.ENDED:
            return reason or "ended"
        case _:
            return ""


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """One target and its state.

    Args:
        message: the state in one printable line; "" while lines come.
        error: the server's last error, where that is why no lines come.
    """

    target: LogTarget
    state: TargetState
    message: str = ""
    error: KdashError | None = None


@dataclass(frozen=True, slots=True)
class StreamCounts:
    """Numbers of containers.

    Args:
        wanted: all of them.
        following: open, or just being opened.
        retrying: tried again after a backoff.
        ended: no more is read of them.
        queued: waiting for a slot.
    """

    wanted: int = 0
    following: int = 0
    retrying: int = 0
    ended: int = 0
    queued: int = 0

    @property
    def open(self) -> int:
        """Containers that are not queued."""
        return self.wanted - self.queued

    def __str__(self) -> str:
        return f"{self.open} of {self.wanted}" if self.queued else str(self.wanted)
