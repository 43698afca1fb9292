"""How far a log has been delivered, and what a stream opened again proves about it.

The rule: a log is opened again at the last timestamp; the server then repeats the lines of that moment (the kubelet
takes whole seconds only, so up to a second of lines). Ours are skipped by count, and having met them again, with the
last of them the same, proves that nothing is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from k9py.logs.line import Stamp, split_line, stamp


@dataclass(slots=True)
class Position:
    """The last line delivered.

    Args:
        raw, text: its timestamp as it was written, and its text.
        seen: how many lines with that timestamp were delivered.
    """

    last: Stamp | None = None
    raw: str = ""
    text: str = ""
    seen: int = 0

    @property
    def at(self) -> datetime | None:
        """The last timestamp; None before the first line that has one."""
        return self.last.at if self.last else None


class Resume:
    """Drops the lines of a log opened again that were delivered before.

    `proven`: ours came again, so nothing is missing. `done`: a line behind ours has come.
    """

    def __init__(self, position: Position) -> None:
        self._last = position.last
        self._raw = position.raw
        self._text = position.text
        self._left = position.seen
        self.proven = False
        self.done = False

    def after(self, batch: Sequence[bytes]) -> Sequence[bytes]:
        """Return the lines of the batch that are new."""
        if self.done:
            return batch
        for index, line in enumerate(batch):
            raw, text = split_line(line)
            if raw == self._raw and self._left > 0 and (self._left > 1 or text == self._text):
                self._left -= 1
                self.proven = self._left == 0
                continue
            if raw == self._raw:
                self.done = True
                return batch[index:]
            moment = stamp(raw)
            if self._last is not None and moment is not None and moment < self._last:
                continue
            if moment is None and not self.proven:
                continue  # the rest of a line seen before
            self.done = True
            return batch[index:]
        return ()


def first_stamp(line: bytes) -> Stamp | None:
    """Return the timestamp of a line; None when it has none."""
    return stamp(split_line(line)[0])
