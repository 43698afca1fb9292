"""Markers: which tests are slow, need a pseudo-terminal, or run the real kubectl.

A test is marked by what it does, so that a new one needs no mark of its own. `pytest -m "not slow and not pty"` is the
fast loop; plain `pytest` runs everything. README.md next to this file describes the layout.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent

SLOW_DIRECTORIES: Final = frozenset({"conformance", "contract", "integration", "matrix", "pty"})
"""Every test there runs a simulated cluster, a process or kubectl."""

MIXED_DIRECTORIES: Final = frozenset({"cli", "tui"})
"""Slow there: a test that starts a simulated cluster or a process."""

SLOW_FIXTURES: Final = frozenset({"kdash", "simulator"})
SLOW_IMPORTS: Final = ("DemoCluster", "Simulator", "pexpect", "subprocess")
"""Names in a test module that show that its tests start a cluster or a process."""

KUBECTL_MODULES: Final = frozenset({"test_preflight_as_kubectl"})


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    for item in items:
        for marker in markers_of(item):
            item.add_marker(marker)


def markers_of(item: pytest.Item) -> Iterable[str]:
    """Return the markers of a test, by its directory, its fixtures and the imports of its module."""
    directory = item.path.relative_to(ROOT).parts[0]
    if directory in SLOW_DIRECTORIES or (directory in MIXED_DIRECTORIES and _starts_something(item)):
        yield "slow"
    if directory == "pty":
        yield "pty"
    if directory == "conformance" or item.path.stem in KUBECTL_MODULES:
        yield "kubectl"


def _starts_something(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    module = getattr(item, "module", None)
    return not SLOW_FIXTURES.isdisjoint(fixtures) or any(hasattr(module, name) for name in SLOW_IMPORTS)
