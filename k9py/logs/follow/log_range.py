"""How much of the past is shown, as chosen with the keys 0 to 6.

To add one: a `LogRange` in `RANGES`. It defines only where a log begins (and, for the head, where it ends); the rest is
up to the container's stream.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

HEAD_BYTES: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class LogRange:
    """Where each container's log begins.

    Args:
        label: its name, as the title shows it.
        tail_lines: that many of the last lines, then those that come.
        since_seconds: what was written in the last seconds by the node's clock, then what comes.
        head_bytes: that many bytes from the beginning of the log, and nothing more: it is not followed.
    """

    label: str
    tail_lines: int | None = None
    since_seconds: int | None = None
    head_bytes: int | None = None

    def open_options(self, joined_since: int | None = None) -> dict[str, Any]:
        """Return where to read a log from of which no line was delivered, as arguments of `LogSource.open_log`.

        Args:
            joined_since: everything written in that many last seconds belongs to the view, whatever the range is.
        """
        if self.head_bytes is not None:
            return {"limit_bytes": self.head_bytes}
        if joined_since is not None:
            return {"since_seconds": joined_since}
        return {"since_seconds": self.since_seconds, "tail_lines": self.tail_lines}

    def reached_limit(self, lines: int) -> int | None:
        """Return the limit of a previous run's log where that many lines reached it, so that there may be more."""
        return self.tail_lines if self == PREVIOUS and lines >= (self.tail_lines or 0) else None


RANGES: Final[tuple[LogRange, ...]] = (
    LogRange("last 200 lines", tail_lines=200),
    LogRange("from the start", head_bytes=HEAD_BYTES),
    LogRange("last 1m", since_seconds=60),
    LogRange("last 5m", since_seconds=300),
    LogRange("last 15m", since_seconds=900),
    LogRange("last 30m", since_seconds=1_800),
    LogRange("last 1h", since_seconds=3_600),
)
"""By the digit that chooses them."""

PREVIOUS: Final = LogRange("previous", tail_lines=5_000)
"""What is read of a previous run, whichever of `RANGES` is chosen: it ended before any of them began."""

TAIL: Final = RANGES[0]
HEAD: Final = RANGES[1]
