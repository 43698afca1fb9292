"""How the targets of a stream stand, as values for titles and lists."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from k9py.api.errors import KdashError
from k9py.logs.source import LogTarget


class TargetState(Enum):
    """Where one container's tail stands."""

    OPENING = "opening"
    FOLLOWING = "following"
    RETRYING = "waiting"  # refused or broken: will be tried again
    QUEUED = "resting"  # others have their turn
    ENDED = "ended"  # the container has ended, or nothing more is asked of it


def state_text(state: TargetState, why: str, at_a_time: int) -> str:
    """Say how a tail stands: `why` is why nothing more comes, where that is known."""
    match state:
        case TargetState.QUEUED:
            return f"resting: {at_a_time} at a time"
        case TargetState.RETRYING:
            return why
        case TargetState.ENDED:
            return why or "ended"
        case _:
            return ""


@dataclass(frozen=True, slots=True)
class TargetStatus:
    """One target and how it stands.

    Args:
        words: what there is to say of the state, on one printable line; "" while all is well.
        error: what the server answered last, where that is why nothing more comes.
    """

    target: LogTarget
    state: TargetState
    message: str = ""
    error: KdashError | None = None


@dataclass(frozen=True, slots=True)
class StreamCounts:
    """How many containers are wanted; of them followed (or just being opened), waiting to be tried again, ended, and
    resting while others have their turn."""

    wanted: int = 0
    following: int = 0
    retrying: int = 0
    ended: int = 0
    queued: int = 0

    def __str__(self) -> str:
        return f"{self.wanted - self.queued} of {self.wanted}" if self.queued else str(self.wanted)
