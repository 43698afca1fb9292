"""What the buffer writes makes a real terminal's screen equal to the frame, whatever was there before."""

from __future__ import annotations

import random
import sys

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from k9py.tui.terminal.diffing_app import MOST_FAILURES, DiffingApp, _break_cycles
from k9py.tui.terminal.frame_buffer import FrameBuffer

WIDTH, HEIGHT = 24, 12
STYLES = (
    None,
    Style.parse("bold"),
    Style.parse("red on blue"),
    Style.parse("#102030 on #405060"),
    Style.parse("reverse"),
)
WORDS = ("a", "log", "  ", "│", "──", "世界", "é", "ready 3/3", "e\u0301", "●", "┃")


class Terminal:
    """A terminal, and what it shows."""

    def __init__(self) -> None:
        self.screen = pyte.Screen(WIDTH, HEIGHT)
        self._stream = pyte.ByteStream(self.screen)
        self.write("\x1b[?7l")  # pyte wraps before a combining mark in the last column; terminals do not

    def write(self, text: str) -> None:
        self._stream.feed(text.encode())

    @property
    def cells(self) -> list[list[object]]:
        return [[self.screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]


def console() -> Console:
    return Console(color_system="truecolor", force_terminal=True)


def line(rng: random.Random) -> Strip:
    segments: list[Segment] = []
    while (length := Strip(segments).cell_length) < WIDTH:
        segments += Strip([Segment(rng.choice(WORDS), rng.choice(STYLES))]).crop(0, WIDTH - length)
    return Strip(segments, WIDTH)


def drawn_plainly(lines: list[Strip]) -> list[list[object]]:
    terminal = Terminal()
    for y, line in enumerate(lines):
        terminal.write(f"\x1b[0m\x1b[{y + 1};1H{line.render(console())}")
    return terminal.cells


def next_frame(lines: list[Strip], rng: random.Random) -> dict[int, Strip]:
    """Some lines change, or a block of lines moves as a log does."""
    if rng.random() < 0.5:
        return {rng.randrange(HEIGHT): line(rng) for _ in range(rng.randrange(1, 5))}
    top, by = rng.randrange(4), rng.randrange(1, 4)
    block = lines[top:]
    moved = block[by:] + [line(rng) for _ in range(by)]
    if rng.random() < 0.3:
        moved = [line(rng) for _ in range(by)] + block[:-by]
    return dict(enumerate(moved, top))


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(some.integers(0, 2**32))
def test_after_any_frames_the_terminal_shows_the_last_one(seed: int) -> None:
    rng = random.Random(seed)
    terminal, buffer = Terminal(), FrameBuffer(WIDTH, HEIGHT, console())
    lines = [line(rng) for _ in range(HEIGHT)]
    frame = dict(enumerate(lines))
    for _ in range(8):
        for y, strip in frame.items():
            lines[y] = strip
        terminal.write(buffer.update({y: {0: strip} for y, strip in frame.items()}))
        assert terminal.cells == drawn_plainly(lines)
        frame = next_frame(lines, rng)


def test_a_frame_that_changes_nothing_writes_nothing() -> None:
    rng = random.Random(1)
    buffer = FrameBuffer(WIDTH, HEIGHT, console())
    strips = {y: {0: line(rng)} for y in range(HEIGHT)}
    buffer.update(strips)
    again = {y: {0: Strip(list(held[0]), WIDTH)} for y, held in strips.items()}
    assert buffer.update(strips) == buffer.update(again) == ""


def test_a_changed_cell_is_all_that_is_written() -> None:
    buffer = FrameBuffer(WIDTH, HEIGHT, console())
    buffer.update({3: {0: Strip([Segment("ready 3/3".ljust(WIDTH))])}})
    assert buffer.update({3: {0: Strip([Segment("ready 2/3".ljust(WIDTH))])}}) == "\x1b[4;7H\x1b[0m2"


def test_a_log_that_goes_up_a_line_writes_only_its_new_line() -> None:
    buffer = FrameBuffer(WIDTH, HEIGHT, console())
    texts = [f"line number {number}" for number in range(20)]
    for start in (0, 1):
        written = buffer.update({y: {0: Strip([Segment(texts[start + y].ljust(WIDTH))])} for y in range(HEIGHT)})
    assert "\x1bD" in written
    assert "number" not in written.replace(texts[HEIGHT], "")


def test_a_strip_with_control_codes_is_written_as_it_is_and_never_taken_for_known() -> None:
    terminal, buffer = Terminal(), FrameBuffer(WIDTH, HEIGHT, console())
    odd = Strip([Segment("a\u200bb".ljust(WIDTH + 1))], WIDTH)
    for strip in (odd, Strip([Segment("plain".ljust(WIDTH))])):
        terminal.write(buffer.update({0: {0: strip}}))
    assert terminal.screen.display[0].rstrip() == "plain"


@settings(max_examples=60, deadline=None)
@given(some.integers(0, 2**32))
def test_parts_of_lines_of_a_screen_not_known_yet_are_written_where_they_belong(seed: int) -> None:
    """After a resize the first frames may hold parts of lines only; the cells between them are left alone."""
    rng = random.Random(seed)
    buffer, terminal = FrameBuffer(WIDTH, HEIGHT, console()), Terminal()
    shown = [["." for _ in range(WIDTH)] for _ in range(HEIGHT)]
    terminal.write("\x1b[H" + "\r\n".join("." * WIDTH for _ in range(HEIGHT)))
    for _ in range(8):
        frame: dict[int, dict[int, Strip]] = {}
        for y in rng.sample(range(HEIGHT), rng.randint(1, HEIGHT)):
            x = rng.randrange(WIDTH - 4)
            text = rng.choice(("ab", "cde", "f"))
            frame[y] = {x: Strip([Segment(text, rng.choice(STYLES))], len(text))}
            shown[y][x : x + len(text)] = list(text)
        terminal.write(buffer.update(frame))
        assert [[cell.data for cell in row] for row in terminal.cells] == shown  # type: ignore[attr-defined]


def test_a_frame_that_cannot_be_compared_is_left_to_textual_and_after_a_few_all_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(self: DiffingApp[None], update: ChopsUpdate | LayoutUpdate) -> str:
        raise KeyError("\0")

    monkeypatch.setattr(DiffingApp, "_difference", failing)
    app: DiffingApp[None] = DiffingApp()
    app._diffs = True
    for attempt in range(1, MOST_FAILURES + 1):
        assert app._difference_or_none(LayoutUpdate([], Region(0, 0, 1, 1))) is None
        assert app._diffs is (attempt < MOST_FAILURES)


def test_a_drawn_strip_that_was_cut_nowhere_holds_itself_no_longer() -> None:
    strip = Strip([Segment("a line of a log")])
    alone = sys.getrefcount(strip)
    assert strip.divide([strip.cell_length])[0] is strip
    assert sys.getrefcount(strip) > alone
    _break_cycles({0: {0: strip}})
    assert sys.getrefcount(strip) == alone
