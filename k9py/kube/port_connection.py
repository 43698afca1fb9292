"""The connections of a SPDY tunnel to a pod, and the errors that a node reports for them.

Owns: what one connection has received and nobody has read yet, and how it ended. The tunnel (`port_tunnel`) delivers
into it and alone sends.
Half-close: a container runtime that sees the end of what is sent closes the pod's connection within a second
(containerd, CRI-O), and reads nothing any more when it has sent its own end, whatever the program in the pod does.
Nothing is sent before the node has accepted the connection's stream: when it does not, the pod has read nothing, and
the connection may be tried again elsewhere.
Invariant: what was received before an end or an error is read first; after that every read reports the end or raises,
immediately. An error that a node sends as text is one `PortClosedError`.
To change what a node's text becomes: `port_error`.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from copy import copy
from typing import Final, Protocol

from k9py.api.errors import KdashError
from k9py.api.streams import PortClosedError
from k9py.api.text import shorten

MAX_ERROR_TEXT: Final = 8192
"""Bytes of a node's error that are kept."""
_REFUSED: Final = "connection refused"
"""What the node's operating system, and so the text of every container runtime, calls a port without a listener."""
_POD_ENDED: Final = re.compile(r"find sandbox|network namespace for sandbox|sandbox \S+ is not running", re.IGNORECASE)
"""How containerd and CRI-O report that the pod has ended: there is nothing to connect to."""


def port_error(pod: str, port: int, text: str) -> PortClosedError:
    """Return the error for what a node reports about a connection.

    Args:
        text: as containerd, CRI-O or a kubelet word it, not checked; "" when the node gave no reason.
    """
    if not text:
        return PortClosedError(f"The node broke the connection to port {port} of the pod {pod} and gave no reason")
    error = PortClosedError(f"Port {port} of the pod {pod}: {shorten(text)}")
    if _REFUSED in text.lower():
        error.hint = "Nothing listens on this port in the pod. Compare it with the ports of its containers."
        error.was_refused = True
    elif _POD_ENDED.search(text):
        error.hint = "The pod has ended. Forward to another one."
        error.was_refused = True
    return error


class MessageSocket(Protocol):
    """A WebSocket that carries binary messages."""

    async def receive(self) -> bytes | None:
        """Return the next message, None at its regular end. Raises ConnectionFailedError."""
        ...

    async def send(self, data: bytes) -> None:
        """Send a message; waits while the connection is full, after the message was taken as a whole.

        Raises:
            ConnectionFailedError: it was lost.
        """
        ...


class TunnelSide(Protocol):
    """What a connection needs of its tunnel."""

    async def send(self, connection: SpdyConnection, data: bytes) -> None:
        """Send data of the connection."""
        ...

    def end_sending(self, connection: SpdyConnection) -> None:
        """Send the end of its data."""
        ...

    def on_read(self, connection: SpdyConnection, count: int) -> None:
        """Take note that the connection holds so many bytes less."""
        ...

    def release(self, connection: SpdyConnection) -> None:
        """End both directions."""
        ...


class SpdyConnection:
    """A connection to a port of a pod; implements `PortConnection`.

    Args:
        error_id: id of the stream on which the node reports errors; that of the data follows it.
        opened_at: the loop's time.
    """

    __slots__ = (
        "_accepted",
        "_chunks",
        "_error",
        "_error_text",
        "_is_closed",
        "_readable",
        "_tunnel",
        "buffered",
        "error_id",
        "has_ended",
        "has_sent_end",
        "opened_at",
        "pod",
        "port",
    )

    def __init__(self, tunnel: TunnelSide, pod: str, port: int, error_id: int, opened_at: float) -> None:
        self.pod = pod
        self.port = port
        self.error_id = error_id
        self.opened_at = opened_at
        self.buffered = 0
        """Bytes that have been received and not read."""
        self.has_ended = False
        """The node sends nothing more."""
        self.has_sent_end = False
        """Nothing more is sent: its end or a reset was, or the node would not read it any more."""
        self._accepted = asyncio.Event()
        self._tunnel = tunnel
        self._chunks: deque[bytes] = deque()
        self._error: KdashError | None = None
        self._error_text = bytearray()
        self._is_closed = False
        self._readable = asyncio.Event()

    @property
    def data_id(self) -> int:
        return self.error_id + 2

    async def read(self) -> bytes:
        """Return what has arrived, b"" at the end. See `PortConnection`."""
        chunks = self._chunks
        while not chunks:
            if self._error is not None:
                raise copy(self._error)
            if self.has_ended or self._is_closed:
                return b""
            self._readable.clear()
            await self._readable.wait()
        if len(chunks) == 1:
            data = chunks.popleft()
        else:
            data = b"".join(chunks)
            chunks.clear()
        self.buffered -= len(data)
        self._tunnel.on_read(self, len(data))
        return data

    async def write(self, data: bytes) -> None:
        """Send bytes; waits while the tunnel is full. Ignored once the node has ended the connection."""
        if not self._accepted.is_set():
            await self._accepted.wait()
        if self._error is None and data and not self.has_sent_end:
            await self._tunnel.send(self, data)
        if self._error is not None:
            raise copy(self._error)

    async def write_eof(self) -> None:
        """End what is sent."""
        if self._error is None and not self.has_sent_end:
            self.has_sent_end = True
            self._tunnel.end_sending(self)

    async def close(self) -> None:
        """End both directions: what has not been read is dropped."""
        if self._is_closed:
            return
        self._is_closed = True
        self._drop()
        self._tunnel.release(self)
        self._wake()

    def _wake(self) -> None:
        self._accepted.set()
        self._readable.set()

    def _drop(self) -> None:
        self._chunks.clear()
        count, self.buffered = self.buffered, 0
        self._tunnel.on_read(self, count)

    # -- what the tunnel delivers ----------------------------------------------------------------------------------

    def accept(self) -> None:
        """Take note that the node has accepted its stream: data may be sent."""
        self._accepted.set()

    def receive(self, data: bytes) -> bool:
        """Append bytes for the reader; return whether they are kept: none are after the end."""
        if not data or self._is_closed or self.has_ended:
            return False
        self._chunks.append(data)
        self.buffered += len(data)
        self._readable.set()
        return True

    def receive_error(self, text: bytes) -> None:
        """Append to what the node reports."""
        self._error_text += text[: MAX_ERROR_TEXT - len(self._error_text)]

    def end(self, *, broken: bool = False) -> None:
        """Take the end of what the node sends: the error it has reported, if any, else the end of the data."""
        if self._error_text or broken:
            self.fail(port_error(self.pod, self.port, self._error_text.decode("utf-8", "replace")))
        self.has_ended = True
        self._wake()

    def fail(self, error: KdashError) -> None:
        """Let every read, once the rest has been read, and every write raise an error; the first error stays."""
        if self._error is None and not self.has_ended:
            self._error = error
            self.has_ended = True
        self._wake()

    def break_off(self, error: KdashError) -> None:
        """Drop what has not been read, and let every read and write raise an error."""
        self._drop()
        self._error, self.has_ended = error, True
        self._wake()
