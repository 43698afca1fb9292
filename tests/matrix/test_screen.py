"""The demo `failures` in the dashboard: each rollout's screen names its cause."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from k9py.api.meta import ObjectRef
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from k9py.tui.screens.rollout import RolloutScreen
from tests.tui.dashboard import Dashboard, dashboard

SAID = {
    ("Deployment", "shop", "image-missing"): "stuck: image image-missing:2.0.0-badimage cannot be pulled",
    ("StatefulSet", "shop", "crash-loop"): "stuck: container app is crash-looping (exit 1)",
    ("Deployment", "shop", "out-of-memory"): "stuck: container app was OOMKilled (limit 128Mi)",
    ("Deployment", "shop", "probe-fails"): "stuck: readiness probe of container app fails",
    ("DaemonSet", "shop", "init-fails"): "stuck: init container migrate is crash-looping (exit 1)",
    ("StatefulSet", "shop", "config-missing"): "stuck: ConfigMap config-missing-settings does not exist",
    ("DaemonSet", "shop", "secret-missing"): "stuck: Secret secret-missing-db does not exist",
    ("Deployment", "shop", "account-missing"): "stuck: ServiceAccount account-missing does not exist",
    ("Deployment", "tight", "quota-refused"): "stuck: ResourceQuota team-limit: quota is exhausted",
    ("StatefulSet", "shop", "admission-refused"): "stuck: admission webhook policy.example.com denies its pods",
    ("Deployment", "shop", "unschedulable"): "stuck: pod cannot be scheduled: it requests 2Ti memory",
    ("StatefulSet", "shop", "node-lost"): "Node node-003 is not ready",
}
LOG_LINES = {
    "crash-loop": "could not start: PAYMENT_URL is not set",
    "init-fails": "ERROR migrate: 0042_add_payment_links",
}


@pytest.fixture
async def kdash(tmp_path: Path) -> AsyncIterator[Dashboard]:
    with Simulator("failures", ManualClock()) as simulator:
        async with dashboard(simulator, tmp_path, size=(200, 50)) as running:
            yield running


async def test_every_failure_is_named_on_its_rollouts_own_screen(kdash: Dashboard) -> None:
    for place, text in SAID.items():
        await kdash.select(ObjectRef(*place))
        await kdash.press("enter")
        await kdash.until_screen(RolloutScreen)
        await kdash.until_text(place[2], text)
        if place[2] in LOG_LINES:
            await kdash.until_text(LOG_LINES[place[2]])
        await kdash.press("escape")
        await kdash.until(lambda: kdash.app.screen is kdash.home, "home")
