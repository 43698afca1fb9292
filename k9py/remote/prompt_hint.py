"""Tell a person who attached to a shell how to get a prompt, if there is none.

A shell writes its prompt once; whoever attaches later does not see it. Invariant: the hint is written at most once, and
not when the container wrote something within a moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from k9py.api.streams import ContainerStream, OutputChannel
from k9py.remote.wrapped_stream import WrappedStream
from k9py.runtime.clock import Clock

PROMPT_HINT: Final = b"If you don't see a command prompt, press Enter.\r\n"
PROMPT_SECONDS: Final = 1.0
"""How long the first output is waited for."""


class PromptHintStream(WrappedStream):
    """A stream of a terminal with the hint as its first output when the container writes nothing for a moment."""

    def __init__(self, stream: ContainerStream, clock: Clock) -> None:
        super().__init__(stream)
        self._clock = clock

    async def output(self) -> AsyncIterator[tuple[OutputChannel, bytes]]:
        """Yield the output. Raises ConnectionFailedError: the stream was lost."""
        pieces = self._stream.output()
        first = asyncio.create_task(_first(pieces))
        moment = asyncio.create_task(self._clock.sleep(PROMPT_SECONDS))
        try:
            await asyncio.wait((first, moment), return_when=asyncio.FIRST_COMPLETED)
            if not first.done():
                yield OutputChannel.STDOUT, PROMPT_HINT
            piece = await first
        finally:
            first.cancel()
            moment.cancel()
            await asyncio.gather(first, moment, return_exceptions=True)
        if piece is not None:
            yield piece
            async for piece in pieces:
                yield piece


async def _first(pieces: AsyncIterator[tuple[OutputChannel, bytes]]) -> tuple[OutputChannel, bytes] | None:
    return await anext(pieces, None)
