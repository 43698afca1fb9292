"""Which lines of a buffer are shown: those that match, with lines of context, without what is hidden.

The context of a line is what the same container wrote before and after it: in a stream of fifty pods the neighbours
are others' lines. A group is a run of shown lines of one container with none of its own left out between them.
Invariants: `shown` holds exactly the lines to be shown among those with a number below `next_number`; markers are
always shown, save those of a hidden container; a context line may be put between numbers already there.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

from k9py.logs.buffer.buffer import LogBuffer
from k9py.logs.buffer.hide_rules import HideRules
from k9py.logs.buffer.line_numbers import LineNumbers
from k9py.logs.line import LogLine
from k9py.logs.source import ContainerKey

SLICE_LINES: Final = 256
SLICE_CHARACTERS: Final = 65_536
"""Looked at between two looks at the clock: so many lines, or so many characters of long ones."""
MAX_CONTEXT: Final = 20


class LineMatcher(Protocol):
    """What a filter or search asks of a line; `keeping.query.Query` is one."""

    @property
    def can_be_slow(self) -> bool:
        """Say whether the clock is to be looked at after each line."""
        ...

    def matches(self, line: LogLine) -> bool:
        """Say whether the line is wanted."""
        ...


class _Near:
    """What is known of one container's lines near the present one."""

    __slots__ = ("after", "before", "broken")

    def __init__(self, context: int) -> None:
        self.before: deque[int] = deque(maxlen=context)
        self.after = 0
        self.broken = True


class LineFilter:
    """Chooses the lines to be shown.

    Args:
        query: What lines must match; None: all do.
        hidden: What is left out.
        context: Lines of the same container shown before and after a match.
        begin: Number of the first line looked at: none before it is shown.
    """

    def __init__(self, query: LineMatcher | None, hidden: HideRules, context: int = 0, begin: int = 0) -> None:
        self.query = query
        self.hidden = hidden
        self.context = context if query is not None else 0
        self.shown = LineNumbers()
        self.next_number = self._begin = begin
        self._starts: set[int] = set()
        self._near: dict[ContainerKey, _Near] = {}
        self._watched: array[int] | None = None
        self._context = LineNumbers()

    def watch(self) -> array[int]:
        """Return an array that has all numbers shown and gets each later one; its reader may empty it. One reader."""
        self._watched = array("q", self.shown.values)
        return self._watched

    def unwatch(self) -> None:
        """Keep no such array any more."""
        self._watched = None

    def starts_group(self, number: int) -> bool:
        """Say whether lines are left out before that shown line, with context on."""
        return number in self._starts

    def is_context(self, number: int) -> bool:
        """Say whether that shown line is there for the sake of another."""
        return number in self._context

    def forget(self, buffer: LogBuffer) -> None:
        """Take out lines that are no longer kept; the marker for lost ones is shown."""
        if self.shown.forget_dropped(buffer) and len(self._starts) > 2 * len(self.shown) + 1000:
            self._starts.intersection_update(self.shown.values)
        self._context.forget_dropped(buffer)
        for _, end in buffer.dropped_ranges:
            if self._begin < end <= self.next_number:
                self.shown.add(end - 1)

    def advance(self, buffer: LogBuffer, should_pause: Callable[[], bool]) -> bool:
        """Look at lines not yet seen until done or told to pause; True when every line has been seen."""
        self.forget(buffer)
        can_be_slow = self.query is not None and self.query.can_be_slow
        while self.next_number < buffer.end:
            room = SLICE_CHARACTERS
            for number, line in buffer.slice_from(self.next_number, SLICE_LINES):
                self._look_at(number, line, buffer)
                self.next_number = number + 1
                room -= len(line.text)
                if room < 0:
                    break
                if can_be_slow and should_pause():
                    return self.next_number >= buffer.end
            if should_pause():
                break
        return self.next_number >= buffer.end

    def _look_at(self, number: int, line: LogLine, buffer: LogBuffer) -> None:
        if self.hidden and self.hidden.hides(line):
            return
        if line.marker or self.query is None:
            self._show(number)
            return
        wanted = self.query.matches(line)
        if not self.context:
            if wanted:
                self._show(number)
            return
        place = line.target.container_key
        near = self._near.get(place)
        if near is None:
            near = self._near[place] = _Near(self.context)
        if wanted:
            group = [*(one for one in near.before if buffer.line(one) is not None), number]
            if near.broken:
                self._starts.add(group[0])
            for one in group:
                self._show(one)
            for one in group[:-1]:
                self._context.add(one)
            near.before.clear()
            near.after, near.broken = self.context, False
        elif near.after:
            near.after -= 1
            self._show(number)
            self._context.add(number)
        else:
            near.broken = near.broken or len(near.before) == self.context
            near.before.append(number)

    def _show(self, number: int) -> None:
        self.shown.add(number)
        if self._watched is not None:
            self._watched.append(number)
