"""What is covered is not drawn: not at all below a screen, once for each change below a dialog."""

from __future__ import annotations

import pytest
from textual._compositor import Compositor
from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

from k9py.tui.terminal.covered_screens import CoveredScreen
from k9py.tui.terminal.diffing_app import DiffingApp


class Below(CoveredScreen[None]):
    DEFAULT_CSS = "Below { background: black; }"

    def compose(self) -> ComposeResult:
        yield Static("first", id="text")

    def show(self, text: str) -> None:
        self.query_one("#text", Static).update(text, layout=False)


class Above(CoveredScreen[None]):
    DEFAULT_CSS = "Above { background: black; }"


class Dialog(ModalScreen[None]):
    DEFAULT_CSS = "Dialog { background: black 50%; }"


class Host(DiffingApp[None]):
    def on_mount(self) -> None:
        self.below = Below()
        self.push_screen(self.below)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the compositors draw, in order: "all" or "part" of a screen."""
    drawn: list[str] = []
    whole, part = Compositor.render_full_update, Compositor.render_partial_update

    def render_full_update(self: Compositor, simplify: bool = False) -> object:
        drawn.append("all")
        return whole(self, simplify)

    def render_partial_update(self: Compositor) -> object:
        update = part(self)
        drawn.extend(["part"] if update is not None else [])
        return update

    monkeypatch.setattr(Compositor, "render_full_update", render_full_update)
    monkeypatch.setattr(Compositor, "render_partial_update", render_partial_update)
    return drawn


async def test_nothing_is_drawn_for_a_covered_screen_until_it_is_uncovered(drawn: list[str]) -> None:
    app = Host()
    async with app.run_test(size=(40, 10)) as pilot:
        await app.push_screen(Above())
        await pilot.pause(0.2)
        drawn.clear()
        app.below.show("second")
        await pilot.pause(0.2)
        assert drawn == []
        app.pop_screen()
        await pilot.pause()
        assert "second" in app.export_screenshot()


async def test_a_change_below_a_dialog_is_drawn_once(drawn: list[str]) -> None:
    app = Host()
    async with app.run_test(size=(40, 10)) as pilot:
        await app.push_screen(Dialog())
        await pilot.pause(0.2)
        app.below.show("second")  # draws all: the screen below was laid out before
        await pilot.pause(0.2)
        drawn.clear()
        app.below.show("third")
        await pilot.pause(0.3)
        assert drawn == ["part"]
        assert "third" in app.export_screenshot()
