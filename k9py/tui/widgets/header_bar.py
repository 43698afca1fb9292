"""The bars at the top of a screen: cluster and watches; notices about what is not shown."""

from __future__ import annotations

from collections.abc import Sequence

from k9py.tui.widgets.segment_bar import BarSegment, SegmentBar


class NoticeBar(SegmentBar):
    """The line under the header; hidden while there is no notice."""

    DEFAULT_CSS = """
    NoticeBar { background: $surface; display: none; }
    NoticeBar.-on { display: block; }
    """

    def set_notices(self, segments: Sequence[BarSegment]) -> None:
        """Show these segments; hide when there are none."""
        self.set_class(bool(segments), "-on")
        self.set_segments(segments)


class HeaderBar(SegmentBar):
    """A `SegmentBar` docked at the top."""

    DEFAULT_CSS = """
    HeaderBar { dock: top; background: $panel; }
    """
