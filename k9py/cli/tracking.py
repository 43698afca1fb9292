"""Track a rollout from a command: its namespace is watched for as long as that takes, and no longer."""

from __future__ import annotations

from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.cli.console import Console
from k9py.cli.session import CommandSession
from k9py.cluster.scope import Scope
from k9py.operations.track import TrackedEnd, track
from k9py.rollouts.status import RolloutStatus


async def track_to_end(session: CommandSession, key: ObjectRef, console: Console, *, timeout: float) -> TrackedEnd:
    """Track a rollout and print each new text on standard error. Raises KdashError: its kind may not be watched.

    Args:
        timeout: seconds.
    """
    printer = ProgressPrinter(console)
    async with session.watch(Scope((key.namespace,))) as cluster:
        return await track(cluster, key, timeout=timeout, on_progress=lambda status: printer.print(key, status))


class ProgressPrinter:
    """Prints how a rollout stands on standard error, each new text once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = ""

    def print(self, key: ObjectRef, status: RolloutStatus | None) -> None:
        """Print the status; None: a pod is terminating."""
        text = "terminating" if status is None else "; ".join(part for part in (status.summary, status.note) if part)
        if text != self._last:
            self._last = text
            self._console.print_err(f"{printable(str(key))}: {printable(text)}")
