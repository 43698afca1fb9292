"""`b` asks how to debug; what is created is confirmed, the terminal handed over, and a pod on a node removed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, Static

from k9py.api.streams import CommandEnd
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.tui.dialogs.choose import ChooseDialog
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.dialogs.debug import DebugDialog
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.remote import debugging
from k9py.tui.widgets.choice_field import ChoiceField
from tests.tui.dashboard import CHECKOUT, Dashboard, dashboard
from tests.tui.test_resources import listed

Raw = dict[str, Any]


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Dashboard]:
    with Simulator("shop", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path, namespace="shop", namespaces=("shop",)) as running:
            yield running


def for_debugging(running: Dashboard) -> list[Raw]:
    """Return the pods that kdash has created for debugging."""
    pods = running.simulator.call(lambda state: state.storage.list(PODS))
    label = "app.kubernetes.io/managed-by"
    return [pod for pod in pods if (pod["metadata"].get("labels") or {}).get(label) == "kdash-debug"]


def is_running(running: Dashboard) -> bool:
    return any((pod.get("status") or {}).get("phase") == "Running" for pod in for_debugging(running))


def shown_rows(dialog: DebugDialog) -> list[str]:
    return [str(row.id).removeprefix("row-") for row in dialog.query(".field") if row.display]


async def test_the_dialog_has_the_fields_of_each_way_and_refuses_what_cannot_be(shop: Dashboard) -> None:
    await listed(shop, "po")
    await shop.press("b")
    dialog = await shop.until_screen(DebugDialog)
    assert shown_rows(dialog) == ["style", "image", "target", "profile", "command"]
    image = dialog.query_one("#image", Input)
    assert image.value == "busybox:1.37"
    await shop.press("right")
    assert shown_rows(dialog) == ["style", "name", "container", "image", "profile", "command"]
    assert "-debug-" in dialog.query_one("#name", Input).value
    await shop.press("right")
    assert shown_rows(dialog) == ["style", "namespace", "image", "profile"]
    assert dialog.query_one("#profile", ChoiceField).value == "general"  # kubectl's default for nodes too
    assert "the whole file system of the node is at /host" in str(dialog.query_one("#rights", Static).render())
    await shop.press("right", "down", "home", "shift+end", "delete", "a", "space", "b", "enter")
    await shop.until(lambda: "is no image" in str(dialog.query_one("#wrong", Static).render()))
    await shop.press("escape")
    assert not for_debugging(shop)


async def to_the_confirmation_on_the_node(shop: Dashboard) -> str:
    """Ask for a shell on the node of the first pod; return what is confirmed."""
    await listed(shop, "po")
    await shop.press("b")
    await shop.until_screen(DebugDialog)
    await shop.press("left", "enter")
    dialog = await shop.until_screen(ConfirmDialog)
    return dialog.body.text


async def test_a_shell_on_a_node_is_confirmed_and_its_pod_removed(
    shop: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    async def handed_over(_app: Any, _open: Any, title: str, *, leave: str) -> CommandEnd:
        seen.append((title, leave, [pod["metadata"]["name"] for pod in for_debugging(shop)]))
        return CommandEnd(0)

    monkeypatch.setattr(debugging, "run_in_terminal", handed_over)
    text = await to_the_confirmation_on_the_node(shop)
    assert "the whole file system of the node is at /host" in " ".join(text.split())
    assert "removed when the shell ends" in " ".join(text.split())
    assert not for_debugging(shop)
    await shop.press("tab", "enter")
    await shop.advance_until(lambda: seen)
    [(title, leave, [name])] = seen
    assert title == f"debugging in {name} (debugger)"
    assert "chroot /host" in leave
    await shop.advance_until(lambda: not for_debugging(shop))
    await shop.until_said(f"pod {name} removed")


async def test_a_debug_container_is_added_to_the_pod_and_attached_to(
    shop: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    async def handed_over(_app: Any, open_stream: Any, title: str, *, leave: str) -> CommandEnd:
        async with open_stream():
            seen.append(title)
        return CommandEnd(0)

    monkeypatch.setattr(debugging, "run_in_terminal", handed_over)
    await listed(shop, "po")
    await shop.press("b")
    await shop.until_screen(DebugDialog)
    await shop.press("enter")
    await shop.until_screen(ConfirmDialog)
    await shop.press("tab", "enter")
    await shop.advance_until(lambda: seen)
    [(pod, name)] = [title.removeprefix("debugging in ").rstrip(")").split(" (") for title in seen]
    stored = shop.simulator.call(lambda state: state.storage.get(PODS, "shop", pod))
    assert stored is not None
    [added] = [each for each in stored["spec"]["ephemeralContainers"] if each["name"] == name]
    assert (added["stdin"], added["tty"]) == (True, True)
    assert added["targetContainerName"]
    await shop.until_said(f"debugging in {pod} ({name}): ")
    assert f"{name} has started" not in shop.text  # the status of the operation that started it


async def test_of_a_workload_a_pod_is_chosen_first(shop: Dashboard) -> None:
    await shop.select(CHECKOUT)
    await shop.press("b")
    choice = await shop.until_screen(ChooseDialog)
    assert choice.heading == "Debug which pod of Deployment checkout?"
    assert choice.highlighted is not None
    assert choice.highlighted.detail.startswith("ready · ")
    name = choice.highlighted.value
    await shop.press("enter")
    dialog = await shop.until_screen(DebugDialog)
    assert dialog.heading == f"Debug Pod {name}"
    await shop.until_text("in shop · context demo", "target app: sees the processes of this container too")


async def test_the_pod_is_removed_when_the_terminal_cannot_be_handed_over(shop: Dashboard) -> None:
    await to_the_confirmation_on_the_node(shop)
    await shop.press("tab", "enter")
    await shop.advance_until(lambda: isinstance(shop.app.screen, MessageDialog))
    dialog = await shop.until_screen(MessageDialog)
    assert "cannot be handed over" in dialog.message
    await shop.advance_until(lambda: not for_debugging(shop))


async def test_a_copy_is_offered_for_removal(shop: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    async def handed_over(*_: Any, **__: Any) -> CommandEnd:
        return CommandEnd(0)

    monkeypatch.setattr(debugging, "run_in_terminal", handed_over)
    await listed(shop, "po")
    await shop.press("b")
    await shop.until_screen(DebugDialog)
    await shop.press("right", "enter")
    await shop.until_screen(ConfirmDialog)
    await shop.press("tab", "enter")
    await shop.advance_until(lambda: isinstance(shop.app.screen, MessageDialog))
    assert for_debugging(shop)
    await shop.until_text("Tab Enter delete the copy")
    await shop.press("tab", "enter")
    await shop.advance_until(lambda: not for_debugging(shop))
