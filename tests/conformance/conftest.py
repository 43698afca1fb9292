"""Fixtures of the conformance tests: a cluster, and the real kubectl that uses it."""

from collections.abc import Iterator

import pytest

from k9py.simulator.server import Simulator
from tests.conformance.kubectl import Kubectl


@pytest.fixture
def simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """A running cluster; empty, or of the scenario given with `parametrize("simulator", [...], indirect=True)`."""
    with Simulator(scenario=getattr(request, "param", None)) as running:
        yield running


@pytest.fixture
def kubectl(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    """The real kubectl, with the rights of `admin` in the namespace `shop` by default."""
    return Kubectl(simulator, tmp_path_factory.mktemp("kubectl"))
