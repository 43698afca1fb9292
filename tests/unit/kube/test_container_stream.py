"""A command in a container: its channels, its end, its input, and what a server may send instead."""

from __future__ import annotations

import asyncio
import json
import struct
from pathlib import Path
from socket import SO_LINGER, SOL_SOCKET

import pytest
from aiohttp import web

from k9py.api.errors import ConnectionFailedError, RefusedError
from k9py.api.streams import CommandEnd, ContainerRef, ContainerStream, OutputChannel
from k9py.kube.container_stream import MAX_BUFFERED, MAX_STATUS, decode_status
from tests.unit.kube.exec_servers import SUCCESS, V4, V5, WEB, Talk, commands, cut, exit_status, sending, talking

OUT, ERR = OutputChannel.STDOUT, OutputChannel.STDERR


async def run(tmp_path: Path, talk: Talk) -> tuple[list[tuple[OutputChannel, bytes]], CommandEnd]:
    async with (
        commands(tmp_path, talking(talk)) as (connection, _),
        connection.open_exec(WEB, ["ls"]) as stream,
    ):
        return [piece async for piece in stream.output()], await stream.end()


async def test_the_request_asks_for_what_kubectl_asks_for(tmp_path: Path) -> None:
    async with commands(tmp_path, talking(sending(SUCCESS)), token="abc") as (connection, server):
        async with connection.open_exec(WEB, ["sh", "-c", "echo 'a b' & c+d=%"], stdin=True) as stream:
            assert await stream.end() == CommandEnd(0)
        async with connection.open_attach(ContainerRef("shop", "web-1"), tty=True) as stream:
            assert await stream.end() == CommandEnd(0)
    run, attach = server.requests
    assert (run.method, run.path) == ("GET", "/api/v1/namespaces/shop/pods/web-1/exec")
    assert run.query.getall("command") == ["sh", "-c", "echo 'a b' & c+d=%"]
    assert {name: run.query[name] for name in run.query if name != "command"} == {
        "container": "app",
        "stdin": "true",
        "stdout": "true",
        "stderr": "true",
    }
    assert run.headers["Sec-WebSocket-Protocol"].replace(" ", "") == f"{V5},{V4}"
    assert "Sec-WebSocket-Extensions" not in run.headers
    assert run.headers["Authorization"] == "Bearer abc"
    assert (attach.path, dict(attach.query)) == (
        "/api/v1/namespaces/shop/pods/web-1/attach",
        {"stdout": "true", "tty": "true"},
    )


async def test_output_and_error_output_stay_apart_and_the_exit_code_is_the_commands(tmp_path: Path) -> None:
    output, end = await run(tmp_path, sending(b"\x01", b"\x01a", b"\x02b", b"\x01\xff\x00", exit_status(3)))
    assert output == [(OUT, b"a"), (ERR, b"b"), (OUT, b"\xff\x00")]
    assert (end.exit_code, end.reason) == (3, "NonZeroExitCode")


async def test_unknown_channels_and_empty_messages_are_ignored(tmp_path: Path) -> None:
    output, end = await run(tmp_path, sending(b"", b"\x00x", b"\x07x", b"\xff\x01", b"\x01a", SUCCESS))
    assert (output, end) == ([(OUT, b"a")], CommandEnd(0))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (b'{"status":"Success"}', CommandEnd(0)),
        (exit_status(137)[1:], CommandEnd(137, "NonZeroExitCode", json.loads(exit_status(137)[1:])["message"])),
        (b'{"status":"Failure","reason":"InternalError","message":"m"}', CommandEnd(None, "InternalError", "m")),
        (b'{"status":"Failure","reason":null,"message":null,"details":null}', CommandEnd(None, "Unknown", "")),
        (b'{"status":"Failure","details":{"causes":null}}', CommandEnd(None, "Unknown", "")),
        (
            b'{"status":"Failure","details":{"causes":[{"reason":"ExitCode","message":"-1"}]}}',
            CommandEnd(None, "Unknown"),
        ),
        (
            b'{"status":"Failure","details":{"causes":[{"reason":"ExitCode","message":"' + b"9" * 5000 + b'"}]}}',
            CommandEnd(None, "Unknown"),
        ),
        (b'{"status":"Fail', None),
        (b"[1]", None),
        (b'{"status":7}', None),
        (b"\xff\xfe", None),
        (b"[" * 5000, None),
    ],
)
def test_statuses_are_read_without_trusting_their_form(status: bytes, expected: CommandEnd | None) -> None:
    assert decode_status(status) == expected


async def test_a_status_in_pieces_is_put_together(tmp_path: Path) -> None:
    whole = exit_status(4)[1:]
    _, end = await run(tmp_path, sending(b"\x03", b"\x03" + whole[:20], b"\x01x", b"\x03" + whole[20:]))
    assert end.exit_code == 4


@pytest.mark.parametrize("pieces", [[b"no json"], [b"x" * MAX_STATUS] * 3])
async def test_a_status_that_cannot_be_read_leaves_the_exit_code_unknown(tmp_path: Path, pieces: list[bytes]) -> None:
    _, end = await run(tmp_path, sending(*(b"\x03" + piece for piece in pieces)))
    assert (end.exit_code, end.reason) == (None, "InvalidStatus")


async def test_a_normal_close_without_a_status_leaves_the_exit_code_unknown(tmp_path: Path) -> None:
    output, end = await run(tmp_path, sending(b"\x01a"))
    assert (output, end.exit_code, end.reason) == ([(OUT, b"a")], None, "NoStatus")


async def test_a_server_lost_in_the_middle_is_no_end(tmp_path: Path) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_bytes(b"\x01half")
        await socket.receive()
        cut(socket)

    async with (
        commands(tmp_path, talking(talk)) as (connection, _),
        connection.open_exec(WEB, ["ls"], stdin=True) as stream,
    ):
        output = []

        async def read() -> None:
            async for piece in stream.output():
                output.append(piece)
                await stream.send(b"go")

        with pytest.raises(ConnectionFailedError, match=r"The stream was lost: the connection to .* was cut") as caught:
            await read()
        assert output == [(OUT, b"half")]
        assert "Nobody knows whether the command still runs" in caught.value.hint
        with pytest.raises(ConnectionFailedError, match="The stream was lost"):
            await stream.end()
        with pytest.raises(ConnectionFailedError, match="The stream was lost"):
            await stream.send(b"more")


async def test_a_command_that_ends_without_reading_its_input_has_an_end(tmp_path: Path) -> None:
    reset = asyncio.Event()

    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.receive()
        await socket.send_bytes(SUCCESS)
        transport = socket.get_extra_info("socket")
        transport.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))  # closing resets the connection
        cut(socket)
        reset.set()

    async with (
        commands(tmp_path, talking(talk)) as (connection, _),
        connection.open_exec(WEB, ["head"], stdin=True) as stream,
    ):
        await stream.send(b"go")
        await reset.wait()  # the status has arrived, and is not read yet
        await stream.send(b"more")
        assert await stream.end() == CommandEnd(0)


@pytest.mark.parametrize(
    ("code", "expected"), [(1001, r"closed the stream \(code 1001\): restarting"), (1011, r"\(code 1011\): restarting")]
)
async def test_a_close_that_is_not_normal_is_a_lost_stream(tmp_path: Path, code: int, expected: str) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.close(code=code, message=b"restarting")

    with pytest.raises(ConnectionFailedError, match=expected):
        await run(tmp_path, talk)


async def test_text_messages_are_no_output(tmp_path: Path) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_str("\x01hello")

    with pytest.raises(ConnectionFailedError, match="sent text where the protocol v5"):
        await run(tmp_path, talk)


async def test_a_message_larger_than_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("k9py.kube.websocket.MAX_MESSAGE", 1000)
    with pytest.raises(ConnectionFailedError, match="does not keep to the WebSocket protocol"):
        await run(tmp_path, sending(b"\x01" * 2000))


class Receiving:
    """A talk that keeps what it receives until the input ends, then reports success."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    async def __call__(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            self.messages.append(message.data)
            if message.data in (b"\xff\x00", b"\x00end"):
                await socket.send_bytes(SUCCESS)
                return


async def test_input_is_sent_in_pieces_and_its_end_closes_its_channel(tmp_path: Path) -> None:
    server, sent = Receiving(), bytes(range(256)) * 4000
    async with (
        commands(tmp_path, talking(server)) as (connection, _),
        connection.open_exec(WEB, ["cat"], stdin=True) as stream,
    ):
        await stream.send(sent)
        await stream.close_stdin()
        await stream.close_stdin()
        assert await stream.end() == CommandEnd(0)
        await stream.send(b"ignored after the end")
        await stream.close_stdin()
        await stream.resize(80, 24)
    assert server.messages[-1] == b"\xff\x00"
    assert {message[0] for message in server.messages[:-1]} == {0}
    assert b"".join(message[1:] for message in server.messages[:-1]) == sent
    assert max(map(len, server.messages)) <= 32769


async def test_v4_cannot_end_its_input_and_says_so(tmp_path: Path) -> None:
    server = Receiving()
    async with (
        commands(tmp_path, talking(server, V4)) as (connection, _),
        connection.open_exec(WEB, ["cat"], stdin=True) as stream,
    ):
        with pytest.raises(RefusedError, match="v4") as caught:
            await stream.close_stdin()
        assert "head -c" in caught.value.hint
        await stream.send(b"end")
        assert await stream.end() == CommandEnd(0)
    assert server.messages == [b"\x00end"]


async def test_only_a_terminal_is_resized_and_within_16_bits(tmp_path: Path) -> None:
    server = Receiving()
    async with commands(tmp_path, talking(server)) as (connection, _):
        async with connection.open_exec(WEB, ["sh"], stdin=True, tty=True) as stream:
            await stream.resize(120, 40)
            await stream.resize(0, 10**6)
            await stream.close_stdin()
            await stream.end()
        async with connection.open_exec(WEB, ["cat"], stdin=True) as stream:
            await stream.resize(120, 40)
            await stream.close_stdin()
            await stream.end()
    sizes = [json.loads(message[1:]) for message in server.messages if message[:1] == b"\x04"]
    assert sizes == [{"Width": 120, "Height": 40}, {"Width": 1, "Height": 65535}]


async def test_what_nobody_reads_does_not_grow_and_the_server_waits(tmp_path: Path) -> None:
    sent, ended = 0, asyncio.Event()

    async def talk(socket: web.WebSocketResponse) -> None:
        nonlocal sent
        while not ended.is_set():
            await socket.send_bytes(b"\x01" + bytes(1 << 15))
            sent += 1 << 15

    async with (
        commands(tmp_path, talking(talk)) as (connection, _),
        connection.open_exec(WEB, ["yes"]) as stream,
    ):
        count = -1
        while sent != count:  # until the server waits too
            count = sent
            for _ in range(200):
                await asyncio.sleep(0)
        held: int = stream._buffered  # type: ignore[attr-defined]
        assert MAX_BUFFERED <= held <= MAX_BUFFERED + (1 << 15)
        ended.set()
        total = 0
        async for _, data in stream.output():
            total += len(data)
        assert total == sent


async def test_output_that_nobody_reads_is_dropped_while_its_end_is_awaited(tmp_path: Path) -> None:
    async with (
        commands(tmp_path, talking(sending(*[b"\x01" + bytes(1 << 15)] * 100, SUCCESS))) as (connection, _),
        connection.open_exec(WEB, ["ls"]) as stream,
    ):
        assert await stream.end() == CommandEnd(0)


async def test_cancelling_closes_the_stream_and_leaves_no_task(tmp_path: Path) -> None:
    closed = asyncio.Event()

    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_bytes(b"\x01$ ")
        await socket.receive()
        closed.set()

    async def shell(stream_opened: asyncio.Event) -> None:
        async with connection.open_exec(WEB, ["sh"], stdin=True, tty=True) as stream:
            stream_opened.set()
            async for _ in stream.output():
                pass

    async with commands(tmp_path, talking(talk)) as (connection, _):
        before = asyncio.all_tasks()
        opened = asyncio.Event()
        task = asyncio.create_task(shell(opened))
        await opened.wait()
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        await closed.wait()
        clients = {task.get_name() for task in asyncio.all_tasks() - before if "aiohttp" not in repr(task)}
        assert not clients


async def test_closing_the_connection_ends_open_streams(tmp_path: Path) -> None:
    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.receive()

    async def read(stream: ContainerStream) -> None:
        async for _ in stream.output():
            pass

    async with (
        commands(tmp_path, talking(talk)) as (connection, _),
        connection.open_exec(WEB, ["sh"], stdin=True) as stream,
    ):
        reading = asyncio.create_task(read(stream))
        await asyncio.sleep(0)
        await connection.aclose()
        with pytest.raises(ConnectionFailedError, match="The stream was lost"):
            await reading
