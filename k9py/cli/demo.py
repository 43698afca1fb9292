"""The demo cluster of `kdash --demo`: a simulated cluster in which things happen."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from k9py.api.errors import ConfigError
from k9py.cli.embedded_cluster import EmbeddedCluster

if TYPE_CHECKING:
    from k9py.simulator.server import Simulator

SCENARIOS = ("shop", "bad-release", "crashloop", "failures", "regression", "no-endpoints", "jobs", "big")


def check_scenario(scenario: str) -> None:
    """Refuse an unknown scenario.

    Raises:
        ConfigError: lists the scenarios.
    """
    name, colon, size = scenario.partition(":")
    hint = f"one of: {', '.join(SCENARIOS)}; big takes a number of pods, for example --demo=big:20000"
    if name not in SCENARIOS or (colon and name != "big"):
        raise ConfigError(f"unknown demo {scenario!r}", hint)
    if colon and not (size.isascii() and size.isdigit() and 0 < int(size) <= 100_000):
        raise ConfigError(f"{size!r} is not a number of pods between 1 and 100000", hint)


class DemoCluster(EmbeddedCluster):
    """A demo cluster. Raises ConfigError for an unknown scenario."""

    def __init__(self, scenario: str) -> None:
        check_scenario(scenario)
        super().__init__()
        self.scenario = scenario
        self.label = f"demo {scenario}"
        self.namespace = "team-000" if scenario.startswith("big") else "shop"

    def _new_simulator(self) -> Simulator:
        from k9py.simulator.server import Simulator

        # The audit file must not match objects of an earlier demo by uid.
        return Simulator(scenario=self.scenario, uid_salt=secrets.randbits(128))
