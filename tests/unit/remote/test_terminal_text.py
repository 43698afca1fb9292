"""Output on a terminal is text, however it arrives in pieces."""

from __future__ import annotations

import os
import pty

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.remote.terminal_text import OutputWriter, TerminalText


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"a\tb\r\nc\n", "a\tb\r\nc\n"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"\x1b]0;owned\x07title", "title"),
        (b"\x1b]52;c;QQ==\x1b\\clip", "clip"),
        (b"\x1bP+q544e\x1b\\dcs", "dcs"),
        (b"\x1b[?1049h\x1b(0\x0ex", "\ufffdx"),
        (b"bell\x07 back\x08", "bell\ufffd back\ufffd"),
        ("\x9b2Jc1".encode(), "c1"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ("gr\u00fc\u00dfe \u4e16\u754c".encode(), "gr\u00fc\u00dfe \u4e16\u754c"),
    ],
)
def test_what_is_shown_does_not_depend_on_the_pieces(data: bytes, shown: str) -> None:
    whole = TerminalText().feed(data)
    assert whole.decode() == shown
    pieces = TerminalText()
    assert b"".join(pieces.feed(data[at : at + 1]) for at in range(len(data))) == whole


@given(st.lists(st.binary(max_size=40) | st.sampled_from([b"\x1b", b"\x1b]", b"\x1b[", b"\x9b", b"\x1b\\", b"\x07"])))
def test_nothing_a_terminal_acts_on_gets_through(pieces: list[bytes]) -> None:
    text = TerminalText()
    shown = b"".join(text.feed(piece) for piece in pieces).decode()
    assert all(character.isprintable() or character in "\n\r\t" or ord(character) > 0x9F for character in shown)


def test_a_sequence_without_an_end_is_not_kept_for_ever() -> None:
    text = TerminalText()
    text.feed(b"\x1b]0;")
    assert b"y" * 100 in text.feed(b"y" * 5000)


async def test_a_pipe_gets_every_byte_and_a_terminal_gets_text() -> None:
    reading, writing = os.pipe()
    master, slave = pty.openpty()
    try:
        for descriptor in (writing, slave):
            writer = OutputWriter(descriptor)
            await writer.write(b"\x1b[31mred\x1b[0m\xff")
            writer.close()
        assert os.read(reading, 100) == b"\x1b[31mred\x1b[0m\xff"
        assert os.read(master, 100) == "red\ufffd".encode()
    finally:
        for descriptor in (reading, writing, master, slave):
            os.close(descriptor)
