"""One line of short facts for the top or bottom of a screen; the least important ones are dropped when room is short.

Invariants: the bar never wraps and never changes the layout; it is redrawn only when its segments or width change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.widgets import Static

from k9py.api.text import printable
from k9py.tui.theme import palette_for
from k9py.tui.widgets.live_table.drawing import fit_text
from k9py.views.values import Tone

SEPARATOR: Final = "  "
SHORTEST_CELLS: Final = 8
"""The shortest text of a segment that may shrink."""
SHRINK_BEFORE_PRIORITY: Final = 2
"""Segments of this priority number and above are dropped before any other is cut."""


@dataclass(frozen=True, slots=True)
class BarSegment:
    """A fact in a bar.

    Args:
        text: Any characters; shown on one line.
        tone: WARN, FAIL, DEGRADED, STUCK, BUSY and UNKNOWN get their symbol in front.
        priority: 0 is never dropped; higher numbers go first.
        label: Dim word before the text, such as "context".
        right: Stands at the right end.
        shrink: May be cut with an ellipsis before others are dropped.
        action: Action of the screen that a click runs, such as "contexts"; "" for none.
    """

    text: str
    tone: Tone = Tone.PLAIN
    priority: int = 1
    label: str = ""
    right: bool = False
    shrink: bool = False
    action: str = ""

    @property
    def shown_text(self) -> str:
        """The text with the symbol of its tone, printable."""
        marked = self.tone in (Tone.WARN, Tone.FAIL, Tone.DEGRADED, Tone.STUCK, Tone.BUSY, Tone.UNKNOWN)
        return printable(f"{self.tone.symbol} {self.text}" if marked else self.text)

    @property
    def cells(self) -> int:
        """Cells it takes."""
        return cell_len(self.shown_text) + (cell_len(printable(self.label)) + 1 if self.label else 0)


def choose_segments(segments: Sequence[BarSegment], room: int) -> list[tuple[BarSegment, int]]:
    """Return the segments that fit into `room` cells, with the cells each may take, in the given order."""
    chosen = [segment for segment in segments if segment.text]
    cells = {id(segment): segment.cells for segment in chosen}

    def total() -> int:
        return sum(cells[id(segment)] for segment in chosen) + len(SEPARATOR) * max(0, len(chosen) - 1)

    def drop(least_priority: int) -> None:
        nonlocal chosen
        while total() > room:
            lowest = max((segment.priority for segment in chosen), default=0)
            if lowest < least_priority:
                return
            dropped = [segment for segment in chosen if segment.priority == lowest][-1]
            chosen = [segment for segment in chosen if segment is not dropped]

    drop(SHRINK_BEFORE_PRIORITY)
    for segment in sorted((segment for segment in chosen if segment.shrink), key=lambda segment: -segment.priority):
        shortest = min(segment.cells, segment.cells - cell_len(segment.shown_text) + SHORTEST_CELLS)
        cells[id(segment)] = max(shortest, segment.cells - max(0, total() - room))
    drop(1)
    spare = room - total()
    for segment in chosen:  # widen cut segments into the room that dropping made
        if segment.shrink and spare > 0:
            more = min(spare, segment.cells - cells[id(segment)])
            cells[id(segment)] += more
            spare -= more
    return [(segment, cells[id(segment)]) for segment in chosen]


def _targets(chosen: Sequence[tuple[BarSegment, int]], starts: Mapping[bool, int]) -> Iterator[tuple[int, int, str]]:
    """Yield first cell, end and action of the segments that have one; `starts`: first cell of left and right."""
    for right, x in starts.items():
        for segment, cells in chosen:
            if segment.right is right:
                if segment.action:
                    yield x, x + cells, segment.action
                x += cells + len(SEPARATOR)


class SegmentBar(Static):
    """A one-line bar of segments."""

    DEFAULT_CSS = """
    SegmentBar { height: 1; width: 1fr; background: $panel; color: $foreground; padding: 0 1; }
    """

    def __init__(
        self,
        segments: Sequence[BarSegment] = (),
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__("", markup=False, name=name, id=id, classes=classes)
        self._segments = tuple(segments)
        self._drawn_for: tuple[object, ...] = ()
        self._targets: tuple[tuple[int, int, str], ...] = ()

    @property
    def segments(self) -> tuple[BarSegment, ...]:
        """The segments, dropped ones too."""
        return self._segments

    def set_segments(self, segments: Sequence[BarSegment]) -> None:
        """Show these segments; cheap when they are the same."""
        self._segments = tuple(segments)
        self._draw()

    def on_mount(self) -> None:
        """Draw, and again when the theme changes."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._draw())
        self._draw()

    def on_resize(self) -> None:
        """Choose the segments for the new width."""
        self._draw()

    async def on_click(self, event: events.Click) -> None:
        """Run the action of the clicked segment."""
        x = event.get_content_offset_capture(self).x
        for start, end, action in self._targets:
            if start <= x < end:
                await self.app.run_action(action, self.screen)

    def _draw(self) -> None:
        room = self.size.width
        if not self.is_mounted or room <= 0:
            return
        palette = palette_for(self.app)
        drawn_for = (self._segments, room, palette.name)
        if drawn_for == self._drawn_for:
            return
        self._drawn_for = drawn_for
        chosen = choose_segments(self._segments, room)
        left = self._text([fitted for fitted in chosen if not fitted[0].right])
        right = self._text([fitted for fitted in chosen if fitted[0].right])
        blank = max(0, room - left.cell_len - right.cell_len)
        starts = {False: 0, True: left.cell_len + blank}
        self._targets = tuple(_targets(chosen, starts))
        self.update(Text.assemble(left, " " * blank, right, no_wrap=True, overflow="crop"), layout=False)

    def _text(self, chosen: Sequence[tuple[BarSegment, int]]) -> Text:
        palette = palette_for(self.app)
        text = Text(no_wrap=True, end="")
        for position, (segment, cells) in enumerate(chosen):
            if position:
                text.append(SEPARATOR)
            if segment.label:
                label = printable(segment.label) + " "
                text.append(label, palette.muted)
                cells -= cell_len(label)
            shown = segment.shown_text
            text.append(
                fit_text(shown, max(1, cells)) if cell_len(shown) > cells else shown, palette.tone(segment.tone)
            )
        return text
