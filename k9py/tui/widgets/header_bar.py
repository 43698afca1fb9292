"""The bar at the top of a screen: where we are, and how the watches are."""

from __future__ import annotations

from k9py.tui.widgets.segment_bar import SegmentBar


class HeaderBar(SegmentBar):
    """A `SegmentBar` docked at the top."""

    DEFAULT_CSS = """
    HeaderBar { dock: top; background: $panel; }
    """
