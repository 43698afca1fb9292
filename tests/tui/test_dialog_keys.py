"""The keys that mean the same in every dialog: Tab Enter confirms, Enter alone does not, Esc is one step back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from textual.widgets import Button
from textual.widgets._toast import Toast

from k9py.api.errors import RefusedError
from k9py.operations import proposing
from k9py.tui.dialogs.check import CheckDialog
from k9py.tui.dialogs.choose import ChooseDialog
from k9py.tui.dialogs.command_line import CommandLine
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.dialogs.dialog import Dialog, place_text
from k9py.tui.dialogs.filtered_list import ChoiceItem
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.question import Question
from k9py.tui.dialogs.quit import QuitDialog
from k9py.tui.dialogs.save_log import SaveLogDialog
from k9py.tui.dialogs.set_image import SetImageDialog
from k9py.tui.dialogs.stuck_pods import StuckPodsDialog
from k9py.tui.dialogs.undo import UndoDialog
from k9py.tui.operations.front_end import DashboardFrontEnd
from k9py.tui.screens.help import HelpScreen
from k9py.tui.screens.rollout import RolloutScreen
from k9py.tui.theme import ThemedApp
from k9py.views.values import Tone
from tests.tui.dashboard import CART, CHECKOUT, Dashboard
from tests.tui.test_writing import converged, stored

PLACE = place_text("shop", "demo")


def _set_image() -> Dialog[Any]:
    dialog = SetImageDialog("Deployment cart", PLACE, {"app": "reg/cart:1"}, check=lambda _: "")
    dialog.typed = {"app": "reg/cart:2"}
    return dialog


ASKING: dict[str, tuple[Callable[[], Dialog[Any]], object]] = {
    "confirm": (lambda: ConfirmDialog(Question("Restart", "Deployment cart", PLACE)), True),
    "quit": (QuitDialog, True),
    "stuck pods": (lambda: StuckPodsDialog("StatefulSet db", PLACE, [("db-0", "u", "crash-looping")]), True),
    "offer": (lambda: MessageDialog("Undo", "it is paused", "resume it", tone=Tone.WARN, offer=("P", "Resume")), True),
    "set image": (_set_image, {"app": "reg/cart:2"}),
    "choose": (lambda: ChooseDialog("Namespace", [ChoiceItem("shop", "shop")]), "shop"),
    "check": (lambda: CheckDialog("Columns", [ChoiceItem("a", "A"), ChoiceItem("b", "B")], checked=["b"]), ("b",)),
    "save log": (lambda: SaveLogDialog(1, 2, "/tmp/x"), "shown"),
}


async def answer(kdash: Dashboard, dialog: Dialog[Any], *keys: str) -> list[object]:
    """Return the dialog's answers (at most one) after these keys."""
    answers: list[object] = []
    kdash.app.push_screen(dialog, answers.append)
    await kdash.until(lambda: kdash.app.screen is dialog and kdash.app.focused is not None, "the dialog")
    await kdash.press(*keys)
    await kdash.pilot.pause()
    if kdash.app.screen is dialog:
        await kdash.press("escape")
        return []
    return answers


@pytest.mark.parametrize("name", ASKING)
async def test_tab_enter_confirms_in_every_dialog_and_esc_in_none(kdash: Dashboard, name: str) -> None:
    make, wanted = ASKING[name]
    assert await answer(kdash, make(), "tab", "enter") == [wanted]
    assert await answer(kdash, make(), "escape") == [None]
    assert await answer(kdash, make(), "tab", "escape") == [None]


@pytest.mark.parametrize("name", ["confirm", "quit", "stuck pods", "offer"])
async def test_enter_alone_confirms_nothing(kdash: Dashboard, name: str) -> None:
    make, _ = ASKING[name]
    assert await answer(kdash, make(), "enter") in ([None], [False])
    assert await answer(kdash, make(), "tab", "tab", "enter") in ([None], [False])


async def test_escape_escape_enter_never_quits_and_neither_does_ctrl_p_enter(kdash: Dashboard) -> None:
    await kdash.press("escape", "escape", "enter")
    await kdash.until_screen(RolloutScreen)
    await kdash.press("escape", "q")
    asking = await kdash.until_screen(QuitDialog)
    assert kdash.app.focused is asking.query_one("#stay", Button)
    await kdash.press("enter")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "stayed")
    await kdash.press("ctrl+p")
    await kdash.until_screen(CommandLine)
    await kdash.until(lambda: "Help: all keys" in kdash.text, "its commands")
    await kdash.press("enter")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "nothing was chosen")
    await kdash.press("ctrl+p", "down", "enter")
    await kdash.until_screen(HelpScreen)


async def test_tab_on_an_empty_command_line_completes_nothing_so_enter_runs_nothing(kdash: Dashboard) -> None:
    await kdash.press("colon")
    await kdash.until_screen(CommandLine)
    await kdash.press("tab", "enter")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "back at home")
    assert not kdash.app._exit


async def test_escape_in_the_confirmation_of_an_undo_goes_back_to_its_revisions(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("u")
    asking = await kdash.until_screen(UndoDialog)
    await kdash.press("down")
    chosen = asking.selected
    await kdash.press("enter")
    await kdash.confirm()
    await kdash.press("escape")
    again = await kdash.until_screen(UndoDialog)
    assert again.selected == chosen
    await kdash.press("escape")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "back at home")


@pytest.mark.parametrize(
    ("key", "typed", "dialog"), [("u", ["down", "enter"], UndoDialog), ("i", [*"9.9.9", "enter"], SetImageDialog)]
)
async def test_escape_during_the_dry_run_goes_back_to_what_was_chosen(
    kdash: Dashboard, monkeypatch: pytest.MonkeyPatch, key: str, typed: list[str], dialog: type[Dialog[Any]]
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    await kdash.select(CHECKOUT)
    await kdash.press(key)
    asking = await kdash.until_screen(dialog)
    monkeypatch.setattr(proposing, "dry_run", never)
    await kdash.press(*typed)
    await kdash.until_text("dry-running…", "Esc cancels")
    await kdash.press("escape")
    again = await kdash.until_screen(dialog)
    assert again is not asking
    assert "dry-running" not in kdash.text
    if isinstance(again, UndoDialog):
        assert again.selected is not None
        assert again.selected.number == 4, "the one that was chosen"
    await kdash.press("escape")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "back at home")


async def test_escape_before_the_confirmation_is_drawn_goes_back_too(
    kdash: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("u")
    asking = await kdash.until_screen(UndoDialog)
    with monkeypatch.context() as held:
        held.setattr(DashboardFrontEnd, "_release_keys", lambda *_, **__: None)
        await kdash.press("enter")
        await kdash.confirm()
        await kdash.press("escape")
        assert await kdash.until_screen(UndoDialog) is not asking


async def test_escape_during_the_dry_run_of_what_asked_nothing_before_ends_it(
    kdash: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(proposing, "dry_run", never)
    await kdash.select(CART)
    await kdash.press("r")
    await kdash.until_text("dry-running…", "Esc cancels")
    await kdash.press("escape")
    await kdash.until(lambda: "dry-running" not in kdash.text, "given up")
    await kdash.press("u")
    await kdash.until_screen(UndoDialog)


async def test_escape_in_the_confirmation_of_an_image_goes_back_to_what_was_typed(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("i")
    await kdash.until_screen(SetImageDialog)
    await kdash.press(*"9.9.9", "enter")
    await kdash.confirm()
    await kdash.press("escape")
    again = await kdash.until_screen(SetImageDialog)
    assert next(iter(again.typed.values())).endswith(":9.9.9")


async def test_cancel_in_a_confirmation_gives_up_altogether(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("u")
    await kdash.until_screen(UndoDialog)
    await kdash.press("enter")
    await kdash.confirm()
    await kdash.press("enter")
    await kdash.until(lambda: kdash.app.screen is kdash.home, "back at home")


async def test_escape_dismisses_how_a_running_change_stands_and_the_change_goes_on(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("r")
    await kdash.confirm()
    await kdash.press("tab", "enter")
    await kdash.until_text("restart", "Esc dismisses")
    await kdash.press("escape")
    await kdash.until(lambda: not kdash.home.progress.display, "the strip gone")
    assert kdash.app.screen is kdash.home
    await converged(kdash, CART)
    assert not kdash.home.progress.display, "a good end is not told again"
    annotations = stored(kdash, CART)["spec"]["template"]["metadata"]["annotations"]
    assert "kubectl.kubernetes.io/restartedAt" in annotations


async def test_a_dismissed_change_that_ends_badly_is_told_again(kdash: Dashboard) -> None:
    board = kdash.app.operations.log

    def shown() -> str:
        followed, _ = board.latest
        return "" if followed is None else followed.status_text

    entry = board.begin(CART, "restart")
    entry.set_text("rolling out 1/3")
    assert board.dismiss()
    assert shown() == ""
    assert not board.dismiss(), "nothing is shown any more"
    entry.set_text("stuck: image not found", Tone.FAIL)
    assert shown() == "stuck: image not found"


async def test_a_message_without_an_offer_has_only_one_way(kdash: Dashboard) -> None:
    error = RefusedError("no", "why not")
    assert await answer(kdash, MessageDialog.of_error("Scale", error), "tab", "enter") == [None]


async def test_a_message_never_covers_a_dialog() -> None:
    app = ThemedApp[None]()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.notify("of the key before")
        dialog = QuitDialog()
        await app.push_screen(dialog)
        await pilot.pause()
        assert not app._notifications
        app.notify("it has settled")
        while not (toasts := [toast for toast in dialog.walk_children(Toast) if toast.region]):
            await pilot.pause()
        assert [toast.region.bottom for toast in toasts] == [1]
        assert dialog.query_one(".box").region.y > 1
