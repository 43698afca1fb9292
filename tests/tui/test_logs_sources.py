"""The log screen: which sources are shown, and lines taken out of it, by copying and by saving."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from k9py.api.meta import Meta, ObjectRef
from k9py.api.pods import (
    Container,
    ContainerState,
    ContainerStatus,
    Pod,
    PodSpec,
    PodStatus,
    StateRunning,
    StateTerminated,
    StateWaiting,
)
from k9py.config.terminal import Clipboard
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.save_log import SaveLogDialog
from k9py.tui.dialogs.sources import SourcesDialog
from k9py.tui.logs.source_filter import failing_init_containers
from k9py.tui.panes.log_pane import LogPane
from k9py.tui.screens.logs import LogScreen
from tests.tui.dashboard import CHECKOUT, Dashboard, dashboard
from tests.tui.log_screen import typed, until_said

SEARCH = ObjectRef("Deployment", "shop", "search")


# -- sources ------------------------------------------------------------------------------------------------------


async def test_x_leaves_out_the_pod_under_the_cursor_and_brings_it_back(
    kdash: Dashboard, log_screen: LogScreen
) -> None:
    view = log_screen.logs.view
    await kdash.press("up")
    line = view.cursor_line
    assert line is not None
    await kdash.press("x")
    await kdash.until_screen(SourcesDialog)
    await kdash.until_text("Hide", line.target.pod, "no level")
    await kdash.press("space", "enter")
    await kdash.until(lambda: 0 < view.state.shown < view.state.lines, "fewer lines")
    assert line.target.pod not in {line.target.pod for line in view.shown_lines()}
    await kdash.until_text(f"without {line.target.pod}")
    await kdash.press("x")
    await kdash.until_screen(SourcesDialog)
    await kdash.press("ctrl+r", "enter")
    await kdash.until(lambda: view.state.shown == view.state.lines and "without" not in kdash.text, "all lines")


async def test_upper_x_shows_a_pod_alone(kdash: Dashboard, log_screen: LogScreen) -> None:
    view = log_screen.logs.view
    await kdash.press("up")
    line = view.cursor_line
    assert line is not None
    await kdash.press("X")
    await kdash.until_screen(SourcesDialog)
    await kdash.press("space", "enter")
    await kdash.until(lambda: 0 < view.state.shown < view.state.lines, "fewer lines")
    assert {line.target.pod for line in view.shown_lines()} == {line.target.pod}
    await kdash.until_text(f"only {line.target.pod}")


async def test_a_level_is_left_out_by_typing_its_name(kdash: Dashboard, log_screen: LogScreen) -> None:
    view = log_screen.logs.view
    await kdash.press("x")
    await kdash.until_screen(SourcesDialog)
    await kdash.press(*"info", "space", "enter")
    await kdash.until(lambda: 0 < view.state.shown < view.state.lines, "fewer lines")
    assert not [line for line in view.shown_lines() if '"level":"info"' in line.text]
    await kdash.until_text("without info")


async def test_each_pod_is_told_by_its_revision_and_its_state(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("l")
    screen = await kdash.until_screen(LogScreen)
    await kdash.until(lambda: bool(screen.logs.targets), "containers")
    await kdash.press("x")
    dialog = await kdash.until_screen(SourcesDialog)
    details = [item.detail for item in dialog.items if item.group == "pod"]
    assert len({detail.partition(" · ")[0] for detail in details}) == 2
    assert all(detail.startswith("revision ") for detail in details)
    assert sum("Running" in detail for detail in details) == 3
    assert sum("ImagePullBackOff" in detail or "ErrImagePull" in detail for detail in details) == 1


async def test_esc_in_the_dialog_changes_nothing(kdash: Dashboard, log_screen: LogScreen) -> None:
    await kdash.press("x", "space", "escape")
    await kdash.until(lambda: kdash.app.screen is log_screen, "the log")
    assert log_screen.logs.view.state.shown == log_screen.logs.view.state.lines


async def test_an_ephemeral_container_is_read_once_it_is_ticked(kdash: Dashboard) -> None:
    await kdash.select(SEARCH)
    await kdash.press("l")
    log_screen = await kdash.until_screen(LogScreen)
    await kdash.until(lambda: bool(log_screen.logs.targets), "containers")
    assert "ephemeral" not in {read_target.role for read_target in log_screen.logs.read_targets}
    await kdash.press("X")
    await kdash.until_screen(SourcesDialog)
    await kdash.until_text("Also read", "ephemeral containers", "debugger")
    await kdash.press(*"ephem", "space", "enter")
    stream = log_screen.logs.stream
    assert stream is not None
    await kdash.until(lambda: "debugger" in {target.container for target in stream.targets}, "read")
    assert "without" not in log_screen.logs.note
    assert "only" not in log_screen.logs.note


async def test_an_init_container_that_fails_is_read_unasked(tmp_path: Path) -> None:
    key = ObjectRef("DaemonSet", "shop", "init-fails")
    with Simulator("failures", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path) as kdash:
            await kdash.select(key)
            home = kdash.home.logs
            await kdash.until(lambda: home.subject == key and "migrate" in _read(home), "read at home")
            await kdash.press("l")
            screen = await kdash.until_screen(LogScreen)
            await kdash.until(lambda: "migrate" in _read(screen.logs), "read")
            await kdash.until(lambda: "migrate" in {line.target.container for line in screen.logs.view.shown_lines()})
            await kdash.press("x")
            dialog = await kdash.until_screen(SourcesDialog)
            assert ("container", "migrate") in {item.checked_item for item in dialog.items}


def _read(pane: LogPane) -> set[str]:
    return {target.container for target in pane.stream.targets} if pane.stream is not None else set()


def status(name: str, state: ContainerState, last: ContainerState | None = None) -> ContainerStatus:
    return ContainerStatus(name=name, state=state, last_state=last)


def test_an_init_container_has_failed_until_it_succeeds() -> None:
    failed = ContainerState(terminated=StateTerminated(exit_code=1))
    done = ContainerState(terminated=StateTerminated(exit_code=0))
    waits, runs = (
        ContainerState(waiting=StateWaiting(reason="CrashLoopBackOff")),
        ContainerState(running=StateRunning()),
    )
    for state, last, is_failing in (
        (failed, None, True),
        (waits, failed, True),
        (runs, failed, True),
        (done, failed, False),
        (runs, None, False),
        (waits, None, False),
    ):
        pod = Pod(
            metadata=Meta(name="db-0", namespace="data", uid="u"),
            spec=PodSpec(init_containers=(Container(name="migrate"), Container(name="proxy", restart_policy="Always"))),
            status=PodStatus(init_container_statuses=(status("migrate", state, last), status("proxy", failed))),
        )
        assert failing_init_containers([pod]) == ({("data", "db-0", "migrate", "u")} if is_failing else set())


async def test_where_no_container_ran_before_it_says_so(kdash: Dashboard, log_screen: LogScreen) -> None:
    await kdash.press("p")
    await kdash.until_text("no previous container")


async def test_what_is_waited_for_is_a_state_in_the_title_and_in_the_dialog(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("l")
    await kdash.until_screen(LogScreen)
    await kdash.until_text("8 containers", "1 waiting to start")
    await kdash.press("x")
    await kdash.until_screen(SourcesDialog)
    await kdash.until_text("waiting to start")


# -- taking lines out ---------------------------------------------------------------------------------------------


def set_options(kdash: Dashboard, screen: LogScreen, **changes: Any) -> None:
    """Give the log pane other options than those the app was started with."""
    screen.logs._settings = replace(kdash.app.options, **changes)


async def test_c_copies_the_line_under_the_cursor_and_says_what_is_known(
    kdash: Dashboard, log_screen: LogScreen
) -> None:
    view = log_screen.logs.view
    await kdash.press("up")
    line = view.cursor_line
    assert line is not None
    await kdash.press("c")
    await until_said(kdash, "sent 1 line to the clipboard (OSC 52)")
    assert kdash.app.clipboard == line.text, "without time and source"


async def test_marked_lines_are_copied_from_the_first_to_the_last(kdash: Dashboard, log_screen: LogScreen) -> None:
    set_options(kdash, log_screen, clipboard=Clipboard("supported", "kitty"))
    view = log_screen.logs.view
    await kdash.press("up", "m", "up", "up", "m")
    await kdash.until(lambda: view.state.marked == 2, "two marks")
    await kdash.press("c")
    await until_said(kdash, "copied 3 lines")
    assert kdash.app.clipboard.count("\n") == 2


async def test_a_terminal_that_takes_no_copies_is_sent_none(kdash: Dashboard, log_screen: LogScreen) -> None:
    set_options(kdash, log_screen, clipboard=Clipboard("unsupported", "Apple Terminal"))
    await kdash.press("up", "c")
    await until_said(kdash, "no clipboard here (Apple Terminal): Ctrl+S saves it")
    assert kdash.app.clipboard == ""


@pytest.mark.parametrize("extent", ["shown", "buffered"])
async def test_ctrl_s_saves_what_is_shown_or_all(
    extent: str, kdash: Dashboard, log_screen: LogScreen, tmp_path: Path
) -> None:
    folder = tmp_path / "logs"
    set_options(kdash, log_screen, log_directory=folder)
    view = log_screen.logs.view
    await typed(kdash, "ampersand", "level>=warn")
    await kdash.until(lambda: 0 < view.state.shown < view.state.lines and not view.state.scanning, "fewer lines")
    await kdash.press("ctrl+s")
    await kdash.until_screen(SaveLogDialog)
    await kdash.until_text("Shown lines", "All buffered lines", "deployment-cart_")
    await kdash.press(*([] if extent == "shown" else ["down"]), "enter")
    wanted = view.state.shown if extent == "shown" else view.state.lines
    await until_said(kdash, f"saved {wanted} line")
    (saved,) = folder.iterdir()
    assert saved.name.startswith("demo_shop_deployment-cart_")
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    file_lines = saved.read_text().splitlines()
    header, lines = (
        [line for line in file_lines if line.startswith("# ")],
        [line for line in file_lines if not line.startswith("# ")],
    )
    assert len(lines) == wanted
    assert header[0] == "# context demo, Deployment shop/cart"
    assert ("# only lines that match: level>=warn" in header) is (extent == "shown")
    assert f"{lines[0].split()[0]} to {lines[-1].split()[0]}" in header[1] or extent == "shown"
    assert all(" cart-" in line and '{"time"' in line for line in lines)


async def test_a_place_that_takes_no_file_is_told(kdash: Dashboard, log_screen: LogScreen, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    set_options(kdash, log_screen, log_directory=blocked)
    await kdash.press("ctrl+s", "enter")
    await kdash.until_screen(MessageDialog)
    await kdash.until_text("cannot write in")
