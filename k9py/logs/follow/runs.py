"""Which run of a container its lines come from: what the watch says, and what the log itself proves.

Both may be ahead of the other. Invariant: the watch never decides what is delivered, only what it is labelled with.
"""

from __future__ import annotations

from typing import Final

from k9py.logs.source import LogTarget

RESTART_GRACE: Final = 5.0
"""Seconds after the watch told of another run within which the log that is read may still be the former one's."""


class Runs:
    """The runs of one container.

    `target` is the run the watch knows; `writing` the one whose lines are delivered now, as far as it is known which.
    """

    def __init__(self, target: LogTarget) -> None:
        self.target = target
        self.writing = target
        self._opened = target
        self._before = target
        self._former_id = ""
        self._told_at = 0.0

    def replace(self, target: LogTarget) -> None:
        """Another pod has taken the name: what is delivered from now on is its."""
        self.target = self.writing = self._opened = self._before = target
        self._former_id = ""

    def told(self, target: LogTarget, now: float) -> bool:
        """Take what the watch says; return True when it knows another run than before."""
        is_new = target.container_id != self.target.container_id
        if is_new:
            self._before = self.target
        self.target = target
        if is_new:
            self._told_at = now
        if self.writing.container_id in {"", target.container_id} and target.container_id != self._former_id:
            self.writing = target
        return is_new

    @property
    def differ(self) -> bool:
        """True when the watch knows a later run than the one whose lines were delivered last."""
        ours, theirs = self.writing.container_id, self.target.container_id
        return bool(ours and theirs) and ours != theirs

    @property
    def was_another_opened(self) -> bool:
        """True when the log that is read was opened as that of another run than the one delivered last."""
        ours, theirs = self.writing.container_id, self._opened.container_id
        return bool(ours and theirs) and ours != theirs

    @property
    def are_known(self) -> bool:
        """True when the watch knows the run whose lines were delivered last, and none behind it."""
        return bool(self.writing.container_id) and self.writing.container_id == self.target.container_id

    def opened(self, *, nothing_delivered: bool) -> None:
        """A log is read from now on: that of the run the watch knows now, unless its content proves otherwise."""
        self._opened = self.target
        if nothing_delivered:
            self.writing = self.target

    def next(self, *, is_entered: bool = False) -> None:
        """A later run's lines come now: of the one known when its log was opened, or told of since, or not yet told.

        Args:
            is_entered: this was said before, and no line has come since.
        """
        if is_entered and self._opened.container_id == self.writing.container_id:
            return
        self._former_id = self.writing.container_id or self._former_id
        known = self.target if self._opened.container_id == self._former_id else self._opened
        self.writing = (
            known if known.container_id != self._former_id else known._replace(container_id="", started_at=None)
        )

    def opening(self) -> None:
        """No log is read now; the next one will be that of the run the watch knows."""
        self._opened = self.target

    def look_back(self) -> None:
        """The former run's lines come, and none was delivered before: it is the one the watch told of before."""
        self.writing = self._before

    def before_the_first(self) -> None:
        """The lines of a run come that ended before the container was known here: nobody has told its id."""
        self.writing = self.target._replace(container_id="", started_at=None)

    def between(self) -> None:
        """The lines of a run come that began after ours and has ended: the watch may have told of it meanwhile."""
        self._former_id = self.writing.container_id or self._former_id
        is_told = self._before.container_id not in {self._former_id, self.target.container_id}
        self.writing = self._before if is_told else self.target._replace(container_id="", started_at=None)

    def same(self, now: float) -> None:
        """The log that is read goes on: if the watch told of another run long ago, ours was that one all along."""
        if self.differ and now - self._told_at >= RESTART_GRACE:
            self.writing = self.target
