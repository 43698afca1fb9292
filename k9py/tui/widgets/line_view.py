"""The base of every live widget that draws many lines: a window of screen lines over content that is never drawn whole.

Owns: the scroll position (in lines and cells), the coalesced redraw, the comparison of what a screen line shows with
what it should show, and a one-cell scroll mark. Invariant: a screen line is redrawn only when its signature differs
from the signature it was painted with; model changes never draw, they only schedule the next flush.

To extend: subclass, give each screen line a hashable signature (`line_signature`) that holds everything its look
depends on, and turn a signature into a strip (`build_line`). The widget keeps no border or padding of its own: put it
in a container that has them (the cheap path past Textual's styles cache needs a bare widget; with a border it still
works, only slower).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from time import monotonic
from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.filter import ANSIToTruecolor
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from k9py.config.terminal import redraws_per_second
from k9py.tui.palettes import Palette
from k9py.tui.theme import palette_for

WHEEL_LINES: Final = 3
_STRIP_CACHE_LINES: Final = 200
"""Two tall screens or three: each strip is some thirty objects for the garbage collector to walk."""
_UNPAINTED: Final = object()


def always() -> bool:
    """Allow every redraw."""
    return True


@dataclass(slots=True)
class PaintCount:
    """What a widget has drawn since it was created; read by tests."""

    flushes: int = 0
    lines: int = 0
    cells: int = 0


@dataclass(frozen=True, slots=True)
class LineViewOptions:
    """What all live widgets of an app share.

    Args:
        redraws_per_second: Upper limit for redraws caused by changes of the content (keys paint at once).
            None: 10, or 4 over SSH.
        clock: Monotonic seconds, for the redraw limit and for pausing long work.
        can_paint: Checked before a redraw caused by content; False skips this tick (the terminal link is behind).
    """

    redraws_per_second: float | None = None
    clock: Callable[[], float] = monotonic
    can_paint: Callable[[], bool] = always


class LineView(Widget, can_focus=True):
    """A focusable window over lines, drawn line by line and only where something changed."""

    DEFAULT_CSS = """
    LineView { background: $background; color: $foreground; overflow: hidden hidden; }
    """

    HEADER_LINES: ClassVar[int] = 0
    """Screen lines at the top that do not scroll."""

    def __init__(
        self,
        *,
        options: LineViewOptions | None = None,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        options = options or LineViewOptions()
        self.flush_interval = 1.0 / (options.redraws_per_second or redraws_per_second(os.environ))
        self.can_paint = options.can_paint
        self.clock = options.clock
        self.paint_count = PaintCount()
        self.top = 0
        """First content line on the screen."""
        self.left = 0
        """Cells scrolled to the right."""
        self._flush_timer: Timer | None = None
        self._last_flush = float("-inf")
        self._painted: list[object] = []
        self._strips: dict[Hashable, Strip] = {}
        self._base: Style | None = None
        self._palette: Palette | None = None
        self._styles_on_base: dict[Style, Style] = {}

    # -- for subclasses -----------------------------------------------------------------------------------------------

    def line_count(self) -> int:
        """Return the number of content lines (headers not counted)."""
        raise NotImplementedError

    def line_signature(self, y: int) -> Hashable:
        """Return everything the look of screen line `y` depends on, apart from width and theme. None: a blank line."""
        raise NotImplementedError

    def build_line(self, signature: Hashable, width: int) -> Strip:
        """Return the strip for a signature, exactly `width` cells wide."""
        raise NotImplementedError

    def apply_pending(self) -> None:
        """Apply changes of the model; called once before each redraw caused by content."""

    def wheel(self, lines: int) -> None:
        """Scroll because the mouse wheel was turned."""

    def changed_spans(self, old: object, new: Hashable) -> Iterable[tuple[int, int]] | None:
        """Return (x, width) of the cells that differ between two signatures of a line, or None for the whole line."""
        return None

    # -- geometry -----------------------------------------------------------------------------------------------------

    @property
    def page_lines(self) -> int:
        """Content lines that fit on the screen."""
        return max(0, self.size.height - self.HEADER_LINES)

    @property
    def text_width(self) -> int:
        """Cells of a line that may carry content: the last cell belongs to the scroll mark."""
        return max(1, self.size.width - 1)

    def max_top(self) -> int:
        """Return the greatest useful value of `top`."""
        return max(0, self.line_count() - self.page_lines)

    # -- redraw -------------------------------------------------------------------------------------------------------

    def schedule_flush(self) -> None:
        """Schedule a redraw at the next tick; many calls between two ticks cost one redraw."""
        if self._flush_timer is None and self.is_mounted:
            wait = self._last_flush + self.flush_interval - self.clock()
            self._flush_timer = self.set_timer(min(max(0.001, wait), self.flush_interval), self._flush_on_tick)

    def _flush_on_tick(self) -> None:
        self._flush_timer = None
        if self.can_paint():
            self.flush()
        else:
            self._last_flush = self.clock()
            self.schedule_flush()

    def flush(self) -> None:
        """Apply pending changes and redraw the lines that differ, now."""
        if self._flush_timer is not None:
            self._flush_timer.stop()
            self._flush_timer = None
        self.apply_pending()
        self.repaint()
        self.paint_count.flushes += 1
        self._last_flush = self.clock()

    def post_own_message(self, message: Message) -> None:
        """Post a message with this widget as its sender.

        Textual takes the widget that handles a message for the sender of messages posted meanwhile, and stops their
        bubbling there: a message caused by a parent's handler would never get past that parent.
        """
        self.post_message(message.set_sender(self))

    def flush_if_mounted(self) -> None:
        """Flush now; before the mount, the first drawing does it."""
        if self.is_mounted:
            self.flush()

    def repaint(self) -> None:
        """Compare every screen line with what was painted there and refresh only what differs."""
        width, height = self.size
        painted = self._painted
        if len(painted) != height:
            self._painted = painted = [_UNPAINTED] * height
        regions: list[Region] = []
        count = self.paint_count
        for y in range(height):
            new = self._signature_with_mark(y)
            old = painted[y]
            if new == old:
                continue
            painted[y] = new
            spans = None
            if isinstance(old, tuple):
                spans = () if old[0] == new[0] else self.changed_spans(old[0], new[0])
                if spans is not None and old[1] != new[1]:
                    spans = (*spans, (width - 1, 1))
            if spans is None:
                regions.append(Region(0, y, width, 1))
                count.lines += 1
            else:
                for x, cells in spans:
                    regions.append(Region(x, y, cells, 1))
                    count.cells += 1
        if regions:
            # Drawn here: the frame that shows them runs in another turn of the event loop, which has enough to do.
            for y in {region.y for region in regions}:
                self.render_line(y)
            self.refresh(*regions)

    def invalidate(self) -> None:
        """Redraw every line at the next repaint (after a change of size, theme or layout of the lines)."""
        self._painted = [_UNPAINTED] * self.size.height
        self._strips.clear()

    # -- scroll mark --------------------------------------------------------------------------------------------------

    def _signature_with_mark(self, y: int) -> tuple[Hashable, str]:
        return (self.line_signature(y), self._scroll_mark(y))

    def _scroll_mark(self, y: int) -> str:
        total, page = self.line_count(), self.page_lines
        y -= self.HEADER_LINES
        if total <= page or y < 0 or page == 0:
            return " "
        size = max(1, round(page * page / total))
        hidden = total - page
        start = round((page - size) * min(self.top, hidden) / hidden)
        if self.top > 0 and start == 0 and page > size:
            start = 1
        return "┃" if start <= y < start + size else "│"

    # -- drawing ------------------------------------------------------------------------------------------------------

    @property
    def palette(self) -> Palette:
        """The palette of the current theme."""
        if self._palette is None:
            self._palette = palette_for(self.app)
        return self._palette

    @property
    def base_style(self) -> Style:
        """Foreground and background of the widget; cached because Textual drops its own at every refresh."""
        if self._base is None:
            self._base = self.rich_style
            self._styles_on_base = {}
        return self._base

    def on_base(self, style: Style) -> Style:
        """Return a palette style laid over the widget's own colours (cached)."""
        base = self.base_style
        combined = self._styles_on_base.get(style)
        if combined is None:
            combined = self._styles_on_base[style] = base + style
        return combined

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        painted = self._painted
        signature = painted[y] if y < len(painted) else _UNPAINTED
        if signature is _UNPAINTED:
            signature = self._signature_with_mark(y)
            if y < len(painted):
                painted[y] = signature
        assert isinstance(signature, tuple)
        content, mark = signature
        key = (content, mark, width)
        strip = self._strips.get(key)
        if strip is None:
            if len(self._strips) >= _STRIP_CACHE_LINES:
                self._strips.clear()
            strip = self._strips[key] = self._draw(content, mark, width)
        return strip

    def _draw(self, content: Hashable, mark: str, width: int) -> Strip:
        body = max(1, width - 1)
        inner = Strip.blank(body, self.base_style) if content is None else self.build_line(content, body)
        if width <= 1:
            return inner
        palette = self.palette
        style = self.on_base(palette.scroll_thumb if mark == "┃" else palette.scroll_track)
        return Strip([*inner, Segment(mark, style)], width)

    def render_lines(self, crop: Region) -> list[Strip]:
        if self.styles.gutter.totals != (0, 0):
            return super().render_lines(crop)
        strips = [self.render_line(y) for y in crop.line_range]
        for line_filter in self.get_line_filters():
            if line_filter.enabled and not isinstance(line_filter, ANSIToTruecolor):
                background = self.background_colors[1]
                strips = [strip.apply_filter(line_filter, background) for strip in strips]
        if crop.column_span != (0, self.size.width):
            start, end = crop.column_span
            strips = [strip.crop(start, end) for strip in strips]
        return strips

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._base = None
        self._palette = None
        self._strips.clear()

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Redraw what depends on the focus, such as the cursor line."""
        super().watch_has_focus(_has_focus)
        self.repaint()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        event.stop()
        self.wheel(-WHEEL_LINES)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        event.stop()
        self.wheel(WHEEL_LINES)

    def on_mount(self) -> None:
        """Draw the content given before the mount."""
        self.schedule_flush()

    def on_resize(self) -> None:
        """Lay out and draw for the new size."""
        self.invalidate()
        self.size_changed()
        self.apply_pending()
        self.refresh()

    def size_changed(self) -> None:
        """Adapt the layout of the lines to a new size; called before the redraw."""
        self.top = min(self.top, self.max_top())
