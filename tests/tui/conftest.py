"""A cluster in which a release of checkout has gone wrong, its time standing still."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from k9py.tui.screens.logs import LogScreen
from tests.tui.dashboard import Dashboard, dashboard
from tests.tui.log_screen import opened


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(scenario="bad-release", clock=ManualClock()) as running:
        yield running


@pytest.fixture
async def kdash(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Dashboard]:
    async with dashboard(simulator, tmp_path) as running:
        yield running


@pytest.fixture
async def log_screen(kdash: Dashboard) -> LogScreen:
    return await opened(kdash)
