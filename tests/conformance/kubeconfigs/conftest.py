"""The servers that both clients connect to: one event loop for a whole test, many kubeconfigs."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conformance.kubeconfigs.servers import Servers, running


@pytest.fixture
async def servers() -> AsyncIterator[Servers]:
    async with running() as servers:
        yield servers
