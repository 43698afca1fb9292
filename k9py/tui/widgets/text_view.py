"""Read-only text of any length, scrolled and searched: YAML, descriptions, diffs.

Invariant: only visible lines are drawn; the text changes only by `set_lines` / `set_text`, which keep the scroll
position where the new text allows it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from k9py.actions.action import ActionScope
from k9py.api.search_pattern import SearchPattern, SearchTimeoutError, compile_search, match_spans
from k9py.tui.bindings import bindings
from k9py.tui.keys import key_names
from k9py.tui.widgets.line_view import LineView, LineViewOptions
from k9py.tui.widgets.toned_text import TextLine, plain_lines, printable_line
from k9py.views.values import Tone

SIDEWAYS_CELLS: Final = 8
_MAX_SLOW: Final = 3


@dataclass(frozen=True, slots=True)
class _Line:
    index: int
    look: int
    left: int
    current: bool


class TextView(LineView):
    """Scrollable read-only text with search."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.TEXT_VIEW)

    @dataclass
    class Searched(Message):
        """The search has another result: `hits` lines match, the cursor is on number `at` (from 1; 0: none)."""

        view: TextView
        text: str
        at: int
        hits: int

        @property
        def control(self) -> TextView:
            return self.view

    def __init__(
        self,
        text: str = "",
        *,
        options: LineViewOptions | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(options=options, name=name, id=id, classes=classes)
        self._lines: list[TextLine] = plain_lines(text)
        self._widest: int | None = None
        self._look = 0
        self._search_text = ""
        self._pattern = compile_search("")
        self._hits: list[int] = []
        self._current: int | None = None

    # -- content ------------------------------------------------------------------------------------------------------

    def set_text(self, text: str, tone: Tone = Tone.PLAIN) -> None:
        """Show this text."""
        self.set_lines(plain_lines(text, tone))

    def set_lines(self, lines: Iterable[TextLine]) -> None:
        """Show these lines; keep the scroll position and the search."""
        self._lines = list(lines)
        self._widest = None
        self._look += 1
        self._find_hits()
        self.top = min(self.top, self.max_top())
        self.schedule_flush()

    @property
    def text(self) -> str:
        """The text shown, as plain lines."""
        return "\n".join(_line_text(line) for line in self._lines)

    def line_count(self) -> int:
        return len(self._lines)

    # -- search -------------------------------------------------------------------------------------------------------

    def search(self, text: str) -> None:
        """Highlight what matches (see `compile_search`) and go to the first hit from the top of the screen on."""
        self._search_text = text
        self._pattern = compile_search(text)
        self._look += 1
        self._current = None
        self._find_hits()
        if self._hits:
            self._go_to(self._hits[bisect_left(self._hits, self.top) % len(self._hits)])
        else:
            self._post_searched()
            self.repaint()

    def _find_hits(self) -> None:
        pattern = self._pattern
        self._hits = []
        if pattern is not None:
            self._hits = _hits(pattern, map(_line_text, self._lines))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "search_next" and self._pattern is None:
            return False  # its key has another meaning without a search
        return None if self.disabled_reason(action) else super().check_action(action, parameters)

    def disabled_reason(self, action: str) -> str:
        """Return why an action is not possible now, "" when it is."""
        is_nothing_searched = action == "search_previous" and self._pattern is None
        return key_names(self).fill("no search yet · {pane.filter} searches") if is_nothing_searched else ""

    def action_search_next(self) -> None:
        """Go to the next match; after the last one, to the first."""
        if self._hits:
            at = self.top - 1 if self._current is None else self._current
            self._go_to(self._hits[bisect_right(self._hits, at) % len(self._hits)])

    def action_search_previous(self) -> None:
        """Go to the previous match; before the first one, to the last."""
        if self._hits:
            at = self.top if self._current is None else self._current
            self._go_to(self._hits[bisect_left(self._hits, at) - 1])

    def _go_to(self, index: int) -> None:
        self._current = index
        if not self.top <= index < self.top + self.page_lines:
            self.top = max(0, min(index - self.page_lines // 3, self.max_top()))
        self._post_searched()
        self.repaint()

    def _post_searched(self) -> None:
        at = 0 if self._current is None else bisect_right(self._hits, self._current)
        self.post_own_message(self.Searched(self, self._search_text, at, len(self._hits)))

    # -- keys ---------------------------------------------------------------------------------------------------------

    def scroll_to_line(self, index: int) -> None:
        """Put that line on top, as far as the end of the text allows."""
        self.top = max(0, min(index, self.max_top()))
        self.repaint()

    def action_scroll_lines(self, lines: int) -> None:
        """Scroll by lines."""
        self.scroll_to_line(self.top + lines)

    def action_scroll_pages(self, pages: float) -> None:
        """Scroll by pages."""
        self.scroll_to_line(self.top + round(pages * max(2, self.page_lines - 1)))

    def action_edge(self, bottom: int) -> None:
        """Go to the first or last line."""
        self.scroll_to_line(self.max_top() if bottom else 0)

    def action_sideways(self, direction: int) -> None:
        """Scroll long lines sideways."""
        if self._widest is None:
            self._widest = max((cell_len(_line_text(line)) for line in self._lines), default=0)
        self.left = max(0, min(self.left + direction * SIDEWAYS_CELLS, self._widest - self.text_width + 1))
        self.repaint()

    def wheel(self, lines: int) -> None:
        self.action_scroll_lines(lines)

    # -- drawing ------------------------------------------------------------------------------------------------------

    def line_signature(self, y: int) -> Hashable:
        index = self.top + y
        if index >= len(self._lines):
            return None
        return _Line(index, self._look, self.left, index == self._current)

    def build_line(self, signature: Hashable, width: int) -> Strip:
        assert isinstance(signature, _Line)
        palette, on = self.palette, self.on_base
        # Textual may draw before the flush that follows `set_lines`: what was painted may be below the end by now.
        line = self._lines[signature.index] if signature.index < len(self._lines) else ()
        text = _line_text(line)
        styles = [(len(printable_line(span.text)), on(palette.tone(span.tone))) for span in line]
        hit = on(palette.hit_current if signature.current else palette.hit)
        marks = [(start, end, hit) for start, end in match_spans(self._pattern, text)]
        segments: list[Segment] = []
        at = 0
        for length, style in styles:
            end = at + length
            while at < end:
                inside = next(((stop, mark) for start, stop, mark in marks if start <= at < stop), None)
                following = min((start for start, _, _ in marks if start > at), default=end)
                stop = min(end, inside[0] if inside else following)
                segments.append(Segment(text[at:stop], inside[1] if inside else style))
                at = stop
        return Strip(segments).crop_extend(signature.left, signature.left + width, self.base_style)


def _hits(pattern: SearchPattern, texts: Iterable[str]) -> list[int]:
    """Return the indices of the texts that a pattern matches; stop when several take too long."""
    matching: list[int] = []
    slow = 0
    for index, text in enumerate(texts):
        try:
            if pattern.search(text):
                matching.append(index)
        except SearchTimeoutError:
            slow += 1
            if slow == _MAX_SLOW:
                break
    return matching


def _line_text(line: TextLine) -> str:
    return "".join([printable_line(span.text) for span in line])
