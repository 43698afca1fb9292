"""Lay every screen out for the current size of the app, whatever size an old Resize has.

Textual's `Screen._refresh_layout` sends a Resize to the screen itself whenever its size has changed. With two sizes in
the queue, each layout sends the other's Resize again, forever: a full core, and other messages wait. Here a Resize only
triggers the layout; the size is the app's. Written against Textual 8.2.
"""

from __future__ import annotations

from typing import Any

from textual.geometry import Size
from textual.screen import Screen

_screen_resized = Screen._screen_resized


def _resized(screen: Screen[Any], _size: Size) -> None:
    _screen_resized(screen, screen.app.size)


def lay_out_for_the_present_size() -> None:
    """Patch all screens, Textual's own too."""
    Screen._screen_resized = _resized  # type: ignore[method-assign, assignment]
