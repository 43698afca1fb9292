"""A command between pipes: exact bytes, standard error apart, the end of input."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from k9py.api.errors import ConnectionFailedError
from k9py.api.streams import CommandEnd, OutputChannel
from k9py.remote.transfer import transfer
from tests.unit.remote.fake_stream import FakeStream


def reading(*chunks: bytes) -> Callable[[], Awaitable[bytes]]:
    left = [*chunks, b""]

    async def read() -> bytes:
        return left.pop(0)

    return read


class Files:
    def __init__(self) -> None:
        self.out, self.err = bytearray(), bytearray()
        self.warnings: list[str] = []

    async def write(self, data: bytes) -> None:
        self.out += data

    async def write_error(self, data: bytes) -> None:
        self.err += data

    async def run(self, stream: FakeStream, read: Callable[[], Awaitable[bytes]] | None) -> CommandEnd:
        return await transfer(stream, read, self.write, self.write_error, self.warnings.append)


async def test_outputs_stay_apart_and_unchanged() -> None:
    stream, files = FakeStream(), Files()
    stream.write(b"\x00\xff\n")
    stream.write(b"bad\n", OutputChannel.STDERR)
    stream.finish(CommandEnd(4))
    assert (await files.run(stream, None)).exit_code == 4
    assert (bytes(files.out), bytes(files.err), bytes(stream.sent)) == (b"\x00\xff\n", b"bad\n", b"")


@pytest.mark.parametrize("closes", [True, False])
async def test_the_end_of_input_is_passed_on_or_reported(closes: bool) -> None:
    stream, files = FakeStream(closes_stdin=closes), Files()
    task = asyncio.create_task(files.run(stream, reading(b"a", b"\x00b")))
    async with asyncio.timeout(20):
        while not (stream.is_stdin_closed or files.warnings):  # noqa: ASYNC110 (a fake's attribute)
            await asyncio.sleep(0)
    stream.finish(CommandEnd(0))
    await task
    assert bytes(stream.sent) == b"a\x00b"
    assert bool(files.warnings) is not closes


async def test_a_command_that_ends_does_not_wait_for_input() -> None:
    stream, files = FakeStream(), Files()

    async def never() -> bytes:
        await asyncio.Event().wait()
        return b""

    stream.finish(CommandEnd(0))
    assert (await files.run(stream, never)).exit_code == 0


async def test_a_closed_output_and_a_lost_stream_are_raised() -> None:
    async def broken(_: bytes) -> None:
        raise BrokenPipeError

    stream = FakeStream()
    stream.write(b"x")
    with pytest.raises(BrokenPipeError):
        await transfer(stream, None, broken, broken, lambda _: None)
    stream = FakeStream()
    stream.finish(ConnectionFailedError("lost"))
    with pytest.raises(ConnectionFailedError):
        await Files().run(stream, None)
