"""The world both clients meet: one event loop for a whole test, many kubeconfigs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conformance.kubeconfigs.world import World, running


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with running() as world:
        yield world
