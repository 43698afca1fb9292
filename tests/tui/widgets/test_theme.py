"""Colours: readable, complete, and dispensable."""

from __future__ import annotations

import pytest
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.theme import Theme

from k9py.tables.values import Tone
from k9py.tui.theme import (
    KDASH_DARK,
    KDASH_LIGHT,
    Palette,
    WithoutColor,
    contrast,
    palette_for,
    palettes,
    wants_monochrome,
)
from k9py.tui.widgets.live_table import LiveTable
from tests.tui.widgets.hosts import COLUMNS, NOW, HostApp, rows

THEMES = {KDASH_DARK.name: KDASH_DARK, KDASH_LIGHT.name: KDASH_LIGHT}


@pytest.mark.parametrize("palette", palettes(), ids=lambda palette: palette.name)
def test_every_tone_has_a_style(palette: Palette) -> None:
    assert set(palette.tones) == set(Tone)


@pytest.mark.parametrize("palette", palettes()[:2], ids=lambda palette: palette.name)
def test_every_text_colour_is_readable_on_its_background(palette: Palette) -> None:
    theme = THEMES[palette.name]
    for style in (
        *palette.tones.values(),
        *palette.sources,
        palette.muted,
        palette.header,
        palette.gap,
        palette.notice,
    ):
        if style.color is not None:
            for background in (theme.background, theme.surface, theme.panel):
                assert contrast(style.color, RichColor.parse(background or "")) >= 4.5, (str(style), background)


@pytest.mark.parametrize("palette", palettes()[:2], ids=lambda palette: palette.name)
def test_marked_text_is_readable_on_its_mark(palette: Palette) -> None:
    for style in (palette.cursor_focused, palette.hit, palette.hit_current, palette.status):
        assert style.color is not None
        assert style.bgcolor is not None
        assert contrast(style.color, style.bgcolor) >= 4.5


@pytest.mark.parametrize("theme", [KDASH_DARK, KDASH_LIGHT], ids=lambda theme: theme.name)
def test_the_tones_stay_readable_on_the_cursor_line_of_an_unfocused_table(theme: Theme) -> None:
    palette = next(one for one in palettes() if one.name == theme.name)
    background = palette.cursor_blurred.bgcolor
    assert background is not None
    for style in palette.tones.values():
        if style.color is not None:
            assert contrast(style.color, background) >= 4.0, str(style)


@pytest.mark.parametrize(
    ("environ", "flag", "wanted"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"NO_COLOR": "1"}, False, True),
        ({"NO_COLOR": ""}, False, False),
        ({"TERM": "dumb"}, False, True),
        ({"TERM": "xterm-256color"}, False, False),
    ],
)
def test_when_to_do_without_colour(environ: dict[str, str], flag: bool, wanted: bool) -> None:
    assert wants_monochrome(environ, no_color=flag) is wanted


def test_without_colour_a_highlighted_background_becomes_reverse() -> None:
    plain, marked = WithoutColor(Color.parse("#10151c")).apply(
        [
            Segment("a", Style(color="#ff0000", bgcolor="#1e2631", bold=True)),
            Segment("b", Style(color="#000000", bgcolor="#6cb4f5")),
        ],
        Color.parse("#000000"),
    )
    assert plain.style == Style(bold=True)
    assert marked.style == Style(reverse=True)


async def test_an_app_without_colour_draws_none() -> None:
    def make() -> LiveTable:
        table = LiveTable(COLUMNS, now=lambda: NOW)
        table.replace_all(rows(5))
        return table

    app = HostApp(make, monochrome=True)
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        styles = [
            segment.style
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None
        ]
        assert styles
        assert all(style.color is None and style.bgcolor is None for style in styles)
        assert any(style.reverse for style in styles)


async def test_another_theme_changes_the_styles_of_a_table_in_place() -> None:
    def make() -> LiveTable:
        table = LiveTable(COLUMNS, now=lambda: NOW)
        table.replace_all(rows(5))
        return table

    app = HostApp(make)
    async with app.run_test(size=(80, 10)) as pilot:
        await pilot.pause()
        dark = [segment.style for segment in app.widget.render_line(1)]
        app.theme = KDASH_LIGHT.name
        await pilot.pause()
        assert palette_for(app).name == KDASH_LIGHT.name
        assert [segment.style for segment in app.widget.render_line(1)] != dark
