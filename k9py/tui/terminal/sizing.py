"""Every screen is laid out for the size the app has now, whatever an old Resize says.

Textual's `Screen._refresh_layout` sends a Resize to the screen itself whenever its size has changed. With two sizes on
their way at once, each layout sends the other's Resize anew, for ever: a full core, and no other message is dealt with
in time. Here a Resize says only that there is something to do; the size is the app's. Written against Textual 8.2.
"""

from __future__ import annotations

from typing import Any

from textual.geometry import Size
from textual.screen import Screen

_laid_out_for = Screen._screen_resized


def _resized(screen: Screen[Any], _size: Size) -> None:
    _laid_out_for(screen, screen.app.size)


def lay_out_for_the_present_size() -> None:
    """Have it so for all screens, Textual's own too."""
    Screen._screen_resized = _resized  # type: ignore[method-assign, assignment]
