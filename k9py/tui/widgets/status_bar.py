"""The bar at the bottom of a screen: what is going on, and hints."""

from __future__ import annotations

from k9py.tui.widgets.segment_bar import SegmentBar


class StatusBar(SegmentBar):
    """A `SegmentBar` docked at the bottom."""

    DEFAULT_CSS = """
    StatusBar { dock: bottom; background: $surface; }
    """
