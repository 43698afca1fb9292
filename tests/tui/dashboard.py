"""The real dashboard on a simulated cluster over real HTTP, worked by keys.

Tests wait for what they expect (`Dashboard.until`), never for time to pass. The cluster's clock stands still until
`Dashboard.advance`; the dashboard shows the cluster's time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from textual.pilot import Pilot
from textual.screen import Screen

from k9py.actions.registry import BUILT_IN, ActionRegistry
from k9py.api.meta import ObjectRef
from k9py.kube.options import ConnectOptions
from k9py.operations.registry import OperationRegistry, built_in_operations
from k9py.runtime.clock import SystemClock
from k9py.simulator.server import Simulator
from k9py.tui.app.kdash_app import KdashApp
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.options import AppOptions, triage_of
from k9py.tui.problems import TriageSource
from k9py.tui.screens.home import HomeScreen
from k9py.tui.session import Connected

PATIENCE = 30.0
"""Seconds after which a condition that does not come true fails the test."""

CHECKOUT = ObjectRef("Deployment", "shop", "checkout")
CART = ObjectRef("Deployment", "shop", "cart")
DB = ObjectRef("StatefulSet", "data", "db")
AGENT = ObjectRef("DaemonSet", "monitoring", "agent")

S = TypeVar("S", bound="Screen[Any]")


class ClusterTime(SystemClock):
    """The cluster's wall clock; waiting is real."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator

    def now(self) -> datetime:
        return self._simulator.clock.now()


@dataclass
class Dashboard:
    """A running app, its pilot and the cluster it shows."""

    app: KdashApp
    pilot: Pilot[int]
    simulator: Simulator
    audit: Path

    @property
    def home(self) -> HomeScreen:
        return self.app.home

    @property
    def connected(self) -> Connected:
        connected = self.app.connected
        assert connected is not None
        return connected

    async def until(self, condition: Callable[[], object], what: str = "") -> None:
        """Return once the condition holds."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    await self.pilot.pause(0.02)
        except TimeoutError:
            raise AssertionError(f"did not come true: {what or condition}\n{self.text}") from None

    async def until_screen(self, kind: type[S]) -> S:
        """Return the screen of that type once it is on top."""
        await self.until(lambda: isinstance(self.app.screen, kind) and self.app.screen.is_mounted, kind.__name__)
        await self.pilot.pause()
        assert isinstance(self.app.screen, kind)
        return self.app.screen

    async def until_text(self, *message: str) -> None:
        """Return once all these words are on the screen."""
        await self.until(lambda: all(word in self.text for word in message), f"{message} on the screen")

    async def until_said(self, message: str) -> None:
        """Return once a message for a moment holds these words."""
        await self.until(
            lambda: any(message in str(notification.message) for notification in self.app._notifications),
            f"{message} said",
        )

    def is_settled(self) -> bool:
        """Say whether everything has been read, what may not be read too, and the tables and Problems show it."""
        panes = (self.home.services, self.home.rollouts)
        problems, report = self.app.problems, self.app.problems.report
        return (
            report is not None
            and report.is_complete
            and len(self.home.problems.rows) == len(problems.shown)
            and bool(problems.shown) is (self.home.problem_lines > 0)
            and all(
                pane.is_complete and not pane.is_loading and pane.table.row_count == len(pane.rows) > 0
                for pane in panes
            )
        )

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def select(self, key: ObjectRef) -> None:
        """Put the cursor of Rollouts on an object, as a person would by moving there."""
        await self.press("2")
        await self.until(lambda: self.home.rollouts.table.row(key) is not None, f"{key} in Rollouts")
        assert self.home.rollouts.table.select_key(key)
        await self.pilot.pause()

    async def confirm(self) -> ConfirmDialog:
        """Return the confirm dialog once it is there."""
        return await self.until_screen(ConfirmDialog)

    async def advance_until(self, condition: Callable[[], object], what: str = "") -> None:
        """Let the cluster's time go on, second by second, until the condition holds."""

        def moved() -> object:
            if condition():
                return True
            self.simulator.advance(1)
            return False

        await self.until(moved, what)

    @property
    def text(self) -> str:
        """What is on the screen, as lines of text."""
        screen = self.app.screen
        width, height = self.app.size
        strips = screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip)[:width] for strip in strips[:height])


@asynccontextmanager
async def dashboard(
    simulator: Simulator,
    tmp_path: Path,
    *,
    size: tuple[int, int] = (160, 45),
    user: str = "admin",
    namespace: str = "",
    namespaces: tuple[str, ...] = (),
    read_only: bool = False,
    live: bool = True,
    light: bool = False,
    monochrome: bool = False,
    actions: ActionRegistry = BUILT_IN,
    operations: OperationRegistry | None = None,
    environ: Mapping[str, str] | None = None,
    triage: TriageSource | None = None,
    config_path: Path | None = None,
    notifications: bool = False,
) -> AsyncIterator[Dashboard]:
    """Run the app on the simulator; with `live`, begin once everything is read and shown.

    Args:
        triage: what finds problems, None: the cluster's own.
        notifications: draw messages, as the app does.
    """
    config = simulator.write_kubeconfig(tmp_path / "config", user=user, namespace=namespace)
    audit = tmp_path / "state" / "audit.jsonl"
    app = KdashApp(
        AppOptions(
            connect=ConnectOptions(kubeconfig=str(config)),
            namespaces=namespaces,
            read_only=read_only,
            audit_path=audit,
            monochrome=monochrome,
            theme="light" if light else "dark",
            redraws_per_second=50,
            clock=ClusterTime(simulator),
            actions=actions,
            operations=operations or built_in_operations(),
            draft_directory=tmp_path / "drafts",
            log_directory=tmp_path / "saved",
            environ=environ or {},
            config_path=config_path,
            triage_of=triage_of if triage is None else lambda _cluster: triage,
        )
    )
    async with app.run_test(size=size, notifications=notifications) as pilot:
        running = Dashboard(app, pilot, simulator, audit)
        if live:
            await running.until(lambda: app.connected is not None, "connected")
            await running.until(running.is_settled, "everything read and shown")
        yield running
