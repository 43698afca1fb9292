"""The demo cluster of `kdash --demo`: runs in this process and is reached through a kubeconfig like any other.

Invariant: the simulated API server runs exactly as long as the `with` block; its kubeconfig is in a private directory.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import tempfile
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from k9py.api.errors import ConfigError
from k9py.kube.options import ConnectOptions

if TYPE_CHECKING:
    from k9py.kube.connection import Connection
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


class DemoCluster:
    """A demo cluster; its server starts with the first connection, so that the first frame does not wait for it."""

    def __init__(self, scenario: str) -> None:
        check_scenario(scenario)
        self.scenario = scenario
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._simulator: Simulator | None = None

    def __enter__(self) -> Self:
        self._directory = tempfile.TemporaryDirectory(prefix="kdash-demo-")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._simulator is not None:
            self._simulator.stop()
            self._simulator = None
        self.remove_directory()

    def remove_directory(self) -> None:
        """Remove the kubeconfig from disk; no new connections are possible."""
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None

    @property
    def options(self) -> ConnectOptions:
        """The options to connect: its kubeconfig, written when the server starts."""
        assert self._directory is not None, "a Demo is used in a with block"
        return ConnectOptions(kubeconfig=str(Path(self._directory.name) / "config"))

    @property
    def namespace(self) -> str:
        """The namespace of the demo's workloads."""
        return "team-000" if self.scenario.startswith("big") else "shop"

    async def connect(self, options: ConnectOptions) -> Connection:
        """Start the server if necessary, and connect as to any cluster."""
        from k9py.kube.connect import connect

        if self._simulator is None:
            self._simulator = await asyncio.to_thread(self._start)
        return await connect(options)

    def _start(self) -> Simulator:
        from k9py.simulator.server import Simulator

        # A client that disconnects during a stream is normal, and standard error belongs to the command.
        logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
        # The audit file must not match objects of an earlier demo by uid.
        simulator = Simulator(scenario=self.scenario, uid_salt=secrets.randbits(128))
        simulator.start()
        path = self.options.kubeconfig
        assert path is not None
        simulator.write_kubeconfig(Path(path), namespace=self.namespace)
        return simulator
