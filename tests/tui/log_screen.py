"""Cart's logs on their own screen, for the tests that work it by keys."""

from __future__ import annotations

from k9py.tui.screens.logs import LogScreen
from tests.tui.dashboard import CART, Dashboard

MANY = 100
"""Lines cart's pods have written at the least when a test begins."""


async def opened(kdash: Dashboard) -> LogScreen:
    """Open cart's logs and wait until they are caught up."""
    await kdash.select(CART)
    await kdash.press("l")
    screen = await kdash.until_screen(LogScreen)
    await kdash.until(lambda: screen.logs.view.state.lines > MANY, "lines")
    return screen


async def until_said(kdash: Dashboard, message: str) -> None:
    """Return once that was said for a moment."""
    await kdash.until(
        lambda: any(message in str(notification.message) for notification in kdash.app._notifications), message
    )


async def typed(kdash: Dashboard, key: str, text: str) -> None:
    """Type into the bar that a key opens, and Enter."""
    named = {" ": "space", "=": "equals_sign", ">": "greater_than_sign", ".": "full_stop"}
    await kdash.press(key, *[named.get(letter, letter) for letter in text], "enter")
