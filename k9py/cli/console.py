"""Where a command speaks and hears: standard output, standard error, and the one who may be asked.

Invariant: `out` gets the answer alone; whatever qualifies it, and all conversation, goes to `err`. A value, so that
tests bring their own. Nothing here asks anyone who is not at a terminal.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TextIO

from k9py.api.text import printable
from k9py.cli.streams import terminal_columns
from k9py.config.terminal import wants_color
from k9py.views.values import Tone

StyledLine = Sequence[tuple[str, Tone]]
"""A line in toned parts; already printable."""

LineReader = Callable[[], Awaitable[str]]
"""Reads one line that someone types; "" at the end of input."""

_ESCAPED: Final = re.compile(r"[^\n -~\u00a0-\U0010ffff]|[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
"""What a terminal may act on, or not show: in JSON it can be escaped without a loss."""

_CODES: Final = {
    Tone.OK: "32",
    Tone.BUSY: "36",
    Tone.WARN: "33",
    Tone.FAIL: "1;31",
    Tone.DEGRADED: "31",
    Tone.STUCK: "1;33",
    Tone.UNKNOWN: "35",
    Tone.MUTED: "2",
    Tone.ACCENT: "1",
}


@dataclass(frozen=True, slots=True)
class Console:
    """The streams of a command.

    Args:
        out, err: standard output and standard error.
        read: reads an answer.
        is_interactive: someone can be asked: input and output are a terminal.
        colour: escape sequences are welcome.
        width: cells of a line of `out`, None for no limit.
    """

    out: TextIO
    err: TextIO
    read: LineReader
    is_interactive: bool
    colour: bool = False
    width: int | None = None

    def print(self, text: str = "") -> None:
        """Print a line of the answer."""
        print(text, file=self.out)

    def print_err(self, text: str = "") -> None:
        """Print a line beside the answer."""
        print(text, file=self.err, flush=True)

    def print_json(self, values: Any) -> None:
        """Print the answer as JSON."""
        print(json_text(values, plain=not is_unicode(self.out), indent=2), file=self.out)

    def render(self, line: StyledLine) -> str:
        """Return a line as it is printed, coloured where that is welcome."""
        if not self.colour:
            return "".join(text for text, _ in line)
        return "".join(f"\x1b[{_CODES[tone]}m{text}\x1b[0m" if tone in _CODES else text for text, tone in line)

    def print_warnings(self, remarks: Iterable[str]) -> None:
        """Say what a reader must know before trusting the answer."""
        for one in dict.fromkeys(remarks):
            self.print_err(f"kdash: {printable(one)}")

    async def confirm(self, question: str) -> bool:
        """Ask, and tell whether the answer was yes; everything else is no. Ctrl+C cancels."""
        print(f"{question} [y/N] ", end="", file=self.err, flush=True)
        try:
            answer = await self.read()
        except asyncio.CancelledError:
            self.print_err()
            raise
        return answer.strip().lower() in ("y", "yes")


def takes_colour(stream: TextIO, *, no_color: bool) -> bool:
    """Tell whether escape sequences are welcome on a stream of this process."""
    return stream.isatty() and wants_color(os.environ, no_color=no_color)


def system_console(*, no_color: bool) -> Console:
    """Return this process's own streams."""
    is_terminal = sys.stdout.isatty()
    return Console(
        out=sys.stdout,
        err=sys.stderr,
        read=_read_line,
        is_interactive=sys.stdin.isatty() and is_terminal,
        colour=is_terminal and sys.stderr.isatty() and wants_color(os.environ, no_color=no_color),
        width=terminal_columns(sys.stdout) if is_terminal else None,
    )


def json_text(values: Any, *, plain: bool, indent: int | None = None) -> str:
    """Return values as JSON in which whatever a terminal may act on is escaped.

    Args:
        plain: escape all that is not ASCII.
        indent: blanks a level; None: all on one line.
    """
    text = json.dumps(values, indent=indent, ensure_ascii=plain)
    return text if plain else _ESCAPED.sub(lambda one: f"\\u{ord(one[0]):04x}", text)


def is_unicode(stream: TextIO) -> bool:
    """Tell whether the stream takes every character."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return encoding.lower().replace("-", "").startswith("utf")


async def _read_line() -> str:
    """Read a line without holding the loop: connections stay alive, and Ctrl+C is heard at once."""
    loop = asyncio.get_running_loop()
    readable: asyncio.Future[None] = loop.create_future()

    def wake() -> None:
        if not readable.done():
            readable.set_result(None)

    try:
        loop.add_reader(sys.stdin.fileno(), wake)
    except NotImplementedError:  # Windows
        return await asyncio.to_thread(sys.stdin.readline)
    try:
        await readable
    finally:
        loop.remove_reader(sys.stdin.fileno())
    return sys.stdin.readline()
