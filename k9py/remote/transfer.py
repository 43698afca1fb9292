"""Connect a command in a container with pipes and files: every byte unchanged, standard error apart.

Invariants: standard input is read only when it is asked for, and only as fast as the server takes it; output is read
only as fast as it can be written. The end of input is passed on; where the protocol cannot, that is reported once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from k9py.api.errors import RefusedError
from k9py.api.streams import CommandEnd, ContainerStream, OutputChannel

Read = Callable[[], Awaitable[bytes]]
"""Returns the next bytes of input, b"" at its end."""
Write = Callable[[bytes], Awaitable[None]]


async def transfer(
    stream: ContainerStream, read: Read | None, write: Write, write_error: Write, warn: Callable[[str], object]
) -> CommandEnd:
    """Pass input and output on until the command ends.

    Args:
        read: None: the command has no standard input.
        write, write_error: for its standard output and standard error.
        warn: reports that the end of the input cannot be passed on.

    Raises:
        ConnectionFailedError: the stream was lost.
        OSError: input or output failed (BrokenPipeError: nobody reads the output).
    """
    input_ = asyncio.create_task(_pass_input(stream, read, warn)) if read is not None else None
    output = asyncio.create_task(_pass_output(stream, write, write_error))
    tasks: list[asyncio.Task[CommandEnd] | asyncio.Task[None]] = [output, *([input_] if input_ is not None else [])]
    waiting = set(tasks)
    try:
        while not output.done():
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if input_ in done and not output.done():
                input_.result()  # raises what has failed
        return output.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pass_output(stream: ContainerStream, write: Write, write_error: Write) -> CommandEnd:
    async for channel, data in stream.output():
        await (write if channel is OutputChannel.STDOUT else write_error)(data)
    return await stream.end()


async def _pass_input(stream: ContainerStream, read: Read, warn: Callable[[str], object]) -> None:
    while data := await read():
        await stream.send(data)
    try:
        await stream.close_stdin()
    except RefusedError as error:
        warn(error.message)
