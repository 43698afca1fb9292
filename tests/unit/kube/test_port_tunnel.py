"""The SPDY tunnel over a scripted WebSocket: ends, errors, flow, and servers that do not answer."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from k9py.api.errors import ConnectionFailedError, UnresponsiveError
from k9py.api.streams import PortClosedError
from k9py.kube.port_connection import SpdyConnection, port_error
from k9py.kube.port_tunnel import CONNECTION_BUFFER, FRAME_BYTES, TUNNEL_BUFFER, SpdyTunnel
from k9py.kube.spdy import (
    CANCEL,
    REFUSED_STREAM,
    DataFrame,
    Frame,
    FrameReader,
    GoAwayFrame,
    NewStreamFrame,
    PingFrame,
    ResetFrame,
    data_frame,
    go_away_frame,
    ping_frame,
    reset_frame,
)

PATIENCE = 20.0
LONG = 3600.0


class ScriptedSocket:
    """A WebSocket to a server that a test plays."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.messages = 0
        self.may_send = asyncio.Event()
        self.may_send.set()
        self._arriving: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self._reader = FrameReader()
        self._sent = asyncio.Event()

    async def receive(self) -> bytes | None:
        message = await self._arriving.get()
        if isinstance(message, Exception):
            raise message
        return message

    async def send(self, data: bytes) -> None:
        self.messages += 1
        self.frames += self._reader.feed(data)
        self._sent.set()
        await self.may_send.wait()

    def deliver(self, message: bytes | Exception | None) -> None:
        """Let something arrive: a message, a lost connection, or the regular end."""
        self._arriving.put_nowait(message)

    @property
    def has_been_read(self) -> bool:
        return self._arriving.empty()

    async def wait_for(self, frame: Frame) -> None:
        """Return when a frame was sent."""
        async with asyncio.timeout(PATIENCE):
            while frame not in self.frames:
                self._sent.clear()
                await self._sent.wait()


def reply(stream_id: int) -> bytes:
    return struct.pack(">HHII", 0x8003, 2, 4, stream_id)


async def settle() -> None:
    """Let everything run that is ready to."""
    for _ in range(50):
        await asyncio.sleep(0)


@asynccontextmanager
async def opened(
    *, stall: float = LONG, ping: float = LONG, reply_within: float = LONG
) -> AsyncIterator[tuple[ScriptedSocket, SpdyTunnel]]:
    socket = ScriptedSocket()
    tunnel = SpdyTunnel(socket, "web", stall_seconds=stall, ping_seconds=ping, reply_seconds=reply_within)
    async with tunnel.running():
        yield socket, tunnel


async def accepted(socket: ScriptedSocket, tunnel: SpdyTunnel, port: int = 80) -> SpdyConnection:
    """Return a connection whose streams the node has accepted."""
    connection = await tunnel.connect(port)
    socket.deliver(reply(connection.error_id) + reply(connection.data_id))
    await settle()
    return connection


async def test_a_connection_opens_both_streams_in_one_message_and_sends_when_it_is_accepted() -> None:
    async with opened() as (socket, tunnel):
        connection = await tunnel.connect(80)
        writing = asyncio.create_task(connection.write(b"hello"))
        await settle()
        opening = [NewStreamFrame(1), DataFrame(1, b"", True), NewStreamFrame(3)]
        assert socket.messages == 1
        assert socket.frames == opening
        socket.deliver(reply(1))
        await settle()
        assert socket.frames == opening
        socket.deliver(reply(3))
        await writing
        assert socket.frames == [*opening, DataFrame(3, b"hello", False)]


async def test_a_connection_that_sends_nothing_is_opened_too() -> None:
    async with opened() as (socket, tunnel):
        await tunnel.connect(80)
        await socket.wait_for(NewStreamFrame(3))


async def test_large_data_leaves_in_frames_of_bounded_size() -> None:
    async with opened() as (socket, tunnel):
        connection = await accepted(socket, tunnel)
        await connection.write(b"x" * (2 * FRAME_BYTES + 1))
        sizes = [len(frame.data) for frame in socket.frames if isinstance(frame, DataFrame) and frame.stream_id == 3]
        assert sum(sizes) == 2 * FRAME_BYTES + 1
        assert max(sizes) <= FRAME_BYTES


async def test_what_arrived_before_an_error_is_read_before_it() -> None:
    async with opened() as (socket, tunnel):
        connection = await tunnel.connect(80)
        socket.deliver(reply(1) + reply(3) + data_frame(3, b"half an answer"))
        socket.deliver(data_frame(1, b"error forwarding port 80: read: ") + data_frame(1, b"connection reset by peer"))
        socket.deliver(reset_frame(3, CANCEL) + reset_frame(1, CANCEL))
        assert await connection.read() == b"half an answer"
        for _ in range(2):
            with pytest.raises(PortClosedError, match="connection reset by peer") as failure:
                await connection.read()
            assert not failure.value.was_refused
        assert tunnel.open_connections == 0


async def test_a_reset_without_a_reason_is_an_error_too() -> None:
    async with opened() as (socket, tunnel):
        connection = await tunnel.connect(80)
        socket.deliver(reset_frame(3, CANCEL))
        with pytest.raises(PortClosedError, match="gave no reason"):
            await connection.read()


async def test_after_the_end_of_a_pod_its_stream_is_reset_and_gets_nothing_more() -> None:
    async with opened() as (socket, tunnel):
        connection = await accepted(socket, tunnel)
        await connection.write(b"request")
        socket.deliver(data_frame(3, b"answer", is_last=True))
        assert await connection.read() == b"answer"
        assert await connection.read() == b""
        await socket.wait_for(ResetFrame(3, CANCEL))
        count = len(socket.frames)
        await connection.write(b"too late")
        await connection.close()
        await settle()
        assert len(socket.frames) == count
        assert tunnel.open_connections == 0


async def test_a_stream_whose_end_was_sent_is_not_reset_when_it_is_closed() -> None:
    async with opened() as (socket, tunnel):
        connection = await tunnel.connect(80)
        await connection.write_eof()
        await connection.close()
        await connection.close()
        await socket.wait_for(DataFrame(3, b"", True))
        await settle()
        assert not any(isinstance(frame, ResetFrame) for frame in socket.frames)
        assert tunnel.open_connections == 0


async def test_closing_wakes_a_reader_and_drops_what_it_held() -> None:
    async with opened() as (socket, tunnel):
        connection = await tunnel.connect(80)
        reading = asyncio.create_task(connection.read())
        await settle()
        await connection.close()
        assert await reading == b""
        other = await tunnel.connect(80)
        socket.deliver(data_frame(7, b"unread"))
        await settle()
        assert tunnel.unread_bytes == 6
        await other.close()
        assert tunnel.unread_bytes == 0
        assert await other.read() == b""


async def test_a_slow_connection_stops_the_tunnel_until_it_is_read() -> None:
    async with opened() as (socket, tunnel):
        slow, other = await tunnel.connect(80), await tunnel.connect(80)
        socket.deliver(data_frame(3, b"x" * (CONNECTION_BUFFER + 1)))
        socket.deliver(data_frame(7, b"quick"))
        await settle()
        assert not socket.has_been_read
        assert len(await slow.read()) == CONNECTION_BUFFER + 1
        assert await other.read() == b"quick"


async def test_a_connection_that_is_not_read_at_all_is_broken_off_for_the_others() -> None:
    async with opened(stall=0.01) as (socket, tunnel):
        stuck, other = await tunnel.connect(80), await tunnel.connect(81)
        socket.deliver(data_frame(3, b"x" * (CONNECTION_BUFFER + 1)))
        socket.deliver(data_frame(7, b"quick"))
        async with asyncio.timeout(PATIENCE):
            assert await other.read() == b"quick"
        with pytest.raises(PortClosedError, match="was not read"):
            await stuck.read()
        await socket.wait_for(ResetFrame(3, CANCEL))
        assert tunnel.unread_bytes == 0


async def test_a_slow_connection_without_others_is_left_alone() -> None:
    async with opened(stall=0) as (socket, tunnel):
        slow = await tunnel.connect(80)
        socket.deliver(data_frame(3, b"x" * (CONNECTION_BUFFER + 1)))
        await settle()  # the limit passes with each turn of the loop
        assert len(await slow.read()) == CONNECTION_BUFFER + 1


async def test_many_connections_together_hold_a_bounded_number_of_bytes() -> None:
    async with opened(stall=0.01) as (socket, tunnel):
        count = TUNNEL_BUFFER // CONNECTION_BUFFER + 3
        connections = [await tunnel.connect(80) for _ in range(count)]
        for connection in connections:
            socket.deliver(data_frame(connection.data_id, b"x" * CONNECTION_BUFFER))
        await settle()
        assert tunnel.unread_bytes <= TUNNEL_BUFFER + CONNECTION_BUFFER
        quick = await tunnel.connect(81)
        socket.deliver(data_frame(quick.data_id, b"quick"))
        async with asyncio.timeout(PATIENCE):
            assert await quick.read() == b"quick"
        assert tunnel.unread_bytes <= TUNNEL_BUFFER


async def test_writers_take_turns_while_the_tunnel_is_full_and_closing_does_not_wait() -> None:
    async with opened() as (socket, tunnel):
        first, second = await accepted(socket, tunnel), await accepted(socket, tunnel)
        socket.may_send.clear()
        writes = [asyncio.create_task(connection.write(b"x" * 10)) for connection in (first, second)]
        await settle()
        assert DataFrame(3, b"x" * 10, False) in socket.frames
        assert DataFrame(7, b"x" * 10, False) not in socket.frames
        third = await tunnel.connect(80)
        await third.close()
        writes[0].cancel()
        socket.may_send.set()
        await writes[1]
        assert DataFrame(7, b"x" * 10, False) in socket.frames
        await socket.wait_for(ResetFrame(11, CANCEL))


async def test_pings_are_sent_and_answered() -> None:
    async with opened(ping=0.001) as (socket, _):
        socket.deliver(ping_frame(2))
        await socket.wait_for(PingFrame(2))
        await socket.wait_for(PingFrame(3))
        assert socket.frames.index(PingFrame(1)) < socket.frames.index(PingFrame(3))


async def test_an_answer_to_a_ping_is_not_answered() -> None:
    async with opened() as (socket, _):
        socket.deliver(ping_frame(1))
        await settle()
        assert socket.frames == []


async def test_a_connection_that_the_node_does_not_accept_is_refused_and_the_tunnel_takes_no_more() -> None:
    async with opened(reply_within=0.01) as (socket, tunnel):
        old = await accepted(socket, tunnel)
        blocked = await tunnel.connect(81)
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(PortClosedError, match="did not accept a connection to port 81") as failure:
                await blocked.write(b"never sent")
            await tunnel.wait_closed()
        assert failure.value.was_refused
        assert not any(isinstance(frame, DataFrame) and frame.data for frame in socket.frames)
        with pytest.raises(ConnectionFailedError, match="no more connections"):
            await tunnel.connect(80)
        socket.deliver(data_frame(old.data_id, b"old"))
        assert await old.read() == b"old"


async def test_go_away_ends_new_connections_and_leaves_the_others() -> None:
    async with opened() as (socket, tunnel):
        old = await tunnel.connect(80)
        socket.deliver(go_away_frame() + data_frame(3, b"old"))
        await tunnel.wait_closed()
        assert await old.read() == b"old"
        with pytest.raises(ConnectionFailedError):
            await tunnel.connect(80)


async def test_a_stream_that_the_node_opens_is_refused() -> None:
    async with opened() as (socket, _):
        socket.deliver(struct.pack(">HHIIIH", 0x8003, 1, 10, 2, 0, 0))
        await socket.wait_for(ResetFrame(2, REFUSED_STREAM))


async def test_a_node_that_opens_streams_and_reads_no_refusals_uses_a_bounded_amount_of_memory() -> None:
    async with opened() as (socket, _):
        opening = struct.pack(">HHIIIH", 0x8003, 1, 10, 2, 0, 0)
        socket.may_send.clear()
        for _ in range(20):
            socket.deliver(opening * 8000)  # 2.4 MiB of refusals in all
            await settle()
        sent_before = len(socket.frames)
        socket.may_send.set()
        await settle()
        sent = (len(socket.frames) - sent_before) * len(reset_frame(2, REFUSED_STREAM))
        assert 0 < sent < (1 << 20) + 100


@pytest.mark.parametrize(
    ("arriving", "error"),
    [
        (ConnectionFailedError("The connection to x was cut off"), "was cut off"),
        (UnresponsiveError("The server x was silent for 60 s"), "was silent"),
        (None, "The server closed the tunnel"),
        (b"\xff" * 64, "something else than SPDY"),
    ],
)
async def test_a_lost_tunnel_fails_its_connections(arriving: bytes | Exception | None, error: str) -> None:
    async with opened() as (socket, tunnel):
        connections = [await tunnel.connect(80) for _ in range(2)]
        socket.deliver(data_frame(3, b"before"))
        socket.deliver(arriving)
        await tunnel.wait_closed()
        assert await connections[0].read() == b"before"
        for connection in connections:
            with pytest.raises(ConnectionFailedError, match=error):
                await connection.read()
            with pytest.raises(ConnectionFailedError, match=error):
                await connection.write(b"more")
        with pytest.raises(ConnectionFailedError, match=error):
            await tunnel.connect(80)


async def test_the_end_of_the_context_resets_the_streams_and_the_tunnel() -> None:
    async with opened() as (socket, tunnel):
        connection = await tunnel.connect(80)
    assert socket.frames[-2:] == [ResetFrame(3, CANCEL), GoAwayFrame(0)]
    with pytest.raises(ConnectionFailedError, match="was closed"):
        await connection.read()


@pytest.mark.parametrize(
    ("text", "was_refused"),
    [
        ("failed to execute portforward: IPv4: dial tcp4 127.0.0.1:81: connect: connection refused", True),
        ("socat[4711] E connect(5, AF=2 127.0.0.1:81, 16): Connection refused", True),
        ('failed to find sandbox "5f" in store: not found', True),
        ('could not find sandbox "5f"', True),
        ('network namespace for sandbox "5f" is closed', True),
        ("read tcp 127.0.0.1:5->127.0.0.1:81: read: connection reset by peer", False),
    ],
)
def test_a_port_that_was_never_reached_counts_as_refused(text: str, was_refused: bool) -> None:
    error = port_error("web", 81, text)
    assert error.was_refused is was_refused
    assert "Port 81 of the pod web" in error.message
    assert bool(error.hint) is was_refused


def test_what_a_node_reports_is_printable() -> None:
    assert "\x1b" not in port_error("web", 81, "\x1b[31mred\x1b]0;title\x07").message
