"""A cluster in this process, reached through a kubeconfig like any other: the demo, or the replay of a capsule.

Invariant: the simulated API server runs exactly as long as the `with` block; its kubeconfig is in a private directory.
"""

from __future__ import annotations

import asyncio
import logging
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from k9py.kube.options import ConnectOptions
from k9py.runtime.clock import Clock, SystemClock

if TYPE_CHECKING:
    from k9py.cluster.change_history import HistoryEntry
    from k9py.kube.connection import Connection
    from k9py.simulator.server import Simulator


class EmbeddedCluster(ABC):
    """A cluster in this process; its server starts with the first connection: the first frame does not wait for it.

    Attributes:
        kind: `demo` or `replay`; part of the name of its directory.
        label: what the header shows.
        context: name of the kubeconfig's context.
        namespace: the default one.
        is_replay: a recording, in which time stands still: every write is refused.
        clock: the cluster's time.
        history: what was watched to change before, newest first.
        scope: the namespaces that it has, (): those that one may read.
    """

    kind: str = "demo"
    label: str
    context: str = "demo"
    namespace: str = ""
    is_replay: bool = False
    clock: Clock = SystemClock()
    history: tuple[HistoryEntry, ...] = ()
    scope: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._directory: tempfile.TemporaryDirectory[str] | None = None
        self._simulator: Simulator | None = None

    @abstractmethod
    def _new_simulator(self) -> Simulator:
        """Return the server, not started."""

    def __enter__(self) -> Self:
        self._directory = tempfile.TemporaryDirectory(prefix=f"kdash-{self.kind}-")
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
        assert self._directory is not None, "it is used in a with block"
        return ConnectOptions(kubeconfig=str(Path(self._directory.name) / "config"))

    async def connect(self, options: ConnectOptions) -> Connection:
        """Start the server if necessary, and connect as to any cluster."""
        from k9py.kube.connect import connect

        if self._simulator is None:
            self._simulator = await asyncio.to_thread(self._start)
        return await connect(options)

    def _start(self) -> Simulator:
        # A client that disconnects during a stream is normal, and standard error belongs to the command.
        logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)
        simulator = self._new_simulator()
        simulator.start()
        path = self.options.kubeconfig
        assert path is not None
        simulator.write_kubeconfig(Path(path), context=self.context, namespace=self.namespace)
        return simulator
