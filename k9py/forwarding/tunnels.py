"""Keeps one tunnel open to the pod that takes new connections.

Owns: when a tunnel is opened, given up for another pod's, and tried again. Invariants: new connections use the current
tunnel alone. A tunnel that was given up stays until its last connection has ended, or it breaks. While the server or
the node fails, it is tried again with backoff; a pod whose tunnel or port failed is avoided for a while, as long as
there is another one. A connection waits for a tunnel no longer than `CONNECT_SECONDS`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, Protocol

from k9py.api.errors import ConnectionFailedError, ForbiddenError, KdashError, NotFoundError
from k9py.api.pods import Pod
from k9py.api.streams import PodPorts, PortTunnel, StreamsUnsupportedError
from k9py.api.text import printable
from k9py.runtime.backoff import Backoff
from k9py.runtime.clock import Clock

CONNECT_SECONDS: Final = 10.0
"""How long a connection waits for a tunnel before it is closed."""
AVOID_SECONDS: Final = 5.0
"""How long a pod is avoided after its tunnel or port failed."""
_FIRST_RETRY: Final = 0.25
_LONGEST_RETRY: Final = 8.0
_STABLE_SECONDS: Final = 5.0
"""A tunnel that lived so long was progress: the next failure is the first one again."""


class TunnelOwner(Protocol):
    """The forward, as its tunnels see it."""

    def choose(self, current: str, avoided: frozenset[str]) -> Pod | None:
        """Return the pod that should take new connections; see `ForwardTarget.choose`."""
        ...

    def ports_of(self, pod: Pod) -> Mapping[int | str, int]:
        """Return the container ports that a pod has, by the ports that were asked for."""
        ...

    def on_connected(self, link: PodLink) -> None:
        """Handle that new connections go to a pod."""
        ...

    def on_waiting(self, error: KdashError | None) -> str:
        """Handle that no connection can be made: no pod can take one, or the tunnel failed. Return why, printable."""
        ...

    def on_fatal(self, error: KdashError) -> None:
        """Handle an error of the first tunnel that trying again does not help."""
        ...


class PodLink:
    """A tunnel to a pod.

    Args:
        ports: container ports by the ports that were asked for.

    Attributes:
        tunnel: None until it is open.
        connections: that use it now.
        is_closed: it has ended.
        is_retired: another one takes new connections.
    """

    def __init__(self, pod: Pod, ports: Mapping[int | str, int]) -> None:
        self.pod = pod
        self.ports = ports
        self.tunnel: PortTunnel | None = None
        self.connections = 0
        self.is_closed = False
        self.is_retired = False
        self._released = asyncio.Event()

    def enter(self) -> None:
        """Count a connection."""
        self.connections += 1

    def leave(self) -> None:
        """Count the end of a connection."""
        self.connections -= 1
        self._release()

    def retire(self) -> None:
        """Close it when its last connection has ended."""
        self.is_retired = True
        self._release()

    async def wait_released(self) -> None:
        """Return when nobody needs it any more."""
        await self._released.wait()

    def _release(self) -> None:
        if self.is_retired and not self.connections:
            self._released.set()


class NoTunnelError(KdashError):
    """No pod could be reached in time."""


class Tunnels:
    """The tunnels of a forward; `run` keeps one open.

    Args:
        ports: opens tunnels.
    """

    def __init__(self, ports: PodPorts, namespace: str, clock: Clock, owner: TunnelOwner) -> None:
        self._ports = ports
        self._namespace = namespace
        self._clock = clock
        self._owner = owner
        self._backoff = Backoff(_FIRST_RETRY, _LONGEST_RETRY)
        self._changed = asyncio.Event()
        self._available = asyncio.Event()
        self._current: PodLink | None = None
        self._avoided: dict[str, float] = {}
        self._has_connected = False
        self._why = ""

    # -- for connections ----------------------------------------------------------------------------------------------

    async def acquire(self) -> PodLink:
        """Return the link that takes new connections. Raises NoTunnelError: there was none in time."""
        if (link := self._usable()) is not None:
            return link
        waiting = asyncio.ensure_future(self._wait_available())
        limit = asyncio.ensure_future(self._clock.sleep(CONNECT_SECONDS))
        try:
            await asyncio.wait({waiting, limit}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                return waiting.result()
        finally:
            waiting.cancel()
            limit.cancel()
            await asyncio.gather(waiting, limit, return_exceptions=True)
        raise NoTunnelError(self._why or "no pod could be reached")

    def avoid(self, link: PodLink) -> bool:
        """Use another pod for a while, if there is one. Returns whether there is."""
        self._avoided[link.pod.uid] = self._clock.monotonic() + AVOID_SECONDS
        other = self._choose()
        if other is None or other.uid == link.pod.uid:
            del self._avoided[link.pod.uid]
            return False
        if self._current is link:
            self._set_current(None)
        self._changed.set()
        return True

    def _usable(self) -> PodLink | None:
        link = self._current
        return link if link is not None and not link.is_closed else None

    async def _wait_available(self) -> PodLink:
        while True:
            await self._available.wait()
            if (link := self._usable()) is not None:
                return link
            self._available.clear()

    # -- for the forward ----------------------------------------------------------------------------------------------

    def wake(self) -> None:
        """Look again at which pod takes the connections: something has changed."""
        self._changed.set()

    async def run(self) -> None:
        """Keep a tunnel open until cancelled, which ends all tunnels."""
        async with asyncio.TaskGroup() as group:
            while True:
                await self._keep_one(group)

    async def _keep_one(self, group: asyncio.TaskGroup) -> None:
        """Open a tunnel to the pod that should take connections, and return when another one is needed."""
        self._changed.clear()
        pod = self._choose()
        if pod is None:
            self._why = self._owner.on_waiting(None)
            await self._changed.wait()
            return
        link = PodLink(pod, self._owner.ports_of(pod))
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        group.create_task(self._hold(link, opened), name=f"tunnel to {pod.name}")
        try:
            await opened
        except KdashError as error:
            await self._handle_failure(pod, error)
            return
        since = self._clock.monotonic()
        self._has_connected = True
        self._set_current(link)
        self._owner.on_connected(link)
        while not link.is_closed and self._is_chosen(link):
            self._changed.clear()
            await self._changed.wait()
        self._set_current(None)
        link.retire()
        if link.is_closed:
            if self._clock.monotonic() - since >= _STABLE_SECONDS:
                self._backoff.reset()
            else:
                lost = ConnectionFailedError(f"the tunnel to {printable(pod.name)} was lost")
                self._why = self._owner.on_waiting(lost)
                await self._wait(self._backoff.next(), pod)
        else:
            self._backoff.reset()

    async def _hold(self, link: PodLink, opened: asyncio.Future[None]) -> None:
        """Keep a tunnel open until it breaks or is released."""
        try:
            async with self._ports.open_ports(self._namespace, link.pod.name) as tunnel:
                link.tunnel = tunnel
                if not opened.done():
                    opened.set_result(None)
                closed, released = (
                    asyncio.ensure_future(tunnel.wait_closed()),
                    asyncio.ensure_future(link.wait_released()),
                )
                try:
                    await asyncio.wait({closed, released}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    closed.cancel()
                    released.cancel()
                    await asyncio.gather(closed, released, return_exceptions=True)
        except KdashError as error:
            if not opened.done():
                opened.set_exception(error)
        finally:
            link.is_closed = True
            if not opened.done():
                opened.cancel()
            self._changed.set()

    async def _handle_failure(self, pod: Pod, error: KdashError) -> None:
        if not self._has_connected and isinstance(error, (ForbiddenError, StreamsUnsupportedError)):
            self._owner.on_fatal(error)
            await asyncio.Event().wait()
        if not isinstance(error, ConnectionFailedError):  # the server answered: this pod or its node fails
            self._avoided[pod.uid] = self._clock.monotonic() + AVOID_SECONDS
            other = self._choose()
            if other is not None and other.uid != pod.uid:
                return
        self._why = self._owner.on_waiting(None if isinstance(error, NotFoundError) else error)
        await self._wait(self._backoff.next(), pod)

    async def _wait(self, seconds: float, pod: Pod) -> None:
        """Wait, at most until another pod should be tried."""
        limit = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            while not limit.done():
                self._changed.clear()
                changed = asyncio.ensure_future(self._changed.wait())
                try:
                    await asyncio.wait({limit, changed}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    changed.cancel()
                chosen = self._choose()
                if chosen is None or chosen.uid != pod.uid:
                    return
        finally:
            limit.cancel()

    def _choose(self) -> Pod | None:
        now = self._clock.monotonic()
        self._avoided = {uid: until for uid, until in self._avoided.items() if until > now}
        current = self._current.pod.uid if self._current is not None else ""
        return self._owner.choose(current, frozenset(self._avoided))

    def _is_chosen(self, link: PodLink) -> bool:
        if self._current is not link:
            return False
        chosen = self._choose()
        return chosen is not None and chosen.uid == link.pod.uid and self._owner.ports_of(chosen) == link.ports

    def _set_current(self, link: PodLink | None) -> None:
        self._current = link
        if link is None:
            self._available.clear()
        else:
            self._available.set()
