"""The figures of a port-forward, and what happened to it.

Owns: the counters that its parts write, and the values that views read. Texts are printable.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from k9py.api.quantities import size_text


class ForwardEventKind(Enum):
    """What happened to a forward."""

    MOVED = "moved"
    """New connections go to another pod."""
    WAITING = "waiting"
    """No connection can be made now."""
    BACK = "back"
    """Connections can be made again."""
    ERROR = "error"
    """A connection failed."""


@dataclass(frozen=True, slots=True)
class ForwardEvent:
    """Something that happened to a forward.

    Args:
        pod: the pod that new connections go to from then on, "" when there is none.
        text: for a person, such as "moved to web-2: web-1 is being deleted".
    """

    at: datetime
    kind: ForwardEventKind
    text: str
    pod: str = ""


@dataclass(slots=True)
class ForwardFigures:
    """Counters since the forward began.

    Args:
        open: connections now.
        total: connections that were accepted.
        sent: bytes from local clients to pods.
        received: bytes from pods to local clients.
        cut: connections that broke after they had been made: the pod or the server went.
        ended_with_pod: connections that a pod ended, after an answer, while it was being left: they were done, or cut
            in the middle of the answer; nobody but the client can tell.
        failed: connections that were accepted and never reached a pod.
        moves: how often new connections were sent to another pod.
    """

    open: int = 0
    total: int = 0
    sent: int = 0
    received: int = 0
    cut: int = 0
    ended_with_pod: int = 0
    failed: int = 0
    moves: int = 0

    @property
    def errors(self) -> int:
        """Connections that were cut or failed."""
        return self.cut + self.failed

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """Names and values for a person."""
        counts = f"{self.open:,} open, {self.total:,} in all, {self.cut:,} cut, {self.failed:,} failed"
        if self.ended_with_pod:
            counts += f", {self.ended_with_pod:,} ended with their pod"
        return (
            ("connections", counts),
            ("sent", size_text(self.sent)),
            ("received", size_text(self.received)),
            ("moves", f"{self.moves:,}"),
        )
