"""The connection to one cluster as one state to show: connecting, retrying, and the session that is being watched.

Owns the connection and the cluster's task; both end when `run` is cancelled. Invariant: losing the cluster is a state,
never an exit: `run` returns only by cancellation and lets no KdashError out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from k9py.api.errors import ConfigError, KdashError
from k9py.kube.sign_in import SignIn
from k9py.session import ClusterSession, open_session
from k9py.tui.options import AppOptions

RETRY_SECONDS: Final = (2.0, 4.0, 8.0, 15.0, 30.0)
"""Waits between attempts to connect; the last one repeats."""


@dataclass(frozen=True, slots=True)
class Connecting:
    """The first attempt to connect, or one that the user asked for, is running."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """There is no cluster to show, and why. `retry_at` None: it is not retried, because the configuration is wrong."""

    error: KdashError
    retry_at: datetime | None


Connected = ClusterSession
"""There is a cluster, and it is being watched."""

SessionState = Connecting | Unreachable | Connected


class ReconnectingSession:
    """Connects to what the options name and keeps the cluster running.

    Args:
        on_change: called with each new state, on the event loop.
        on_sign_in: called when a credential plugin has printed something or ended.
    """

    def __init__(
        self,
        options: AppOptions,
        on_change: Callable[[SessionState], None],
        on_sign_in: Callable[[], None] = lambda: None,
    ) -> None:
        self.options = options
        self._on_sign_in = on_sign_in
        self.state: SessionState = Connecting()
        self.sign_in: SignIn | None = None
        """The credential plugin that waits for the user."""
        self._on_change = on_change
        self._retry_now = asyncio.Event()

    @property
    def connected(self) -> Connected | None:
        """The cluster, None while there is none."""
        return self.state if isinstance(self.state, Connected) else None

    def retry(self) -> None:
        """Retry now instead of waiting."""
        self._retry_now.set()

    def on_output(self, sign_in: SignIn, line: str) -> None:
        """Show the output of a credential plugin."""
        self.sign_in = sign_in
        self._on_sign_in()

    def on_end(self, sign_in: SignIn) -> None:
        """Hide the output of a credential plugin that has ended."""
        if self.sign_in is sign_in:
            self.sign_in = None
            self._on_sign_in()

    async def run(self) -> None:
        """Connect, and run the cluster until cancelled."""
        attempt = 0
        while True:
            try:
                await self._live()
            except KdashError as error:
                wait = None if isinstance(error, ConfigError) else RETRY_SECONDS[min(attempt, len(RETRY_SECONDS) - 1)]
                attempt += 1
                await self._wait_after(error, wait)

    async def _live(self) -> None:
        from k9py.cluster.scope import choose_scope

        options = self.options
        connection = await options.connector(replace(options.connect, sign_in=self))
        async with open_session(
            connection,
            options.clock,
            read_only=options.read_only,
            is_replay=options.is_replay,
            audit_path=options.audit_path,
            history=options.history,
        ) as session:
            choice = await choose_scope(connection, options.namespaces, context_namespace=session.namespace)
            async with session.watch(choice.scope, notice=choice.notice) as cluster:
                self._change(session)
                cluster.discovery.request()
                await asyncio.get_running_loop().create_future()

    async def _wait_after(self, error: KdashError, wait: float | None) -> None:
        self._retry_now.clear()
        clock = self.options.clock
        retry_at = None if wait is None else clock.now() + timedelta(seconds=wait)
        self._change(Unreachable(error, retry_at))
        asked = asyncio.ensure_future(self._retry_now.wait())
        waits = {asked} if wait is None else {asked, asyncio.ensure_future(clock.sleep(wait))}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiting in waits:
                waiting.cancel()
        if self._retry_now.is_set():  # the user sees that the key did something
            self._change(Connecting())

    def _change(self, state: SessionState) -> None:
        self.state = state
        self._on_change(state)


def options_for_context(options: AppOptions, context: str) -> AppOptions:
    """Return the options for another context; the namespaces of the previous one do not carry over."""
    return replace(options, connect=replace(options.connect, context=context), namespaces=(), all_namespaces=False)
