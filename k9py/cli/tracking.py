"""Watch one namespace as long as a command tracks a rollout in it, and no longer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from k9py.api.meta import ObjectKey
from k9py.api.text import printable
from k9py.cli.console import Console
from k9py.cli.session import CommandSession
from k9py.cluster.cluster import Cluster
from k9py.cluster.scope import Scope
from k9py.operations.track import TrackedEnd, track
from k9py.rollouts.status import RolloutStatus
from k9py.runtime.clock import Clock


@asynccontextmanager
async def watch_namespace(session: CommandSession, namespace: str, clock: Clock) -> AsyncIterator[Cluster]:
    """Open a live view of one namespace."""
    async with Cluster(session.connection, Scope((namespace,)), clock) as cluster:
        yield cluster


async def track_to_end(
    session: CommandSession, key: ObjectKey, clock: Clock, console: Console, *, timeout: float
) -> TrackedEnd:
    """Track a rollout and print each new text on standard error. Raises KdashError: its kind may not be watched.

    Args:
        timeout: seconds.
    """
    printer = ProgressPrinter(console)
    async with watch_namespace(session, key.namespace, clock) as cluster:
        return await track(cluster, key, timeout=timeout, on_progress=lambda status: printer.print(key, status))


class ProgressPrinter:
    """Prints how a rollout stands on standard error, each new text once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""

    def print(self, key: ObjectKey, status: RolloutStatus | None) -> None:
        """Print the status; None: a pod is terminating."""
        text = "terminating" if status is None else "; ".join(part for part in (status.summary, status.note) if part)
        if text != self._last:
            self._last = text
            self._console.print_err(f"{key.kind} {printable(key.name)}: {printable(text)}")
