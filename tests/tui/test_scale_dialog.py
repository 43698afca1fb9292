"""One dialog for scaling: each number is dry-run as it is typed, and only what is shown can be confirmed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Button

from k9py.api.errors import RefusedError
from k9py.operations.plan import PreflightWarning, WarningLevel
from k9py.tui.dialogs.question import Question
from k9py.tui.dialogs.scale import ScaleDialog, ScalePreview
from k9py.tui.theme import ThemedApp
from tests.tui.dashboard import CART, PATIENCE, Dashboard


class StillClock:
    """A clock whose sleeps end when they are told to."""

    def __init__(self) -> None:
        self.sleeping: list[asyncio.Future[None]] = []

    async def sleep(self, seconds: float) -> None:
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sleeping.append(sleeper)
        await sleeper

    def wake(self) -> None:
        for future in self.sleeping:
            if not future.done():
                future.set_result(None)
        self.sleeping.clear()


@dataclass
class Server:
    """What the server was asked, and when it answers."""

    asked: list[int] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def rehearse(self, number: int) -> ScalePreview[int]:
        self.asked.append(number)
        try:
            await self.answers.wait()
        except asyncio.CancelledError:
            self.ended.append(number)
            raise
        if number == 9:
            raise RefusedError("exceeded quota: pods", "ask for more")
        warning = PreflightWarning(WarningLevel.CAUTION, "large", f"a warning of {number}")
        rows = (("replicas", "3", str(number)),)
        return ScalePreview(Question("Scale", "Deployment cart", "here", rows, (warning,)), number)


class Host(ThemedApp[None]):
    def __init__(self) -> None:
        super().__init__()
        self.time, self.server, self.results = StillClock(), Server(), list[Any]()
        self.dialog: ScaleDialog[int] = ScaleDialog(
            "Deployment cart",
            "namespace shop",
            3,
            dry_run=self.server.rehearse,
            clock=self.time,  # type: ignore[arg-type]
        )

    def on_mount(self) -> None:
        self.push_screen(self.dialog, self.results.append)


def shown(app: App[None]) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


async def until(pilot: Pilot[None], condition: Callable[[], object]) -> None:
    """Return once the condition holds."""
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await pilot.pause()


async def test_the_server_is_asked_once_the_typing_rests_and_stale_questions_are_cancelled() -> None:
    app = Host()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("1")
        await pilot.press("2")
        await pilot.pause()
        assert app.server.asked == []
        app.time.wake()
        await until(pilot, lambda: app.server.asked == [12])
        await pilot.press("backspace")
        await until(pilot, lambda: app.server.ended == [12] and app.time.sleeping)
        app.time.wake()
        app.server.answers.set()
        await until(pilot, lambda: app.dialog.preview)
        assert app.server.asked == [12, 1]
        assert app.dialog.preview is not None
        assert app.dialog.preview[0] == 1
        assert "replicas  3 → 1" in shown(app)
        assert "a warning of 1" in shown(app)


async def test_a_number_that_is_not_shown_yet_cannot_be_confirmed() -> None:
    app = Host()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert [str(notification.message) for notification in app._notifications] == [
            "enter the new number of replicas first"
        ]
        await pilot.press("tab", "5", "enter", "tab", "enter")
        await pilot.pause()
        assert app.server.asked == [5], "Enter in the number asks at once"
        assert app.results == []
        app.server.answers.set()
        await until(pilot, lambda: app.dialog.preview)
        button = app.dialog.query_one("#confirm", Button)
        assert app.focused is button
        await until(pilot, lambda: not button.has_class("-active"))  # the press before is still drawn
        await pilot.press("enter")
        await until(pilot, lambda: app.results)
        assert app.results == [5]


async def test_enter_in_the_number_confirms_nothing_and_a_refusal_stays_in_the_dialog() -> None:
    app = Host()
    async with app.run_test(size=(100, 30)) as pilot:
        app.server.answers.set()
        await pilot.press("5", "enter")
        await until(pilot, lambda: app.dialog.preview)
        await pilot.press("enter", "enter")
        await pilot.pause()
        assert app.results == []
        await pilot.press("backspace", "9", "enter")
        await until(pilot, lambda: "exceeded quota: pods · ask for more" in shown(app))
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert app.results == []
        await pilot.press("escape")
        await pilot.pause()
        assert app.results == [None]


async def test_scaling_a_healthy_workload_to_zero_says_so_in_the_dialog(kdash: Dashboard) -> None:
    await kdash.select(CART)
    await kdash.press("s")
    await kdash.until_text("● healthy, 3/3 ready, revision 3 for 4d", "now 3")
    await kdash.press("0")
    await kdash.until_text("replicas  3 → 0", "did you mean deploy/checkout?")
    assert kdash.text.count("● healthy, 3/3 ready") == 1, "how it stands is said once"
