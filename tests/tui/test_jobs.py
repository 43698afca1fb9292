"""The Jobs screen, the dialog of forwards, and the questions before jobs are lost, worked by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from textual.widgets._toast import Toast

from k9py.api.errors import RefusedError
from k9py.api.meta import ObjectRef
from k9py.forwarding.ports import PortPair
from k9py.runtime.background_jobs import JobState
from k9py.simulator.server import Simulator
from k9py.tui.dialogs.config_lines import ConfigLinesDialog
from k9py.tui.dialogs.forward import ForwardDialog
from k9py.tui.dialogs.losses import LossesDialog
from k9py.tui.dialogs.message import MessageDialog
from k9py.tui.dialogs.quit import QuitDialog
from k9py.tui.screens.home import HomeScreen
from k9py.tui.screens.jobs import JobsScreen
from tests.factories.background_jobs import FakeJob
from tests.tui.dashboard import CHECKOUT, Dashboard, dashboard

CONFIG = """
[forwards.checkout]
target = "deploy/checkout"
ports = ["8081:8080"]
namespace = "shop"
key = "f5"

[forwards.elsewhere]
target = "svc/web"
ports = ["80"]
context = "prod-*"

[forwards.broken]
target = "deploy/checkout"
ports = "8080"
"""


@dataclass
class Forwarding:
    """Stands for `start_forward`: remembers what is started."""

    started: list[tuple[ObjectRef, tuple[PortPair, ...]]] = field(default_factory=list)
    error: RefusedError | None = None

    async def start(
        self,
        _session: object,
        ref: ObjectRef,
        ports: Sequence[PortPair],
        *,
        address: str,
        on_change: Callable[[], None],
    ) -> Any:
        """Start a forward, or fail."""
        if self.error is not None:
            raise self.error
        self.started.append((ref, tuple(ports)))
        job: Any = FakeJob(title=f"{ref.name} {ports[0]}", url=f"http://{address}:{ports[0].local}")
        job.warning, job.waits_for, job.target = "", "", FakeJob(title=ref.name)
        return job


@pytest.fixture
def forwarding(monkeypatch: pytest.MonkeyPatch) -> Forwarding:
    fake = Forwarding()
    monkeypatch.setattr("k9py.forwarding.start.start_forward", fake.start)
    return fake


@pytest.fixture
async def kdash(simulator: Simulator, tmp_path: Path, forwarding: Forwarding) -> AsyncIterator[Dashboard]:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG)
    async with dashboard(simulator, tmp_path, config_path=config) as running:
        yield running


async def test_the_screen_follows_the_jobs_and_its_keys_act_on_the_selected_one(kdash: Dashboard) -> None:
    jobs = kdash.app.jobs
    await kdash.press("J")
    await kdash.until_screen(JobsScreen)
    await kdash.until_text("1 Jobs · 2", "deploy/checkout 8081:8080", "saved", "checkout · F5 starts it anywhere")
    await kdash.until_text("not valid", "line 15: forwards.broken.ports must be a list")
    assert "elsewhere" not in kdash.text, "it is of another context"
    await kdash.press("colon", *"forward", "space", *"nosuch", "enter")
    await kdash.until_said(
        "no saved forward nosuch, and nothing is selected · saved forwards: checkout, broken (not valid)"
    )
    quiet, busy = (
        FakeJob(title="quiet", state=JobState.WAITING),
        FakeJob("download", "a.tar", fraction=0.5, progress="50 %"),
    )
    busy.quit_question, busy.url = "40 MB are still missing", "http://127.0.0.1:1"
    jobs.add(quiet)
    jobs.add(busy)
    await kdash.until_text("1 Jobs · 4", "quiet", "waiting", "━━━━━───── 50 %", "▲ 1 forward waits", "1 download")
    await kdash.press("g", "s")
    await kdash.until_text("stopped", "1 Jobs · 4")
    assert quiet.state is JobState.STOPPED
    await kdash.press("g", "s")
    dialog = await kdash.until_screen(LossesDialog)
    assert [(each.job, each.loss) for each in dialog.losses] == [("download a.tar", "40 MB are still missing")]
    await kdash.press("enter")
    await kdash.until_screen(JobsScreen)
    assert busy.state is JobState.RUNNING, "Enter alone stays"
    await kdash.press("o")
    await kdash.until_said("no graphical session here: http://127.0.0.1:1")
    await kdash.press("s", "tab", "enter")
    await kdash.until(lambda: busy.state is JobState.STOPPED, "stopped")
    await kdash.press("L")
    await kdash.until(lambda: jobs.jobs == (), "nothing that has ended is listed")
    await kdash.press("J")
    await kdash.until_screen(HomeScreen)


async def test_a_saved_forward_starts_by_its_key_once_and_again_from_the_list(
    kdash: Dashboard, forwarding: Forwarding
) -> None:
    await kdash.press("f6")
    await kdash.until_said("F6: no forward of the config file has this key here")
    await kdash.press("f5")
    await kdash.until_said("http://127.0.0.1:8081 → checkout · J lists it, c there copies the URL")
    await kdash.until_text("1 forward")
    assert forwarding.started == [(CHECKOUT, (PortPair(8080, 8081),))]
    await kdash.press("f5")
    await kdash.until_said("checkout runs already: http://127.0.0.1:8081")
    await kdash.press("J")
    screen = await kdash.until_screen(JobsScreen)
    await kdash.until_text("1 Jobs · 2", "running")
    assert not kdash.app._notifications, "they would cover the details"
    await kdash.press("y")
    await kdash.until_said("it is in the config file already")
    assert kdash.app.screen is screen
    [first] = kdash.app.jobs.jobs
    await first.stop()
    kdash.app.jobs.touch()
    await kdash.until_text("1 Jobs · 2", "stopped")
    assert "saved" not in kdash.text, "one row for one forward"
    assert screen.pane.table.select_key(next(iter(screen.pane._jobs)))
    await kdash.press("r")
    await kdash.until(lambda: len(forwarding.started) == 2, "started again")
    await kdash.until(lambda: first not in kdash.app.jobs.jobs, "in its place")
    [second] = kdash.app.jobs.jobs
    await kdash.until(lambda: screen.pane.selected is second, "the cursor follows it")
    await second.stop()
    kdash.app.jobs.touch()
    await kdash.until_text("stopped")
    await kdash.press("L")
    await kdash.until_text("1 Jobs · 2", "saved")
    await kdash.until(lambda: screen.pane.selected_saved is not None, "the same row")
    await kdash.press("r")
    await kdash.until(lambda: len(forwarding.started) == 3, "started from its row")
    await kdash.until(lambda: screen.pane.selected in kdash.app.jobs.jobs, "the cursor follows it")


async def test_the_dialog_lists_ports_and_a_port_in_use_is_replaced_knowingly(
    kdash: Dashboard, forwarding: Forwarding
) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press("F")
    dialog = await kdash.until_screen(ForwardDialog)
    await kdash.until_text("Forward deploy/checkout", "127.0.0.1 only")
    [row, *_] = dialog.rows
    assert row.is_checked
    used = {18080}
    dialog._problem = lambda port: "in use" if port in used else ""
    await kdash.press("backspace", *"18080")
    await kdash.until_text("✗ 18080 is in use: Enter takes 18081")
    await kdash.press("enter")
    assert row.local.value == "18081"
    assert kdash.app.screen is dialog
    await kdash.press("space")
    await kdash.until_text("check a port with Space, or type one")
    await kdash.press("up", "tab")
    while not dialog.other.has_focus:
        await kdash.press("down")
    await kdash.press(*"9000", "space", *"1:a:b")
    await kdash.until_text("✗ '1:a:b' has more than one colon: use 80, 8080:80")
    await kdash.press(*["backspace"] * 5, *":htt")
    await kdash.until_text("✗ no container of deploy/checkout has a port named htt: ports: 8080")
    await kdash.press("p", "enter")
    await kdash.until(lambda: bool(forwarding.started), "started")
    assert forwarding.started == [(CHECKOUT, (PortPair(9000, None), PortPair("http", 0)))]
    await kdash.press("J")
    await kdash.until_screen(JobsScreen)
    await kdash.until_text("1 Jobs · 3", "saved", "running")
    await kdash.press("g", "y")
    lines = (await kdash.until_screen(ConfigLinesDialog)).config_lines
    assert lines.startswith('[forwards.checkout-2]\ncontext = "demo"\n'), "a table that is there twice is no TOML"
    assert 'namespace = "shop"\ntarget = "deploy/checkout"\nports = ["9000", ":http"]\n' in lines


async def test_the_dialog_of_a_pod_that_cannot_run_says_why_and_offers_no_key_without_rows(
    kdash: Dashboard, simulator: Simulator
) -> None:
    dialog = ForwardDialog("pod/web-1", "shop", (), warning="web-1: not scheduled: connections wait until it runs")
    kdash.app.push_screen(dialog)
    await kdash.until_screen(ForwardDialog)
    await kdash.until_text("▲ type a port", "▲ web-1: not scheduled", " Enter forward · Esc cancel ")
    assert "Space" not in kdash.text
    await kdash.press("8")
    await kdash.until_text("● listens on 127.0.0.1 only", "▲ web-1: not scheduled")


async def test_what_is_typed_asks_nothing_and_a_failure_is_shown(kdash: Dashboard, forwarding: Forwarding) -> None:
    await kdash.select(CHECKOUT)
    forwarding.error = RefusedError("local port 8080 is in use by nginx", "name another local port")
    await kdash.press("colon", *"forward", "space", *"8080", "enter")
    await kdash.until_screen(MessageDialog)
    await kdash.until_text("Forward Deployment checkout", "in use by nginx", "name another local port")
    await kdash.press("enter")
    forwarding.error = None
    await kdash.press("colon", *"forward", "space", *"checkout", "enter")
    await kdash.until(lambda: len(forwarding.started) == 1, "the saved one of that name")
    assert forwarding.started == [(CHECKOUT, (PortPair(8080, 8081),))]
    await kdash.press("colon", *"forward", "space", *"broken", "enter")
    await kdash.until_screen(MessageDialog)
    await kdash.until_text("Forward broken", "not valid: line 15: forwards.broken.ports", "correct")


async def test_quitting_and_leaving_the_cluster_ask_only_where_something_is_lost(kdash: Dashboard) -> None:
    job = FakeJob(quit_question="2 connections are open")
    kdash.app.jobs.add(job)
    await kdash.press("ctrl+c")
    dialog = await kdash.until_screen(QuitDialog)
    await kdash.until_text("port-forward svc/web 8080→80", "2 connections are open")
    assert dialog.losses
    await kdash.press("escape", "q")
    assert (await kdash.until_screen(QuitDialog)).losses
    await kdash.press("enter")
    await kdash.until_screen(HomeScreen)
    kdash.app.clusters.show_context(kdash.app.context_name)
    await kdash.until_screen(LossesDialog)
    await kdash.press("escape")
    await kdash.until_screen(HomeScreen)
    assert list(kdash.app.jobs.jobs) == [job]
    kdash.app.clusters.show_context(kdash.app.context_name)
    await kdash.until_screen(LossesDialog)
    await kdash.press("tab", "enter")
    await kdash.until(lambda: job.state is JobState.STOPPED, "stopped with its cluster")
    assert not kdash.app.jobs.jobs


async def test_ctrl_c_while_it_is_asked_quits_and_what_runs_is_stopped(
    simulator: Simulator, tmp_path: Path, forwarding: Forwarding
) -> None:
    asked, quiet = FakeJob(quit_question="2 connections are open"), FakeJob()
    async with dashboard(simulator, tmp_path) as kdash:
        kdash.app.jobs.add(asked)
        kdash.app.jobs.add(quiet)
        await kdash.press("ctrl+c")
        await kdash.until_screen(QuitDialog)
        await kdash.press("ctrl+c")
        await kdash.until(lambda: kdash.app._exit, "left")
    assert (asked.state, quiet.state) == (JobState.STOPPED, JobState.STOPPED)


async def test_messages_never_cover_the_list_and_nothing_is_asked_where_nothing_is_lost(
    simulator: Simulator, tmp_path: Path
) -> None:
    job = FakeJob()
    async with dashboard(simulator, tmp_path, size=(80, 24), notifications=True) as kdash:
        kdash.app.jobs.add(job)
        kdash.app.show_message("from before", stays=True)
        await kdash.press("J")
        screen = await kdash.until_screen(JobsScreen)
        assert not kdash.app._notifications
        kdash.app.show_message("http://127.0.0.1:8080 → svc/web · J lists it", stays=True)
        await kdash.until(lambda: any(toast.region for toast in screen.query(Toast)), "the message")
        assert [toast.region.bottom for toast in screen.query(Toast)] == [1]
        await kdash.press("ctrl+c")
        await kdash.until(lambda: kdash.app._exit, "left")
    assert job.state is JobState.STOPPED
