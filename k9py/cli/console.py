"""The streams of a command: standard output, standard error, and input for confirmations.

Invariant: `out` gets only the result; warnings and prompts go to `err`. A value, so that tests pass their own. Nothing
here asks unless input and output are a terminal.
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
from k9py.cli.ansi import paint_tone
from k9py.cli.process import terminal_columns
from k9py.config.terminal import wants_color
from k9py.views.values import Tone

LineReader = Callable[[], Awaitable[str]]
"""Reads one typed line; "" at end of input."""

_ESCAPED: Final = re.compile(r"[^\n -~\u00a0-\U0010ffff]|[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
"""Characters that a terminal may interpret or hide; JSON can escape them without loss."""


@dataclass(frozen=True, slots=True)
class Console:
    """The streams of a command.

    Args:
        out, err: standard output and standard error.
        read: reads one typed line.
        is_interactive: input and output are a terminal, so that a person can be asked.
        colour: write ANSI escape sequences.
        width: line width of `out` in cells, None for no limit.
    """

    out: TextIO
    err: TextIO
    read: LineReader
    is_interactive: bool
    colour: bool = False
    width: int | None = None

    def print(self, text: str = "") -> None:
        """Print a line of the result on standard output."""
        print(text, file=self.out)

    def print_err(self, text: str = "") -> None:
        """Print a line on standard error."""
        print(text, file=self.err, flush=True)

    def print_json(self, values: Any) -> None:
        """Print the result as JSON on standard output."""
        print(json_text(values, plain=not is_unicode(self.out), indent=2), file=self.out)

    def render(self, line: Sequence[tuple[str, Tone]]) -> str:
        """Return a line as text, with ANSI colours if `colour`."""
        if not self.colour:
            return "".join(text for text, _ in line)
        return "".join(paint_tone(text, tone) for text, tone in line)

    def print_warnings(self, warnings: Iterable[str]) -> None:
        """Print warnings about the result on standard error, each once."""
        for warning in dict.fromkeys(warnings):
            self.print_err(f"kdash: {printable(warning)}")

    async def confirm(self, question: str) -> bool:
        """Ask a yes-or-no question; anything but yes is no. Ctrl+C cancels."""
        return (await self.ask(f"{question} [y/N]")).lower() in ("y", "yes")

    async def ask(self, question: str) -> str:
        """Ask and return the answer without blanks around it. Ctrl+C cancels."""
        print(f"{question} ", end="", file=self.err, flush=True)
        try:
            answer = await self.read()
        except asyncio.CancelledError:
            self.print_err()
            raise
        return answer.strip()


def takes_colour(stream: TextIO, *, no_color: bool) -> bool:
    """Return whether to write ANSI escape sequences to a stream of this process."""
    return stream.isatty() and wants_color(os.environ, no_color=no_color)


def system_console(*, no_color: bool) -> Console:
    """Return a console on this process's streams."""
    is_terminal = sys.stdout.isatty()
    return Console(
        out=sys.stdout,
        err=sys.stderr,
        read=_read_line,
        is_interactive=sys.stdin.isatty() and is_terminal,
        colour=is_terminal and sys.stderr.isatty() and wants_color(os.environ, no_color=no_color),
        width=terminal_columns(sys.stdout) if is_terminal else None,
    )


def has_control_characters(text: str) -> bool:
    """Return whether a text has characters that a terminal may interpret or hide; line ends do not count."""
    return _ESCAPED.search(text) is not None


def json_text(values: Any, *, plain: bool, indent: int | None = None, sort_keys: bool = False) -> str:
    """Return values as JSON with every character escaped that a terminal may interpret.

    Args:
        plain: escape all non-ASCII characters.
        indent: spaces per level; None: a single line.
    """
    text = json.dumps(values, indent=indent, ensure_ascii=plain, sort_keys=sort_keys)
    return text if plain else _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def is_unicode(stream: TextIO) -> bool:
    """Return whether a stream can encode every character."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return encoding.lower().replace("-", "").startswith("utf")


async def _read_line() -> str:
    """Read a line without blocking the loop: connections stay alive and Ctrl+C works immediately."""
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
