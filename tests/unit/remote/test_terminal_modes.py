"""Which output makes a reset necessary, and that the reset undoes each mode."""

from __future__ import annotations

import pytest

from k9py.remote.terminal_modes import RESET, RESET_ORIGIN, OutputModes

UNDONE = {
    b"\x1b[?1049h": b"\x1b[?1049l",
    b"\x1b[?1h": b"\x1b[?1l",
    b"\x1b[?5h": b"\x1b[?5l",
    b"\x1b[?7l": b"\x1b[?7h",
    b"\x1b[?25l": b"\x1b[?25h",
    **{b"\x1b[?%dh" % mode: b"\x1b[?%dl" % mode for mode in (9, 1000, 1001, 1002, 1003, 1004, 1005, 1006, 1015, 1016)},
    b"\x1b[?2004h": b"\x1b[?2004l",
    b"\x1b[?2026h": b"\x1b[?2026l",
    b"\x1b[?2031h": b"\x1b[?2031l",
    b"\x1b[?2048h": b"\x1b[?2048l",
    b"\x1b[>1u": b"\x1b[<99u",
    b"\x1b[>4;2m": b"\x1b[>4m",
    b"\x1b[4h": b"\x1b[4l",
    b"\x1b[2h": b"\x1b[2l",
    b"\x1b=": b"\x1b>",
    b"\x1b[3;5r": b"\x1b[r",
    b"\x1b(0": b"\x1b(B",
    b"\x1b[31m": b"\x1b[0m",
    b"\x1b[4 q": b"\x1b[0 q",
    b"\x1b]11;red\x07": b"\x1b]111",
    b"\x1b]4;1;red\x07": b"\x1b]104",
    b"\x1b]8;;http://x\x07": b"\x1b]8;;\x1b\\",
}


@pytest.mark.parametrize("sequence", UNDONE, ids=repr)
def test_each_mode_is_reset(sequence: bytes) -> None:
    modes = OutputModes()
    modes.see(sequence)
    assert modes.changed
    assert UNDONE[sequence] in RESET


def test_the_origin_mode_is_left_by_its_own_sequence() -> None:
    modes = OutputModes()
    modes.see(b"\x1b[?25;6h")
    assert modes.has_origin
    assert b"\x1b[?6l" in RESET_ORIGIN
    assert b"\x1b[?6l" not in RESET  # it moves the cursor


def test_plain_output_needs_nothing() -> None:
    modes = OutputModes()
    modes.see("line\r\n\ttab \u00e9\u4e2d".encode())
    assert not modes.changed
    assert not modes.queried


@pytest.mark.parametrize(
    "query",
    [b"\x1b[c", b"\x1b[6n", b"\x1b[?2026$p", b"\x1b]11;?\x07", b"\x1bP+q544e\x1b\\", b"\x05", b"\x1b[?u", b"\x1bZ"],
)
def test_queries_are_recognized_wherever_the_output_is_cut(query: bytes) -> None:
    for cut in range(len(query)):
        modes = OutputModes()
        modes.see(b"text" + query[:cut])
        modes.see(query[cut:] + b"text")
        assert modes.queried, cut
