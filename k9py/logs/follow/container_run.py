"""Which run of a container its lines come from: what the watch reports, and what the log itself proves.

Either may know of a restart before the other. Invariant: the watch never decides which lines are delivered, only which
run they are labelled with.
"""

from __future__ import annotations

from typing import Final

from k9py.logs.source import LogTarget

RESTART_GRACE: Final = 5.0
"""Seconds after the watch reported a new run within which the open log may still be the old run's."""


class ContainerRuns:
    """The runs of one container that matter to its stream.

    `watched` is the run the watch reported last; `delivered` the one whose lines are delivered now, as far as known.
    """

    def __init__(self, target: LogTarget) -> None:
        self.watched = target
        self.delivered = target
        self._opened = target
        self._watched_before = target
        self._ended_id = ""
        self._reported_at = 0.0

    def replace(self, target: LogTarget) -> None:
        """Switch to another pod of the same name."""
        self.watched = self.delivered = self._opened = self._watched_before = target
        self._ended_id = ""

    def update(self, target: LogTarget, now: float) -> bool:
        """Take what the watch reports.

        Args:
            now: by the monotonic clock.

        Returns:
            True when it is another run than before.
        """
        is_new = target.container_id != self.watched.container_id
        if is_new:
            self._watched_before = self.watched
            self._reported_at = now
        self.watched = target
        if self.delivered.container_id in {"", target.container_id} and target.container_id != self._ended_id:
            self.delivered = target
        return is_new

    @property
    def is_behind(self) -> bool:
        """True when the watch knows a later run than the one whose lines were delivered last."""
        return _are_different(self.delivered, self.watched)

    @property
    def has_opened_another(self) -> bool:
        """True when the open log was opened as that of another run than the one delivered last."""
        return _are_different(self.delivered, self._opened)

    @property
    def is_current(self) -> bool:
        """True when the run delivered last is the one the watch knows."""
        return bool(self.delivered.container_id) and self.delivered.container_id == self.watched.container_id

    def open(self, *, nothing_delivered: bool) -> None:
        """Record that a log was opened: that of the watched run, unless its content proves otherwise."""
        self._opened = self.watched
        if nothing_delivered:
            self.delivered = self.watched

    def will_open(self) -> None:
        """Record that no log is open; the next one will be that of the watched run."""
        self._opened = self.watched

    def advance(self, *, is_repeated: bool = False) -> None:
        """Label what comes with the next run: the opened one, the one reported since, or one not yet reported.

        Args:
            is_repeated: the run was advanced before, and no line has come since.
        """
        if is_repeated and self._opened.container_id == self.delivered.container_id:
            return
        self._ended_id = self.delivered.container_id or self._ended_id
        known = self.watched if self._opened.container_id == self._ended_id else self._opened
        self.delivered = known if known.container_id != self._ended_id else _without_id(known)

    def deliver_previous(self) -> None:
        """Label what comes with the run that was watched before: its lines come, and none was delivered so far."""
        self.delivered = self._watched_before

    def deliver_unknown(self) -> None:
        """Label what comes with an unknown run, which ended before the container was known here."""
        self.delivered = _without_id(self.watched)

    def deliver_intermediate(self) -> None:
        """Label what comes with a run that began after the delivered one and has ended; the watch may have seen it."""
        self._ended_id = self.delivered.container_id or self._ended_id
        was_seen = self._watched_before.container_id not in {self._ended_id, self.watched.container_id}
        self.delivered = self._watched_before if was_seen else _without_id(self.watched)

    def confirm(self, now: float) -> None:
        """Record that the open log continues: a run reported long ago was the delivered one all along."""
        if self.is_behind and now - self._reported_at >= RESTART_GRACE:
            self.delivered = self.watched


def _are_different(target: LogTarget, other: LogTarget) -> bool:
    return bool(target.container_id and other.container_id) and target.container_id != other.container_id


def _without_id(target: LogTarget) -> LogTarget:
    return target._replace(container_id="", started_at=None)
