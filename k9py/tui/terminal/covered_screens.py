"""Keeps what is covered from being drawn: Textual draws the screen below the top one although none of it can be seen.

Overrides the private `App._background_screens` and `Screen._compositor_refresh`; nothing else does. Invariants: below a
screen with an opaque background nothing is drawn until it is uncovered. Below a dialog, a change costs one drawing of
its region: Textual's own code marks the covered screen as changed each time it is drawn, so that it draws the whole
screen again and again. With a minor version of Textual that was not tested, Textual draws as it likes.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from textual.app import App
from textual.screen import Screen

from k9py.tui.terminal.terminal_app import IS_TESTED

ResultT = TypeVar("ResultT")


class CoveringApp(App[ResultT], Generic[ResultT]):
    """An app whose opaque screens hide those below."""

    @property
    def _background_screens(self) -> list[Screen[Any]]:
        if IS_TESTED and self._screen_stack and self.screen.styles.background.a == 1:
            return []
        return super()._background_screens


class CoveredScreen(Screen[ResultT], Generic[ResultT]):
    """A screen that is drawn once for each change while a dialog covers it."""

    def _compositor_refresh(self) -> None:
        app = self.app
        if not IS_TESTED or app.is_inline or self is app.screen or self not in app._background_screens:
            super()._compositor_refresh()
            return
        changed = self._compositor._dirty_regions
        if changed:
            app.screen.refresh(*changed)
            changed.clear()
        self._dirty_widgets.clear()
