"""`:run` asks with the pods, shows each answer in a row, and the whole output of one."""

from __future__ import annotations

import copy
import json
from pathlib import Path

from k9py.api.meta import ObjectRef
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.run_command import RunCommandDialog
from k9py.tui.screens.pod_runs import PodRunsScreen, RunOutputScreen
from k9py.tui.widgets.choice_field import ChoiceField
from tests.tui.dashboard import CHECKOUT, dashboard

CART = ObjectRef("Deployment", "shop", "cart")


async def test_a_command_runs_in_all_pods_after_a_question(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path, namespace="shop", size=(80, 24)) as shown:
        await shown.select(CART)
        shown.home.run_line("run echo hello; exit 4")
        dialog = await shown.until_screen(RunCommandDialog)
        await shown.until_text("runs: sh -c 'echo hello; exit 4'", "It may change what it runs in")
        assert not simulator.stream_frames()
        assert dialog.focused is not None
        assert dialog.focused.id == "cancel"
        await shown.press("tab", "enter")
        screen = await shown.until_screen(PodRunsScreen)
        await shown.until(lambda: all(run.is_over for run in screen.runs.values()), "all pods answered")
        assert {run.exit_code for run in screen.runs.values()} == {4}
        await shown.until_text("exit 4", "all answer the same", "hello")
        await shown.press("enter")
        await shown.until_screen(RunOutputScreen)
        await shown.until_text("exit 4 after", "hello")
    lines = [json.loads(line) for line in shown.audit.read_text().splitlines()]
    assert {line["event"] for line in lines} == {"open", "close"}
    assert len(lines) == 2 * len(screen.runs) > 2


async def test_the_container_is_chosen_and_pods_without_it_are_named(simulator: Simulator, tmp_path: Path) -> None:
    """CHECKOUT has two containers in each pod."""
    async with dashboard(simulator, tmp_path, namespace="shop", size=(80, 24)) as shown:
        await shown.select(CHECKOUT)
        shown.home.run_line("run env")
        dialog = await shown.until_screen(RunCommandDialog)
        await shown.until_text(
            "in shop · context demo", "container: the default one of each pod", "all of them at once"
        )
        assert "runs: env" not in shown.text  # as typed
        await shown.press("down", "down", "right", "right")
        assert dialog.query_one("#container", ChoiceField).value == "proxy"
        await shown.press("enter", "enter")
        screen = await shown.until_screen(PodRunsScreen)
        assert {run.container.container for run in screen.runs.values()} == {"proxy"}


async def test_of_one_pod_it_speaks_of_one(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path, namespace="shop", size=(80, 24)) as shown:
        pods = shown.connected.cluster.stores.pods.keys()
        pod = next(key for key in pods if key.name.startswith("cart-"))
        shown.app.remote.run_in_all(pod, "env")
        dialog = await shown.until_screen(RunCommandDialog)
        assert dialog.heading == f"Run in Pod {pod.name}"
        await shown.until_text("It may change what it runs in.")


async def test_a_read_only_session_refuses_it(simulator: Simulator, tmp_path: Path) -> None:
    async with dashboard(simulator, tmp_path, namespace="shop", read_only=True) as shown:
        await shown.select(CART)
        shown.home.run_line("run date")
        dialog = await shown.until_screen(MessageDialog)
        assert dialog.message == "command in the pods of Deployment shop/cart refused: kdash runs with --readonly"
        assert not isinstance(shown.app.screen, RunCommandDialog)
        await shown.press("escape")
        await shown.until(lambda: not isinstance(shown.app.screen, MessageDialog))
        await shown.press("S")
        await shown.until_said("Shell of Deployment shop/cart is refused: kdash was started with --readonly")


async def test_where_no_pod_can_run_it_the_whole_reason_is_shown_and_nothing_is_offered(
    simulator: Simulator, tmp_path: Path
) -> None:
    reason = "the image registry.example.com/shop/cart:9 could not be pulled: " + "not found " * 12 + "END"

    def hold(state: SimulatorState) -> None:
        for stored in state.storage.list(PODS, "shop"):
            if stored["metadata"]["name"].startswith("cart-"):
                pod = copy.deepcopy(stored)
                for status in pod["status"]["containerStatuses"]:
                    status["state"] = {"waiting": {"reason": "ImagePullBackOff", "message": reason}}
                state.storage.update(PODS, pod, status_only=True)

    async with dashboard(simulator, tmp_path, namespace="shop", size=(80, 24)) as shown:
        await shown.select(CART)
        simulator.call(hold)
        shown.home.run_line("run ls")
        dialog = await shown.until_screen(RunCommandDialog)
        await shown.until_text("END")
        assert not dialog.query_one("#confirm").display
        assert "run" not in str(dialog.query_one(".box").border_subtitle)
