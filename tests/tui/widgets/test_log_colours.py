"""The colours of log lines can be read: what containers chose, and what is highlighted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.style import Style

from k9py.logs.parsing.sgr import SgrStyle
from k9py.tui.contrast import contrast
from k9py.tui.palettes import DARK, DARK_COLOUR_BLIND, KDASH_DARK, KDASH_LIGHT, LIGHT, Palette
from k9py.tui.widgets.log_view.colours import sgr_style

BASES = [Style(color=theme.foreground, bgcolor=theme.background) for theme in (KDASH_DARK, KDASH_LIGHT)]
colour = st.one_of(st.none(), st.integers(0, 255), st.tuples(*[st.integers(0, 255)] * 3))


@given(st.builds(SgrStyle, foreground=colour, background=colour, bold=st.booleans()), st.sampled_from(BASES))
def test_no_colours_hide_words(chosen: SgrStyle, base: Style) -> None:
    style = sgr_style(chosen, base)
    assert style.color is not None
    assert style.bgcolor is not None
    assert contrast(style.color, style.bgcolor) >= 3
    assert bool(style.bold) is chosen.bold


@pytest.mark.parametrize("base", BASES, ids=["dark", "light"])
@pytest.mark.parametrize("number", range(16))
def test_the_named_colours_are_readable_as_they_are(number: int, base: Style) -> None:
    style = sgr_style(SgrStyle(foreground=number), base)
    assert style.color is not None
    assert base.bgcolor is not None
    assert contrast(style.color, base.bgcolor) >= 4.5


@pytest.mark.parametrize("palette", [DARK, LIGHT], ids=lambda palette: palette.name)
def test_highlights_are_readable_and_told_apart(palette: Palette) -> None:
    marks = [*palette.highlights, palette.hit, palette.hit_current]
    for style in marks:
        assert style.color is not None
        assert style.bgcolor is not None
        assert contrast(style.color, style.bgcolor) >= 4.5
    assert len({style.bgcolor for style in marks}) == len(marks)


def test_highlights_are_told_apart_without_colour() -> None:
    palette = DARK_COLOUR_BLIND
    marks = [*palette.highlights, palette.hit, palette.hit_current]
    assert len(set(marks)) == len(marks)
    assert Style.null() not in marks
