"""The lines of a session."""

from __future__ import annotations

from k9py.tui.palette.history import LIMIT, PaletteHistory


def test_the_last_line_comes_first_and_each_is_kept_once() -> None:
    history = PaletteHistory()
    for line in ("pods", "ns shop", " pods ", ""):
        history.add(line)
    assert history.lines == ("pods", "ns shop")
    assert (history.uses("PODS"), history.uses("ns"), history.uses("q")) == (2, 1, 0)


def test_it_is_bounded() -> None:
    history = PaletteHistory()
    for number in range(3 * LIMIT):
        history.add(f"word{number}")
    assert len(history.lines) == LIMIT
    assert history.lines[0] == f"word{3 * LIMIT - 1}"
