"""The run before the present one: its rest is read when a container was restarted, and says what can be proven.

Invariant: lines are delivered as they are proven to be new; nothing of the run that is being read now is taken twice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from enum import Enum

from k9py.api.errors import BadRequestError, KdashError, NotFoundError
from k9py.logs.follow.resume import Position, Resume, first_stamp


class Former(Enum):
    """What the log of the former run showed."""

    WHOLE = "whole"  # it goes on where ours ended, and was read to its end
    CUT = "cut"  # it goes on where ours ended, and broke off
    ANOTHER = "another"  # it began after ours ended: there was more than one restart; read to its end
    ANOTHER_CUT = "another, cut"
    PRESENT = "present"  # lines after ours, and then those that are being read now
    OLDER = "older"  # it is there and ended before ours: there was no restart since, or the run printed nothing
    NONE = "none"  # there is none
    UNKNOWN = "unknown"  # it could not be read


async def read_former(
    batches: AsyncIterator[list[bytes]],
    position: Position,
    present: bytes | None,
    deliver: Callable[[Sequence[bytes]], Awaitable[None]],
    admit: Callable[[bytes], None],
) -> Former:
    """Read the former run's log and deliver what is new of it.

    Args:
        batches: its lines, from the second of our last one on.
        position: our last line.
        present: the first new line of the log that is read now; None when none has come, and then only a former run
            that continues ours is delivered.
        deliver: takes new lines.
        admit: called before the first line of another run: what is before it may be missing.

    Raises:
        KdashError: the log cannot be opened; not when it breaks off behind what was delivered.
    """
    skip = Resume(position)
    another = False
    try:
        async for batch in batches:
            fresh = skip.after(batch)
            if not fresh:
                continue
            if skip.proven:
                await deliver(fresh)
                continue
            if not another:
                moment = first_stamp(fresh[0])
                if present is None or moment is None:
                    return Former.UNKNOWN if moment is None else Former.OLDER
                if _is_reached(fresh[0], present):
                    return Former.OLDER
                another = True
                admit(fresh[0])
            end = next((index for index, line in enumerate(fresh) if _is_reached(line, present)), None)
            await deliver(fresh[:end])
            if end is not None:
                return Former.PRESENT if fresh[end] == present else Former.ANOTHER_CUT
    except KdashError:
        if skip.proven:
            return Former.CUT
        if another:
            return Former.ANOTHER_CUT
        raise
    if rest := skip.end():
        await deliver(rest)
    if skip.proven:
        return Former.WHOLE
    return Former.ANOTHER if another else Former.OLDER


def _is_reached(line: bytes, present: bytes | None) -> bool:
    """Tell whether a line is the one that is read now, or later than that: the container was restarted once more."""
    ours, theirs = first_stamp(line), first_stamp(present) if present is not None else None
    return ours is not None and theirs is not None and ours >= theirs


def cannot_be_read(error: KdashError) -> Former:
    """Tell a former run that does not exist from one that could not be read."""
    return Former.NONE if isinstance(error, BadRequestError | NotFoundError) else Former.UNKNOWN
