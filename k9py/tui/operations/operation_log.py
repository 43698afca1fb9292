"""What is shown of the operations of this session: one status per object, the latest one in the strip.

Invariant: a status that another operation on its object has replaced, or whose end was dismissed, is no longer shown
(`is_current` is False): an old operation cannot overwrite the text of a new one. One that is dismissed while it is
under way is only hidden, and shown again if it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from k9py.api.meta import ObjectRef
from k9py.rollouts.status import RolloutStatus
from k9py.tui.progress import TrackedChange
from k9py.views.values import Tone


class OperationStatus:
    """The status of one operation on one object."""

    def __init__(self, log: OperationLog, key: ObjectRef, title: str, began: float) -> None:
        self.key = key
        self.began = began
        self.shown = TrackedChange(key, title, "")
        self.is_hidden = False
        """It was dismissed while it was under way."""
        self._log = log

    @property
    def is_current(self) -> bool:
        """False once its end was dismissed, or another operation on the object has begun."""
        return self._log.status_of(self.key) is self

    def set_text(self, text: str, tone: Tone = Tone.BUSY, *, status: RolloutStatus | None = None) -> None:
        """Set its status text; `status` is for the bar."""
        desired, updated, available = (
            (None, 0, 0) if status is None else (status.desired, status.updated, status.available)
        )
        self.shown = replace(
            self.shown, status_text=text, tone=tone, desired=desired, updated=updated, available=available
        )
        if self.shown.is_done and tone is not Tone.OK:
            self.is_hidden = False
        if self.is_current:
            self._log.changed()

    def set_title(self, title: str) -> None:
        """Set what is done."""
        self.shown = replace(self.shown, what=title)
        if self.is_current:
            self._log.changed()

    def set_created(self, created: ObjectRef) -> None:
        """Set that it is done: it has created another object, which is named and can be opened."""
        hint = "{operation.open} opens it · {app.back} dismisses"
        self.shown = replace(self.shown, key=created, what="created", created=created, hint=hint)
        self.set_text("", Tone.OK)

    def remove(self) -> None:
        """Show it no longer."""
        if self.is_current:
            self._log.remove(self)


class OperationLog:
    """The operations of this session.

    Args:
        now: monotonic seconds.
        changed: called when what is shown has changed.
    """

    def __init__(self, now: Callable[[], float], changed: Callable[[], None]) -> None:
        self._now = now
        self.changed = changed
        self._statuses: dict[ObjectRef, OperationStatus] = {}
        self._dry_runs: list[OperationStatus] = []

    @property
    def latest(self) -> tuple[TrackedChange | None, int]:
        """The operation to show, and how many others are under way."""
        visible = [status for status in (*self._statuses.values(), *self._dry_runs) if not status.is_hidden]
        if not visible:
            return None, 0
        *others, last = visible
        shown = last.shown
        if not shown.is_done:
            shown = replace(shown, seconds=max(0.0, self._now() - last.began))
        return shown, sum(not other.shown.is_done for other in others)

    @property
    def acting(self) -> dict[ObjectRef, str]:
        """The running operation of each object, hidden or not."""
        return {key: status.shown.what for key, status in self._statuses.items() if not status.shown.is_done}

    def status_of(self, key: ObjectRef) -> OperationStatus | None:
        """Return the status of an object, None when there is none."""
        return self._statuses.get(key)

    def begin(self, key: ObjectRef, title: str) -> OperationStatus:
        """Begin a status, in place of the one before of the same object."""
        self._statuses.pop(key, None)
        status = self._statuses[key] = OperationStatus(self, key, title, self._now())
        return status

    @contextmanager
    def dry_running(self, key: ObjectRef, title: str) -> Iterator[None]:
        """Show a dry run for as long as it takes; the other statuses stay."""
        status = OperationStatus(self, key, title, self._now())
        status.shown = replace(status.shown, status_text="dry-running…", hint="{app.back} cancels")
        self._dry_runs.append(status)
        self.changed()
        try:
            yield
        finally:
            self._dry_runs.remove(status)
            self.changed()

    def remove(self, status: OperationStatus) -> None:
        """Remove a status."""
        self._statuses.pop(status.key, None)
        self.changed()

    def dismiss(self) -> bool:
        """Hide all; running operations continue. False when nothing was shown."""
        visible = [status for status in self._statuses.values() if not status.is_hidden]
        for status in visible:
            if status.shown.is_done:
                del self._statuses[status.key]
            else:
                status.is_hidden = True
        self.changed()
        return bool(visible)

    def clear(self) -> None:
        """Forget everything."""
        self._statuses.clear()
        self.changed()
