"""What the screens look like, at fixed sizes, the cluster's time standing still. Update with --snapshot-update."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from textual.pilot import Pilot

from k9py.kube.options import ConnectOptions
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from k9py.tui.app.kdash_app import KdashApp
from k9py.tui.options import AppOptions
from k9py.tui.screens.logs import LogScreen
from tests.tui.dashboard import ClusterTime, Dashboard

Compare = Callable[..., bool]


def kdash_app(simulator: Simulator, tmp_path: Path, *, light: bool = False, monochrome: bool = False) -> KdashApp:
    config = simulator.write_kubeconfig(tmp_path / "config")
    return KdashApp(
        AppOptions(
            connect=ConnectOptions(kubeconfig=str(config)),
            theme="light" if light else "dark",
            monochrome=monochrome,
            redraws_per_second=50,
            clock=ClusterTime(simulator),
        )
    )


def after(
    app: KdashApp,
    simulator: Simulator,
    keys: Sequence[str],
    texts: Sequence[str],
    *,
    failing: str = "1 stuck",
    lines: int = 0,
) -> Callable[[Pilot[int]], Awaitable[None]]:
    """Return what to do before the picture is taken: wait until all is shown, press keys, wait for words.

    Args:
        failing: what the header says at the end.
        lines: so many of them the log screen keeps by then.
    """

    async def run(pilot: Pilot[int]) -> None:
        running = Dashboard(app, pilot, simulator, Path())
        await running.until(lambda: app.connected is not None, "connected")
        await running.until(running.is_settled, "everything read and shown")
        await running.until(lambda: running.connected.cluster.health.is_live, "live")
        await running.until(lambda: app.home.logs.view.line_count() > 0, "lines")
        for key in keys:
            await pilot.press(key)
        screen = app.screen
        if isinstance(screen, LogScreen):
            await running.until(lambda: screen.logs.view.state.lines >= lines, "all lines")
            await running.until(lambda: screen.is_settled or not screen.patterns.display, "all counted and compared")
        await running.until_text(failing, *texts)
        await pilot.pause(0.3)

    return run


@pytest.mark.parametrize(
    ("name", "size", "keys", "texts"),
    [
        ("home-small", (80, 24), (), ("1 problem", "deploy/checkout")),
        ("rollout", (160, 45), ("enter",), ("Old pods", "release 2.8", "Events")),
        ("rollout-small", (80, 24), ("2", "enter"), ("2 Old pods", "checkout-")),
        ("undo", (120, 36), ("enter", "u"), ("suggested: 3 of its pods", "checkout:2.7.1")),
        ("help", (120, 45), ("enter", "question_mark"), ("Actions", "Quit kdash")),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_screens_look_as_they_did(
    name: str,
    size: tuple[int, int],
    keys: tuple[str, ...],
    texts: tuple[str, ...],
    simulator: Simulator,
    tmp_path: Path,
    snap_compare: Compare,
) -> None:
    app = kdash_app(simulator, tmp_path)
    assert snap_compare(app, terminal_size=size, run_before=after(app, simulator, keys, texts))


def test_the_rollout_without_colour(simulator: Simulator, tmp_path: Path, snap_compare: Compare) -> None:
    app = kdash_app(simulator, tmp_path, monochrome=True)
    assert snap_compare(app, terminal_size=(120, 36), run_before=after(app, simulator, ("enter",), ("Old pods",)))


LOGS = ("2", "slash", *"cart", "enter", "l")
LEVELS = (
    "ampersand",
    *"level",
    "greater_than_sign",
    "equals_sign",
    *"warn",
    "enter",
    "plus",
    "slash",
    *"retrying",
    "enter",
)


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["wide", "small"])
@pytest.mark.parametrize(
    ("name", "keys", "texts"),
    [
        ("merged", LOGS, ("3 containers · last 200 lines · deploy/cart",)),
        ("filtered", (*LOGS, *LEVELS), ("of context", "match 7/7")),
    ],
    ids=["merged", "filtered"],
)
def test_logs_look_as_they_did(
    name: str,
    keys: tuple[str, ...],
    texts: tuple[str, ...],
    size: tuple[int, int],
    simulator: Simulator,
    tmp_path: Path,
    snap_compare: Compare,
) -> None:
    app = kdash_app(simulator, tmp_path)
    assert snap_compare(app, terminal_size=size, run_before=after(app, simulator, keys, texts, lines=600))


@pytest.mark.parametrize("size", [(120, 36), (80, 24)], ids=["wide", "small"])
def test_patterns_look_as_they_did(size: tuple[int, int], tmp_path: Path, snap_compare: Compare) -> None:
    with Simulator("regression", ManualClock()) as simulator:
        app = kdash_app(simulator, tmp_path)
        keys = ("2", "slash", *"checkout", "enter", "l")
        expected_texts = ("could not apply the voucher", "10 containers")
        waiting = after(app, simulator, keys, expected_texts, failing="1 rolling out", lines=1_959)
        assert snap_compare(app, terminal_size=size, run_before=waiting)
