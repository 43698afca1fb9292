"""One forwarded connection: bytes between a local client and a port of a pod, in both directions.

Invariants: each direction waits for the slower side, so nothing is kept but one chunk. A half-closed direction ends
alone. What a client has sent is kept, up to `REPLAY_BYTES`, until the pod has answered: if the node then says that the
port refused the connection, nothing of it was read, and another pod gets it. After anything was received, or sent and
perhaps read, a broken connection is broken for the client too: it gets a reset, no silent end.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import Final

from k9py.api.errors import ConnectionFailedError, KdashError
from k9py.api.streams import PortClosedError, PortConnection
from k9py.api.text import printable
from k9py.forwarding.figures import ForwardFigures
from k9py.forwarding.tunnels import NoTunnelError, PodLink, Tunnels
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import StepSlicer

REPLAY_BYTES: Final = 64 << 10
"""Bytes of a client that are kept until the pod has answered."""
MAX_TRIES: Final = 4
"""Pods that a connection is tried on."""
LINGER_SECONDS: Final = 2.0
"""How long a client may be silent after the pod has ended its direction; the node reads nothing more by then."""
SILENT_SECONDS: Final = 60.0
"""How long a pod may be silent after the client has ended its direction, which servers before 1.30 do not pass on."""
_SMALLEST_READ: Final = 16 << 10
_LARGEST_READ: Final = 128 << 10
_RESET: Final = struct.pack("ii", 1, 0)
"""SO_LINGER: close with a reset."""


class _ClientGoneError(Exception):
    """The client has closed its connection, or it broke."""


class Relay:
    """Passes bytes for one client.

    Args:
        client: its socket, non-blocking; `run` closes it.
        remote: the port of the target that it connected to.
        slicer: shared by all connections, so that together they do not hold the event loop.
    """

    def __init__(
        self,
        client: socket.socket,
        remote: int | str,
        tunnels: Tunnels,
        figures: ForwardFigures,
        clock: Clock,
        slicer: StepSlicer,
    ) -> None:
        self._client = client
        self._remote = remote
        self._tunnels = tunnels
        self._figures = figures
        self._clock = clock
        self._slicer = slicer
        self._replay: bytearray | None = bytearray()  # None: what was sent cannot be sent again
        self._bytes = 0  # of both directions
        self._has_sent = False
        self._has_received = False
        self._awaits_answer = False  # the client was the last to send
        self._is_client_done = False  # it has ended its direction
        self._connection: PortConnection | None = None
        self._connected = asyncio.Event()

    async def run(self) -> str:
        """Serve the client until the end. Returns why it broke, "" when it ended in order."""
        figures = self._figures
        figures.open += 1
        figures.total += 1
        with contextlib.suppress(OSError):  # macOS: the client has gone already
            self._client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sending = asyncio.create_task(self._send())
        receiving = asyncio.create_task(self._receive())
        is_broken = True
        try:
            problem = await self._supervise(sending, receiving)
            is_broken = bool(problem)
        finally:
            sending.cancel()
            receiving.cancel()
            await asyncio.gather(sending, receiving, return_exceptions=True)
            if is_broken:
                with contextlib.suppress(OSError):
                    self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._client.close()
            figures.open -= 1
        if problem:
            if self._has_received or self._has_sent:
                figures.cut += 1
            else:
                figures.failed += 1
        return problem

    async def _supervise(self, sending: asyncio.Task[None], receiving: asyncio.Task[None]) -> str:
        """Wait for both directions; return why the pod's side broke."""
        await asyncio.wait({sending, receiving}, return_when=asyncio.FIRST_COMPLETED)
        try:
            if not receiving.done():
                sending.result()  # raises when the client is gone
                await self._linger(receiving, SILENT_SECONDS)
                if not receiving.done():
                    return ""
            receiving.result()
            await self._linger(sending, LINGER_SECONDS)
        except _ClientGoneError:
            return ""
        except KdashError as error:
            return error.message
        return ""

    async def _linger(self, direction: asyncio.Task[None], seconds: float) -> None:
        """Let the other direction finish, as long as it is not silent for so many seconds."""
        before = -1
        while not direction.done() and before != self._bytes:
            before = self._bytes
            limit = asyncio.ensure_future(self._clock.sleep(seconds))
            try:
                await asyncio.wait({direction, limit}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                limit.cancel()

    # -- from the client ----------------------------------------------------------------------------------------------

    async def _send(self) -> None:
        """Pass on what the client sends until it ends its direction. Raises _ClientGoneError: it broke."""
        loop, client, figures = asyncio.get_running_loop(), self._client, self._figures
        await self._connected.wait()
        size = _SMALLEST_READ
        while True:
            try:
                data = await loop.sock_recv(client, size)
            except OSError as error:
                raise _ClientGoneError from error
            if not data:
                self._is_client_done = True
                break
            if len(data) == size and size < _LARGEST_READ:
                size *= 2
            figures.sent += len(data)
            self._bytes += len(data)
            self._awaits_answer = True
            self._remember(data)
            await self._slicer.wait()
            if not await self._write(data):
                return
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(PortClosedError, ConnectionFailedError):
                await connection.write_eof()

    def _remember(self, data: bytes) -> None:
        replay = self._replay
        if self._has_received or replay is None or len(replay) + len(data) > REPLAY_BYTES:
            self._replay = None
        else:
            replay += data

    async def _write(self, data: bytes) -> bool:
        """Write to the pod. Returns whether to continue: False once the connection is broken for good.

        Of a connection that breaks and is replaced, the next one gets the data from what was kept.
        """
        if not self._connected.is_set():  # a try failed since the last write
            await self._connected.wait()
            if self._replay is not None:
                return True  # it was sent with the rest of what was kept
        connection = self._connection
        if connection is None:
            return False
        self._has_sent = True
        try:
            await connection.write(data)
        except (PortClosedError, ConnectionFailedError):
            if self._replay is None or self._has_received:
                return False
        return True

    # -- from the pod -------------------------------------------------------------------------------------------------

    async def _receive(self) -> None:
        """Connect, and pass on what the pod sends until it ends its direction.

        Raises:
            KdashError: no pod could be reached, or the connection broke.
            _ClientGoneError: the client takes no more.
        """
        for attempt in range(1, MAX_TRIES + 1):
            link = await self._tunnels.acquire()
            link.enter()
            try:
                await self._receive_from(link)
                return
            except (PortClosedError, ConnectionFailedError) as error:
                self._connected.clear()
                self._connection = None
                if attempt == MAX_TRIES or not self._may_retry(link, error):
                    raise
            finally:
                link.leave()

    def _may_retry(self, link: PodLink, error: KdashError) -> bool:
        if self._has_received:
            return False
        if isinstance(error, PortClosedError):
            if self._replay is None and self._has_sent:
                return False
            was_unread = error.was_refused or not self._has_sent
            return was_unread and self._tunnels.avoid(link)
        return not self._has_sent

    async def _receive_from(self, link: PodLink) -> None:
        loop, client, figures = asyncio.get_running_loop(), self._client, self._figures
        tunnel, port = link.tunnel, link.ports.get(self._remote)
        if port is None:
            raise NoTunnelError(f"{printable(link.pod.name)} has no port {self._remote}")
        assert tunnel is not None
        connection = await tunnel.connect(port)
        try:
            if self._replay:
                await connection.write(bytes(self._replay))
            if self._is_client_done:
                await connection.write_eof()
            self._connection = connection
            self._connected.set()
            while data := await connection.read():
                if not self._has_received:
                    self._has_received, self._replay = True, None
                figures.received += len(data)
                self._bytes += len(data)
                self._awaits_answer = False
                await self._slicer.wait()
                try:
                    await loop.sock_sendall(client, data)
                except OSError as error:
                    raise _ClientGoneError from error
            self._check_end(link)
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_WR)
        finally:
            await connection.close()

    def _check_end(self, link: PodLink) -> None:
        """Look at an end in order, which a program that is killed makes too. Raises PortClosedError: it was cut."""
        if not link.is_retired or self._is_client_done:
            return
        if self._has_received and not self._awaits_answer:
            self._figures.ended_with_pod += 1
            return
        raise PortClosedError(f"{printable(link.pod.name)} ended the connection without an answer")
