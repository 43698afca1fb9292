"""What is said of the changes of this session: one entry an object, the latest one shown.

Invariant: an entry that another change of its object has replaced, or whose end was dismissed, says nothing any more
(`is_current` is False): an old follower cannot speak over a new one. One that is dismissed on its way is only hidden:
it goes on, and is shown again should it end badly.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from k9py.api.meta import ObjectKey
from k9py.rollouts.status import RolloutStatus
from k9py.tui.progress import TrackedChange
from k9py.views.values import Tone

if TYPE_CHECKING:
    from collections.abc import Iterator


class Entry:
    """One change on its way."""

    def __init__(self, board: Board, key: ObjectKey, what: str, began: float) -> None:
        self.key = key
        self.began = began
        self.followed = TrackedChange(key, what, "")
        self.is_hidden = False
        """The person dismissed it while it was on its way."""
        self._board = board

    @property
    def is_current(self) -> bool:
        """False once its end was dismissed, or another change of the object has begun."""
        return self._board.entry_of(self.key) is self

    def say(self, words: str, tone: Tone = Tone.BUSY, *, status: RolloutStatus | None = None) -> None:
        """Say how it stands."""
        desired, updated, available = (
            (None, 0, 0) if status is None else (status.desired, status.updated, status.available)
        )
        self.followed = replace(
            self.followed, words=words, tone=tone, desired=desired, updated=updated, available=available
        )
        if self.followed.is_done and tone is not Tone.OK:
            self.is_hidden = False
        if self.is_current:
            self._board.changed()

    def rename(self, what: str) -> None:
        """Say otherwise what the change is."""
        self.followed = replace(self.followed, what=what)
        if self.is_current:
            self._board.changed()

    def drop(self) -> None:
        """Say nothing of it any more."""
        if self.is_current:
            self._board.remove(self)


class Board:
    """The changes of this session.

    Args:
        now: monotonic seconds.
        changed: called when something else is to be said.
    """

    def __init__(self, now: Callable[[], float], changed: Callable[[], None]) -> None:
        self._now = now
        self.changed = changed
        self._entries: dict[ObjectKey, Entry] = {}
        self._asking: list[Entry] = []

    @property
    def latest(self) -> tuple[TrackedChange | None, int]:
        """The change to show, and how many others are on their way."""
        entries = [one for one in (*self._entries.values(), *self._asking) if not one.is_hidden]
        if not entries:
            return None, 0
        *others, last = entries
        shown = last.followed
        if not shown.is_done:
            shown = replace(shown, seconds=max(0.0, self._now() - last.began))
        return shown, sum(not other.followed.is_done for other in others)

    @property
    def acting(self) -> dict[ObjectKey, str]:
        """What is being done to each object whose change has not settled yet, hidden or not."""
        return {key: entry.followed.what for key, entry in self._entries.items() if not entry.followed.is_done}

    def entry_of(self, key: ObjectKey) -> Entry | None:
        """Return the entry of an object, None when there is none."""
        return self._entries.get(key)

    def begin(self, key: ObjectKey, what: str) -> Entry:
        """Begin to speak of a change, instead of the one before of the same object."""
        self._entries.pop(key, None)
        entry = self._entries[key] = Entry(self, key, what, self._now())
        return entry

    @contextmanager
    def asking(self, key: ObjectKey, what: str, words: str) -> Iterator[None]:
        """Say that the server is being asked, for as long as it is; what is said of changes stays."""
        entry = Entry(self, key, what, self._now())
        entry.followed = replace(entry.followed, words=words, hint="Esc cancels")
        self._asking.append(entry)
        self.changed()
        try:
            yield
        finally:
            self._asking.remove(entry)
            self.changed()

    def remove(self, entry: Entry) -> None:
        """Take an entry out."""
        self._entries.pop(entry.key, None)
        self.changed()

    def dismiss(self) -> bool:
        """Show nothing of the changes any more; those on their way go on. False when nothing was shown."""
        shown = [entry for entry in self._entries.values() if not entry.is_hidden]
        for entry in shown:
            if entry.followed.is_done:
                del self._entries[entry.key]
            else:
                entry.is_hidden = True
        self.changed()
        return bool(shown)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self.changed()
