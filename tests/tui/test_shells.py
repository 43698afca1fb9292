"""`S` asks for the container where several run, and offers a debug container where there is no shell."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from k9py.api.streams import CommandEnd
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from k9py.tui.dialogs.choose import ChooseDialog
from k9py.tui.dialogs.debug import DebugDialog
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.remote import shells
from k9py.tui.widgets.choice_field import ChoiceField
from tests.tui.dashboard import CART, dashboard

Containers = list[dict[str, Any]]


def change_containers(simulator: Simulator, change: Callable[[Containers], None]) -> None:
    """Change the containers of the pods of cart, which run on as they are."""

    def run(state: SimulatorState) -> None:
        for stored in state.storage.list(PODS, "shop"):
            if stored["metadata"]["name"].startswith("cart-"):
                pod = copy.deepcopy(stored)
                change(pod["spec"]["containers"])
                state.storage.update(PODS, pod)

    simulator.call(run)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Open streams without a terminal; the titles of what has started."""
    titles: list[str] = []

    async def without_terminal(_app: Any, open_stream: Any, title: str, **_: Any) -> CommandEnd:
        async with open_stream():
            titles.append(title)
        return CommandEnd(0)

    monkeypatch.setattr(shells, "run_in_terminal", without_terminal)
    return titles


async def test_the_container_is_chosen_where_there_are_several(
    simulator: Simulator, tmp_path: Path, opened: list[str]
) -> None:
    change_containers(simulator, lambda containers: containers.insert(0, {**containers[0], "name": "unreported"}))
    async with dashboard(simulator, tmp_path, namespace="shop") as shown:
        await shown.select(CART)
        await shown.press("S")
        await shown.until_screen(ChooseDialog)
        await shown.until_text("Which container of cart-", "unreported", "running")
        assert not opened
        await shown.press("down", "enter")
        await shown.until(lambda: opened, "a shell")
        assert "(unreported)" not in opened[0]
        await shown.press("S")
        await shown.until_screen(ChooseDialog)
        await shown.press("escape")
        await shown.until(lambda: not isinstance(shown.app.screen, ChooseDialog))
        assert len(opened) == 1


async def test_an_image_without_a_shell_offers_a_debug_container(
    simulator: Simulator, tmp_path: Path, opened: list[str]
) -> None:
    change_containers(
        simulator, lambda containers: containers[0].update(image="registry.example.com/distroless/cart:1")
    )
    async with dashboard(simulator, tmp_path, namespace="shop") as shown:
        await shown.select(CART)
        await shown.press("S")
        dialog = await shown.until_screen(MessageDialog)
        assert "has no shell" in dialog.message
        await shown.until_text("Debug container")
        assert not opened
        await shown.press("b")
        form = await shown.until_screen(DebugDialog)
        assert form.query_one("#style", ChoiceField).value == "EPHEMERAL"


async def test_a_container_that_is_down_has_the_keys_that_help(
    simulator: Simulator, tmp_path: Path, opened: list[str]
) -> None:
    def crash(state: SimulatorState, phase: str = "Running") -> None:
        for stored in state.storage.list(PODS, "shop"):
            if stored["metadata"]["name"].startswith("cart-"):
                pod = copy.deepcopy(stored)
                pod["status"]["containerStatuses"][0].update(
                    state={"waiting": {"reason": "CrashLoopBackOff"}},
                    lastState={"terminated": {"exitCode": 7, "reason": "Error"}},
                )
                pod["status"]["phase"] = phase
                state.storage.update(PODS, pod, status_only=True)

    async with dashboard(simulator, tmp_path, namespace="shop") as shown:
        await shown.select(CART)
        simulator.call(partial(crash, phase="Pending"))
        await shown.press("S")
        dialog = await shown.until_screen(MessageDialog)
        assert dialog.message.startswith("no pod of Deployment shop/cart runs: container app of pod cart-")
        await shown.press("escape")
        await shown.until(lambda: shown.app.screen is shown.home, "closed")
        simulator.call(crash)
        await shown.press("S")
        dialog = await shown.until_screen(MessageDialog)
        assert "is in CrashLoopBackOff" in dialog.message
        assert "exit code 7" in dialog.message
        assert dialog.hint == "b debugs a copy of the pod · p shows its last log"
        assert not opened
        await shown.press("b")
        form = await shown.until_screen(DebugDialog)
        assert form.query_one("#style", ChoiceField).value == "COPY"
