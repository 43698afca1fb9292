"""A rollout's own screen: state and cause, how far it is, the new revision beside the old ones, history."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from textual.widgets import ProgressBar

from k9py.api.meta import ObjectRef
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import DEPLOYMENTS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from k9py.tui.dialogs.undo import UndoDialog
from k9py.tui.panes.replica_counts import ReplicaBar
from k9py.tui.screens.rollout import RolloutScreen
from k9py.tui.widgets.toned_lines import TonedLines
from k9py.views.values import Tone
from tests.tui.dashboard import AGENT, CART, CHECKOUT, DB, Dashboard, dashboard

PAYMENTS = ObjectRef("Deployment", "shop", "payments")


def tones(lines: TonedLines) -> set[Tone]:
    return {tone for line in lines.lines for _, tone in line}


def words(lines: TonedLines) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines.lines)


async def opened(kdash: Dashboard, key: ObjectRef) -> RolloutScreen:
    await kdash.select(key)
    await kdash.press("enter")
    screen = await kdash.until_screen(RolloutScreen)
    await kdash.until(lambda: screen.snapshot is not None, "its pods")
    return screen


async def test_the_new_revision_stands_beside_the_old_one(kdash: Dashboard) -> None:
    screen = await opened(kdash, CHECKOUT)
    newest, older = words(screen.cohorts.newest), words(screen.cohorts.older)
    assert "new revision 6  checkout:2.8.0" in newest
    assert "0/1 ready" in newest
    assert "ImagePullBackOff" in newest
    assert "old revision 5  checkout:2.7.1" in older
    assert "3/3 ready" in older
    assert "log of" not in newest, "no container ever ran: there is no log to tell"
    assert {bar.progress for bar in screen.query(ProgressBar)} == {1, 3}
    assert any(bar.has_class("-fail") for bar in screen.query(ReplicaBar)), "a stuck release is no calm one"
    await kdash.until_text("1 of 3 updated", "3 of 3 available", "maxSurge 1, maxUnavailable 0")


@pytest.mark.parametrize("size", [(80, 24), (120, 24), (160, 45), (250, 60)], ids=str)
@pytest.mark.parametrize("monochrome", [False, True], ids=["colour", "no-colour"])
async def test_nothing_that_matters_is_cut_off(size: tuple[int, int], monochrome: bool, tmp_path: Path) -> None:
    with Simulator(scenario="crashloop", clock=ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path, size=size, monochrome=monochrome) as kdash:
            await opened(kdash, PAYMENTS)
            await kdash.until_text(
                "Deployment shop/payments",
                "container app is crash-looping (exit 1)",
                "1 of 2 updated",
                "2 of 2 available",
                "deadline",
                "new revision 4",
                "0/1 ready, 7 restarts",
                "last exited with code 1 (Error)",
                "CrashLoopBackOff",
                "PAYMENT_URL is not set",
                "old revision 3",
                "2/2 ready",
                "POD",
            )
            await kdash.until(lambda: "━" in kdash.text and "─" in kdash.text, "a bar that is told from its track")


@pytest.mark.parametrize("size", [(80, 24), (120, 30), (160, 45)], ids=str)
async def test_the_log_line_that_tells_why_is_on_one_line_with_its_own_width(
    size: tuple[int, int], tmp_path: Path
) -> None:
    with Simulator(scenario="crashloop", clock=ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path, size=size) as kdash:
            screen = await opened(kdash, PAYMENTS)
            await kdash.until_text("ERROR payments: could not start: PAYMENT_URL is not set")
            assert screen.why.region.height == 1
            assert screen.why.region.width == size[0]
            await kdash.until_text("RESTARTS")


async def test_the_room_that_is_left_shows_the_logs_and_is_given_back_on_a_small_screen(kdash: Dashboard) -> None:
    screen = await opened(kdash, CHECKOUT)
    await kdash.until(lambda: screen.logs in screen.panes() and screen.logs.view.line_count() > 0, "log lines")
    assert screen.events.region.bottom <= screen.logs.region.y
    assert kdash.home.logs.stream is None, "not followed twice"
    await kdash.press("5")
    assert screen.active_pane is screen.logs
    await kdash.pilot.resize_terminal(120, 30)
    await kdash.until(lambda: screen.logs not in screen.panes(), "no room for logs")
    assert screen.active_pane is not screen.logs
    await kdash.until(lambda: screen.logs.stream is None, "logs are not read any more")


async def test_a_log_that_cannot_be_read_is_said_without_alarm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unreadable(*_: object) -> None:
        return None

    monkeypatch.setattr("k9py.tui.screens.rollout_reader.read_failing_line", unreadable)
    with Simulator(scenario="crashloop", clock=ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path) as kdash:
            await opened(kdash, PAYMENTS)
            await kdash.until_text("log not readable")


async def test_the_failing_line_is_read_once_for_each_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []

    async def line(_source: object, failing: object) -> str:
        read.append(failing)
        return f"line {len(read)}"

    monkeypatch.setattr("k9py.tui.screens.rollout_reader.read_failing_line", line)
    with Simulator(scenario="crashloop", clock=ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path) as kdash:
            screen = await opened(kdash, PAYMENTS)
            await kdash.until_text("line 1")
            screen.session_changed()
            await kdash.until_text("line 2")
            for _ in range(5):
                screen.show_view(*shown_again(kdash))
                await kdash.pilot.pause()
            assert len(read) == 2, "the same run is not read again"

            def crashed_again() -> bool:
                return len(read) > 2

            await kdash.advance_until(crashed_again, "the next crash is read")


def shown_again(kdash: Dashboard):  # type: ignore[no-untyped-def]
    cluster, now = kdash.connected.cluster, kdash.simulator.clock.now()
    return cluster, cluster.queries.rollout_view(PAYMENTS, now), now


SLOW = ObjectRef("Deployment", "shop", "slow")


def start_slow(state: SimulatorState) -> None:
    labels = {"app": "slow"}
    create_object(
        state,
        DEPLOYMENTS,
        {
            "metadata": {"namespace": SLOW.namespace, "name": SLOW.name},
            "spec": {
                "replicas": 3,
                "minReadySeconds": 30,
                "progressDeadlineSeconds": 600,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "app", "image": "registry.example.com/shop/slow:1"}]},
                },
            },
        },
    )


async def test_a_healthy_slow_rollout_raises_no_alarm_and_its_deadline_counts_down(kdash: Dashboard) -> None:
    kdash.simulator.call(start_slow)
    await kdash.until(lambda: kdash.home.rollouts.table.row(SLOW) is not None, "the slow one")
    screen = await opened(kdash, SLOW)
    await kdash.advance_until(lambda: "deadline in" in words(screen.allows), "the deadline counts")
    assert "minReadySeconds 30" in words(screen.allows)
    seen = set()
    for _ in range(6):
        kdash.simulator.advance(1)
        await kdash.pilot.pause(0.1)
        seen.add(words(screen.allows))
        alarming = {Tone.FAIL, Tone.WARN, Tone.UNKNOWN}
        assert screen.summary.shown is not None
        assert screen.summary.shown.tone in (Tone.BUSY, Tone.OK)
        shown = [screen.cohorts.newest, screen.cohorts.older, screen.allows]
        assert not any(tones(line) & alarming for line in shown)
        assert not any(bar.has_class("-fail") or bar.has_class("-warn") for bar in screen.query(ReplicaBar))
    assert len(seen) > 2, "the countdown moves with the clock alone"


@pytest.mark.parametrize("key", [DB, AGENT, CART], ids=["StatefulSet", "DaemonSet", "Deployment"])
async def test_all_three_kinds_show_their_current_revision(key: ObjectRef, kdash: Dashboard) -> None:
    screen = await opened(kdash, key)
    assert screen.snapshot is not None
    assert screen.snapshot.facts[0].cohort.is_current
    assert words(screen.cohorts.newest).startswith("revision")
    await kdash.until_text("Revisions", "CHANGED BY", "now")


async def test_history_names_who_changed_it_by_one_request_a_generation(
    kdash: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    await kdash.select(CHECKOUT)
    seen = kdash.simulator
    await kdash.until(
        lambda: any("replicasets/checkout" in request.path for request in seen.requests), "home's answer is read"
    )
    asked: list[ObjectRef] = []
    connection = kdash.connected.connection
    get = connection.get

    async def counted(key: ObjectRef) -> dict[str, object]:
        asked.append(key)
        return await get(key)

    monkeypatch.setattr(connection, "get", counted)
    screen = await opened(kdash, CHECKOUT)
    await kdash.until_text("shop-pipeline, 12m ago", "kubectl-edit, 5d ago")
    for _ in range(3):
        kdash.simulator.advance(1)
        await kdash.pilot.pause(0.1)
    assert asked == [CHECKOUT]
    assert screen.revisions.selected is not None


async def test_an_undo_is_shown_at_once_and_can_be_undone_from_the_same_screen(kdash: Dashboard) -> None:
    screen = await opened(kdash, CHECKOUT)
    for image, present in (("checkout:2.7.1", 7), ("checkout:2.8.0", 8)):
        await kdash.press("u")
        asking = await kdash.until_screen(UndoDialog)
        if present == 8:
            back = next(revision for revision in asking.revisions if revision.number == 6)
            assert asking.table.select_key(back.key)
            await kdash.pilot.pause()
        await kdash.press("enter")
        await kdash.confirm()
        await kdash.press("tab", "enter")

        def shown(image: str = image, present: int = present) -> bool:
            return f"revision {present}  {image}" in words(screen.cohorts.newest)

        await kdash.advance_until(shown, f"{image} is the new revision")
        assert kdash.app.screen is screen
        await kdash.until(lambda: screen.revisions.rows, "revisions")


async def test_the_pod_under_the_cursor_is_told_only_in_the_pod_panes(kdash: Dashboard) -> None:
    screen = await opened(kdash, CHECKOUT)
    await kdash.press("2")
    target = screen.pod_target()
    assert target is not None
    assert target.kind == "Pod"
    await kdash.press("3")
    assert screen.pod_target() is None


@pytest.fixture
async def busy(tmp_path: Path) -> AsyncIterator[Dashboard]:
    with Simulator(scenario="bad-release", clock=ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path, size=(160, 45)) as running:
            yield running


async def test_the_times_in_history_keep_up_with_the_clock(busy: Dashboard) -> None:
    await opened(busy, CHECKOUT)
    await busy.until_text("shop-pipeline, 12m ago")
    before = busy.simulator.clock.now()
    busy.simulator.advance(600)
    assert busy.simulator.clock.now() - before >= timedelta(seconds=600)
    await busy.until_text("shop-pipeline, 22m ago")


@pytest.mark.parametrize("size", [(80, 24), (120, 30), (160, 45)], ids=str)
async def test_the_state_in_the_head_is_whole_at_every_size(size: tuple[int, int], tmp_path: Path) -> None:
    with Simulator(scenario="failures", clock=ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path, size=size) as kdash:
            screen = await opened(kdash, ObjectRef("StatefulSet", "shop", "admission-refused"))
            assert screen.summary.shown is not None
            region = screen.summary.region
            rows = [line[region.x : region.right] for line in kdash.text.splitlines()[region.y : region.bottom]]
            assert screen.summary.shown.state in " ".join(" ".join(rows).split())
            await kdash.until_text("no pod of the new revision")


async def test_what_does_not_fit_behind_the_tabs_is_cut_and_not_dropped_at_a_word(tmp_path: Path) -> None:
    with Simulator(scenario="crashloop", clock=ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path, size=(90, 24)) as kdash:
            await opened(kdash, PAYMENTS)
            await kdash.press("3")
            await kdash.until_text("3 Revisions (")
            tabs = next(line for line in kdash.text.splitlines() if "2 Old pods" in line).rstrip()
            assert tabs.endswith("…")
            assert not tabs.endswith(" · …")
