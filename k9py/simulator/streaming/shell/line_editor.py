"""The line editor of an interactive shell: moves, deletes, remembers, as readline does by default.

Invariant: the terminal is in raw mode only while a line is read. What is drawn is the prompt and the line, from the row
in which the prompt began; after each key the cursor is where the person edits. Unknown escape sequences do nothing.
"""

import asyncio
import codecs
import contextlib
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from k9py.simulator.streaming.shell.terminal import RawMode, Terminal


class LineInterruptedError(Exception):
    """The person has aborted the line with ^C."""


@dataclass(slots=True)
class _Edited:
    """A line that is being edited; `row` is that of the cursor, from the row of the prompt."""

    text: str = ""
    at: int = 0
    row: int = 0
    history: list[str] = field(default_factory=list)
    recalled: int = 0
    kept: str = ""

    def replace(self, start: int, end: int, text: str = "") -> None:
        self.text = self.text[:start] + text + self.text[end:]
        self.at = start + len(text)

    def recall(self, step: int) -> None:
        """Show an older (-1) or newer (1) line."""
        number = self.recalled + step
        if not 0 <= number <= len(self.history):
            return
        if self.recalled == len(self.history):
            self.kept = self.text
        self.recalled = number
        self.text = self.kept if number == len(self.history) else self.history[number]
        self.at = len(self.text)

    def word_start(self) -> int:
        before = self.text[: self.at]
        return len(before.rstrip()) and before.rstrip().rfind(" ") + 1

    def word_end(self) -> int:
        after = self.text[self.at :]
        skipped = len(after) - len(after.lstrip())
        end = after.find(" ", skipped)
        return len(self.text) if end < 0 else self.at + end


class LineEditor:
    """Reads lines from a terminal."""

    def __init__(self, terminal: Terminal, history: list[str], complete: Callable[[str], Sequence[str]]) -> None:
        """Edit lines of a terminal.

        Args:
            terminal: its input and output.
            history: lines to recall, oldest first; each line that is read is added.
            complete: returns what the last word of a text can be completed to.
        """
        self._terminal = terminal
        self._history = history
        self._complete = complete
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._typed = ""

    async def read(self, prompt: str) -> str | None:
        """Return the next line without its newline; None at the end of the input (^D in an empty line).

        Raises:
            LineInterruptedError: ^C.
        """
        line = _Edited(history=self._history, recalled=len(self._history))
        with RawMode(self._terminal), self._drawn_when_resized(prompt, line):
            await self._terminal.write(prompt.encode())
            while True:
                key = await self._key()
                match key:
                    case "":
                        return None
                    case "\r" | "\n":
                        await self._finish(prompt, line)
                        if line.text.strip() and line.text != (self._history[-1:] or [""])[0]:
                            self._history.append(line.text)
                        return line.text
                    case "\x03":
                        await self._finish(prompt, line, "^C")
                        raise LineInterruptedError
                    case "\x04" if not line.text:
                        return None
                    case "\t":
                        await self._show_completions(prompt, line)
                    case "\x0c":
                        await self._terminal.write(b"\x1b[H\x1b[2J")
                        line.row = 0
                        await self._draw(prompt, line)
                    case _ if len(key) == 1 and key.isprintable() and line.at == len(line.text):
                        line.replace(line.at, line.at, key)
                        await self._append(prompt, line, key)
                    case _:
                        if _edit(line, key):
                            await self._draw(prompt, line)

    @contextlib.contextmanager
    def _drawn_when_resized(self, prompt: str, line: _Edited) -> Iterator[None]:
        """Draw the line again when the terminal has another size."""
        size = (self._terminal.columns, self._terminal.rows)
        drawing: set[asyncio.Task[None]] = set()

        def draw() -> None:
            nonlocal size
            if size != (size := (self._terminal.columns, self._terminal.rows)):
                task = asyncio.create_task(self._draw(prompt, line))
                drawing.add(task)
                task.add_done_callback(drawing.discard)

        forget = self._terminal.on_resize(draw)
        try:
            yield
        finally:
            forget()
            for task in drawing:
                task.cancel()

    async def _key(self) -> str:
        """Return the next key: a character or a whole escape sequence; "" at the end of the input."""
        while True:
            key = _first_key(self._typed)
            if key:
                self._typed = self._typed[len(key) :]
                return key
            data = await self._terminal.read()
            if not data:
                return ""
            self._typed += self._decoder.decode(data)

    async def _append(self, prompt: str, line: _Edited, key: str) -> None:
        """Draw a character at the end of a line, which needs no more unless a row is full."""
        before = _place(prompt + line.text[:-1], self._terminal.columns)
        after = _place(prompt + line.text, self._terminal.columns)
        if before[0] == after[0]:
            await self._terminal.write(key.encode("utf-8", "surrogateescape"))
        else:
            await self._draw(prompt, line)

    async def _draw(self, prompt: str, line: _Edited) -> None:
        columns = self._terminal.columns
        shown = prompt + line.text
        end = _place(shown, columns)
        cursor = _place(prompt + line.text[: line.at], columns)
        output = "\r" + (f"\x1b[{line.row}A" if line.row else "") + "\x1b[J" + shown
        if end[1] == 0 and end[0]:
            output += "\n"  # the terminal waits in the last column until something follows
        if cursor != end:
            output += (f"\x1b[{end[0] - cursor[0]}A" if end[0] > cursor[0] else "") + "\r"
            output += f"\x1b[{cursor[1]}C" if cursor[1] else ""
        line.row = cursor[0]
        await self._terminal.write(output.encode("utf-8", "surrogateescape"))

    async def _finish(self, prompt: str, line: _Edited, suffix: str = "") -> None:
        if line.at != len(line.text):
            line.at = len(line.text)
            await self._draw(prompt, line)
        await self._terminal.write(suffix.encode() + b"\n")

    async def _show_completions(self, prompt: str, line: _Edited) -> None:
        before = line.text[: line.at]
        word = before.rpartition(" ")[2]
        choices = self._complete(before)
        if not choices:
            await self._terminal.write(b"\a")
            return
        common = choices[0]
        for choice in choices[1:]:
            while not choice.startswith(common):
                common = common[:-1]
        if len(choices) == 1 and not common.endswith("/"):
            common += " "
        if len(common) > len(word):
            line.replace(line.at - len(word), line.at, common)
            await self._draw(prompt, line)
        else:
            listed = "  ".join(choice.rstrip("/").rpartition("/")[2] for choice in choices)
            await self._terminal.write(f"\n{listed}\n".encode("utf-8", "surrogateescape"))
            line.row = 0
            await self._draw(prompt, line)


def _edit(line: _Edited, key: str) -> bool:
    """Apply a key to a line; return whether it must be drawn."""
    match key:
        case "\x7f" | "\x08":
            line.replace(max(0, line.at - 1), line.at)
        case "\x04" | "\x1b[3~":
            line.replace(line.at, line.at + 1)
        case "\x1b[D" | "\x1bOD" | "\x02":
            line.at = max(0, line.at - 1)
        case "\x1b[C" | "\x1bOC" | "\x06":
            line.at = min(len(line.text), line.at + 1)
        case "\x1b[H" | "\x1bOH" | "\x1b[1~" | "\x01":
            line.at = 0
        case "\x1b[F" | "\x1bOF" | "\x1b[4~" | "\x05":
            line.at = len(line.text)
        case "\x1b[1;5D" | "\x1bb":
            line.at = line.word_start()
        case "\x1b[1;5C" | "\x1bf":
            line.at = line.word_end()
        case "\x15":
            line.replace(0, line.at)
        case "\x0b":
            line.replace(line.at, len(line.text))
        case "\x17":
            line.replace(line.word_start(), line.at)
        case "\x1b[A" | "\x1bOA" | "\x10":
            line.recall(-1)
        case "\x1b[B" | "\x1bOB" | "\x0e":
            line.recall(1)
        case _ if len(key) == 1 and key.isprintable():
            line.replace(line.at, line.at, key)
        case _:
            return False
    return True


def _first_key(typed: str) -> str:
    """Return the first key of what was typed; "" if it is not complete."""
    if not typed.startswith("\x1b"):
        return typed[:1]
    if typed[1:2] == "O":
        return typed[:3] if len(typed) >= 3 else ""
    if typed[1:2] == "[":
        for at in range(2, len(typed)):
            if "@" <= typed[at] <= "~":
                return typed[: at + 1]
        return ""
    return typed[:2] if len(typed) >= 2 else ""


def _place(text: str, columns: int) -> tuple[int, int]:
    """Return row and column behind a text that starts at (0, 0)."""
    row, column = 0, 0
    for character in text:
        width = _width(character)
        if column + width > columns:
            row, column = row + 1, 0
        column += width
    return (row + 1, 0) if column == columns else (row, column)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
