"""Which lines of a buffer are shown: those that match, with lines of context, without what is hidden.

The context of a line is what the same container wrote before and after it: in a stream of fifty pods the neighbours are
other containers' lines. A group is a sequence of shown lines of one container without an omitted one in between.
Invariants: `shown` contains exactly the lines to show among those with a number below `next_number`; markers are always
shown, except those of a hidden container; a context line may be inserted between numbers already contained.
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
"""Checked between two looks at the clock: that many lines, or characters of long ones."""
MAX_CONTEXT: Final = 20


class LineMatcher(Protocol):
    """Decides whether a filter or search matches a line; `LogQuery` is one."""

    @property
    def can_be_slow(self) -> bool:
        """Whether a line may take milliseconds, so that the clock must be checked after each."""
        ...

    def matches(self, line: LogLine) -> bool:
        """Return whether the line matches."""
        ...


class _Context:
    """The lines of one container before the current one that may become context, and the context still to show."""

    __slots__ = ("before", "has_gap", "remaining")

    def __init__(self, context: int) -> None:
        self.before: deque[int] = deque(maxlen=context)
        self.remaining = 0
        self.has_gap = True


class LineFilter:
    """Selects the lines to show.

    Args:
        query: what lines must match; None: all do.
        hidden: what is hidden.
        context: lines of the same container shown before and after a match.
        begin: number of the first line checked: none before it is shown.
    """

    def __init__(self, query: LineMatcher | None, hidden: HideRules, context: int = 0, begin: int = 0) -> None:
        self.query = query
        self.hidden = hidden
        self.context = context if query is not None else 0
        self.shown = LineNumbers()
        self.next_number = self._begin = begin
        self._group_starts: set[int] = set()
        self._contexts: dict[ContainerKey, _Context] = {}
        self._watched: array[int] | None = None
        self._context_lines = LineNumbers()

    def watch(self) -> array[int]:
        """Return an array of all numbers shown, to which later ones are appended; its single reader may empty it."""
        self._watched = array("q", self.shown.values)
        return self._watched

    def unwatch(self) -> None:
        """Stop appending to the array of `watch`."""
        self._watched = None

    def starts_group(self, number: int) -> bool:
        """Return whether, with context on, lines are omitted before that shown line."""
        return number in self._group_starts

    def is_context(self, number: int) -> bool:
        """Return whether that shown line is context of another."""
        return number in self._context_lines

    def forget_dropped(self, buffer: LogBuffer) -> None:
        """Remove lines that are no longer kept; the marker for dropped ones is shown."""
        if self.shown.forget_dropped(buffer) and len(self._group_starts) > 2 * len(self.shown) + 1000:
            self._group_starts.intersection_update(self.shown.values)
        self._context_lines.forget_dropped(buffer)
        for _, end in buffer.dropped_ranges:
            if self._begin < end <= self.next_number:
                self.shown.add(end - 1)

    def advance(self, buffer: LogBuffer, should_pause: Callable[[], bool]) -> bool:
        """Check new lines until done or paused; return whether every line was checked."""
        self.forget_dropped(buffer)
        can_be_slow = self.query is not None and self.query.can_be_slow
        while self.next_number < buffer.end:
            room = SLICE_CHARACTERS
            for number, line in buffer.slice_from(self.next_number, SLICE_LINES):
                self._check(number, line, buffer)
                self.next_number = number + 1
                room -= len(line.text)
                if room < 0:
                    break
                if can_be_slow and should_pause():
                    return self.next_number >= buffer.end
            if should_pause():
                break
        return self.next_number >= buffer.end

    def _check(self, number: int, line: LogLine, buffer: LogBuffer) -> None:
        if self.hidden and self.hidden.hides(line):
            return
        if line.marker or self.query is None:
            self._show(number)
            return
        is_match = self.query.matches(line)
        if not self.context:
            if is_match:
                self._show(number)
            return
        key = line.target.container_key
        context = self._contexts.get(key)
        if context is None:
            context = self._contexts[key] = _Context(self.context)
        if is_match:
            before = [kept for kept in context.before if buffer.line(kept) is not None]
            if context.has_gap:
                self._group_starts.add(before[0] if before else number)
            for kept in before:
                self._show(kept)
                self._context_lines.add(kept)
            self._show(number)
            context.before.clear()
            context.remaining, context.has_gap = self.context, False
        elif context.remaining:
            context.remaining -= 1
            self._show(number)
            self._context_lines.add(number)
        else:
            context.has_gap = context.has_gap or len(context.before) == self.context
            context.before.append(number)

    def _show(self, number: int) -> None:
        self.shown.add(number)
        if self._watched is not None:
            self._watched.append(number)
