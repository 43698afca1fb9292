"""Commands in containers over real WebSockets: exit codes, input, size, volume, lost and old servers."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from k9py.api.errors import BadRequestError, ConnectionFailedError, NotFoundError, RefusedError
from k9py.api.streams import CommandEnd, ContainerRef, OutputChannel, StreamsUnsupportedError
from k9py.kube.connection import Connection
from k9py.simulator.apiserver.served_apis import ServedApis
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.integration.clusters import connected
from tests.unit.simulator.objects import add_namespace, add_pod

POD = ContainerRef("shop", "a")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    def fill(state: SimulatorState) -> None:
        add_namespace(state)
        add_pod(state, "a")

    with Simulator(clock=ManualClock()) as running:
        running.call(fill)
        yield running


async def run(
    connection: Connection, command: Sequence[str], data: bytes | None = None
) -> tuple[bytes, bytes, CommandEnd]:
    async with connection.open_exec(POD, command, stdin=data is not None) as stream:

        async def feed() -> None:
            if data is not None:
                await stream.send(data)
                await stream.close_stdin()

        feeding = asyncio.create_task(feed())
        pieces = {channel: bytearray() for channel in OutputChannel}
        async for channel, piece in stream.output():
            pieces[channel] += piece
        await feeding
        return bytes(pieces[OutputChannel.STDOUT]), bytes(pieces[OutputChannel.STDERR]), await stream.end()


@pytest.mark.parametrize("streams", ["v5", "v4"])
async def test_output_errors_and_exit_code_are_the_commands(simulator: Simulator, tmp_path: Path, streams: str) -> None:
    simulator.serve(ServedApis(streams=streams))  # type: ignore[arg-type]
    async with connected(simulator, tmp_path) as connection:
        out, error, end = await run(connection, ["sh", "-c", "echo out; echo err >&2; exit 7"])
        assert (out, error, end.exit_code) == (b"out\n", b"err\n", 7)
        assert (await run(connection, ["true"]))[2] == CommandEnd(0)


async def test_a_command_that_is_not_there_is_an_end_without_an_exit_code(simulator: Simulator, tmp_path: Path) -> None:
    async with connected(simulator, tmp_path) as connection:
        _, _, end = await run(connection, ["nope"])
        assert end.exit_code is None
        assert "executable file not found" in end.message
        with pytest.raises(NotFoundError):
            async with connection.open_exec(ContainerRef("shop", "gone"), ["true"]):
                pass
        with pytest.raises(BadRequestError, match="container nope is not valid"):
            async with connection.open_exec(ContainerRef("shop", "a", "nope"), ["true"]):
                pass


async def test_input_of_megabytes_arrives_whole_and_ends(simulator: Simulator, tmp_path: Path) -> None:
    data = bytes(range(256)) * 20_000
    async with connected(simulator, tmp_path) as connection:
        out, _, end = await run(connection, ["sha256sum"], data)
        assert out.split()[0].decode() == hashlib.sha256(data).hexdigest()
        assert end == CommandEnd(0)


async def test_output_of_many_megabytes_arrives_whole(simulator: Simulator, tmp_path: Path) -> None:
    async with connected(simulator, tmp_path) as connection:
        total = 0
        async with connection.open_exec(POD, ["head", "-c", "20000000", "/dev/zero"]) as stream:
            async for _, piece in stream.output():
                total += len(piece)
            assert (total, await stream.end()) == (20_000_000, CommandEnd(0))


async def test_a_terminal_has_the_size_that_was_set(simulator: Simulator, tmp_path: Path) -> None:
    async with (
        connected(simulator, tmp_path) as connection,
        connection.open_exec(POD, ["sh"], stdin=True, tty=True) as stream,
    ):
        await stream.resize(101, 33)
        await stream.send(b"stty size; exit 3\n")
        output = b"".join([piece async for _, piece in stream.output()])
        assert b"33 101" in output
        assert (await stream.end()).exit_code == 3


async def test_a_server_lost_in_the_middle_is_reported(simulator: Simulator, tmp_path: Path) -> None:
    async with (
        connected(simulator, tmp_path) as connection,
        connection.open_exec(POD, ["cat"], stdin=True) as stream,
    ):
        await stream.send(b"x")
        assert await anext(aiter(stream.output())) == (OutputChannel.STDOUT, b"x")
        assert await asyncio.to_thread(simulator.break_streams) == 1
        with pytest.raises(ConnectionFailedError, match="The stream was lost"):
            await stream.end()


async def test_old_servers_cannot_end_input_or_speak_no_websocket(simulator: Simulator, tmp_path: Path) -> None:
    async with connected(simulator, tmp_path) as connection:
        simulator.serve(ServedApis(streams="v4"))
        async with connection.open_exec(POD, ["cat"], stdin=True) as stream:
            with pytest.raises(RefusedError, match="v4"):
                await stream.close_stdin()
        simulator.serve(ServedApis(streams="spdy"))
        with pytest.raises(StreamsUnsupportedError, match="does not open a WebSocket"):
            async with connection.open_exec(POD, ["true"]):
                pass
