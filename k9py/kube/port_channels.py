"""Port-forward over the channels of v4.channel.k8s.io, for servers that cannot tunnel SPDY (before 1.30).

Owns: that protocol: one WebSocket carries one connection. Channel 0 is its data, channel 1 what the node reports; the
first message on each holds the number of the port. Every other message begins with the number of its channel.
The protocol has no half-close: `write_eof` does nothing, and the connection ends when the pod's program ends it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import Final

from k9py.api.errors import ConnectionFailedError, KdashError, NotFoundError
from k9py.api.streams import StreamsUnsupportedError
from k9py.kube.port_connection import MAX_ERROR_TEXT, MessageSocket, port_error

CHANNEL_PROTOCOL: Final = "v4.channel.k8s.io"
MESSAGE_BYTES: Final = 64 << 10
_DATA, _ERROR = 0, 1

OpenPort = Callable[[int], AbstractAsyncContextManager[MessageSocket]]
"""Opens a WebSocket to a port of the pod."""


class ChannelConnection:
    """A connection over a WebSocket of its own; implements `PortConnection`."""

    def __init__(self, socket: MessageSocket, resources: AsyncExitStack, pod: str, port: int) -> None:
        self._socket = socket
        self._resources = resources
        self._pod = pod
        self._port = port
        self._awaits_port = {_DATA, _ERROR}
        self._has_ended = False
        self._error: KdashError | None = None
        self._closing = asyncio.Event()

    async def read(self) -> bytes:
        """Return the next bytes, b"" at the end. See `PortConnection`."""
        while not self._has_ended and self._error is None:
            try:
                message = await self._socket.receive()
            except ConnectionFailedError as error:
                self._error = error
                break
            if message is None:
                self._has_ended = True
            elif message:
                data = self._data_of(message)
                if data:
                    return data
        if self._error is not None and not self._closing.is_set():
            raise self._error
        return b""

    def _data_of(self, message: bytes) -> bytes:
        channel, data = message[0], message[1:]
        if channel in self._awaits_port:
            self._awaits_port.discard(channel)
            data = data[2:]
        if channel == _ERROR and data:
            text = data[:MAX_ERROR_TEXT].decode("utf-8", "replace")
            self._error = port_error(self._pod, self._port, text)
        return data if channel == _DATA else b""

    async def write(self, data: bytes) -> None:
        """Send bytes. See `PortConnection`."""
        for start in range(0, len(data), MESSAGE_BYTES):
            if self._error is not None:
                raise self._error
            if self._has_ended:
                return
            await self._socket.send(bytes((_DATA,)) + data[start : start + MESSAGE_BYTES])

    async def write_eof(self) -> None:
        """Do nothing: the protocol has no half-close."""

    async def close(self) -> None:
        """Close the WebSocket."""
        self._has_ended = True
        self._closing.set()
        await self._resources.aclose()


class ChannelTunnel:
    """Opens a WebSocket for every connection; implements `PortTunnel`.

    Args:
        pod: its name, for messages.
    """

    def __init__(self, open_port: OpenPort, pod: str) -> None:
        self._open_port = open_port
        self._pod = pod
        self._closed = asyncio.Event()
        self._connections: set[ChannelConnection] = set()

    async def connect(self, port: int) -> ChannelConnection:
        """Open a connection. See `PortTunnel`."""
        if self._closed.is_set():
            raise ConnectionFailedError(f"The port-forward to the pod {self._pod} was closed")
        async with AsyncExitStack() as stack:
            try:
                socket = await stack.enter_async_context(self._open_port(port))
            except ConnectionFailedError:
                raise
            except KdashError as error:
                if isinstance(error, NotFoundError | StreamsUnsupportedError):
                    self._closed.set()
                raise ConnectionFailedError(error.message, error.hint) from error
            connection = ChannelConnection(socket, AsyncExitStack(), self._pod, port)
            connection._resources.push_async_exit(stack.pop_all())
            connection._resources.callback(self._connections.discard, connection)
        self._connections.add(connection)
        return connection

    async def wait_closed(self) -> None:
        """Return when no new connection is possible, as far as that is known: nothing watches the pod here."""
        await self._closed.wait()

    async def aclose(self) -> None:
        """End all connections."""
        self._closed.set()
        for connection in tuple(self._connections):
            await connection.close()
