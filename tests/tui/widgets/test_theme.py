"""Colours: readable, complete, and dispensable."""

from __future__ import annotations

import colorsys

import pytest
from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from k9py.cli.command_line import THEME_NAMES
from k9py.config.terminal import wants_color
from k9py.tui.contrast import contrast
from k9py.tui.monochrome import MonochromeFilter
from k9py.tui.palettes import KDASH_LIGHT, MONOCHROME, PALETTES, THEMES, Palette
from k9py.tui.theme import palette_for
from k9py.tui.widgets.live_table import LiveTable
from k9py.views.values import Tone
from tests.tui.widgets.hosts import COLUMNS, NOW, HostApp, rows

ALL = (*PALETTES.values(), MONOCHROME)
BY_NAME = {theme.name: theme for theme in THEMES.values()}
COLOURED = [theme for theme in ALL if theme.name in BY_NAME]


@pytest.mark.parametrize("palette", ALL, ids=lambda palette: palette.name)
def test_every_tone_has_a_style(palette: Palette) -> None:
    assert set(palette.tones) == set(Tone)


@pytest.mark.parametrize("palette", COLOURED, ids=lambda palette: palette.name)
def test_every_text_colour_is_readable_on_its_background(palette: Palette) -> None:
    theme = BY_NAME[palette.name]
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


@pytest.mark.parametrize("palette", COLOURED, ids=lambda palette: palette.name)
def test_marked_text_is_readable_on_its_mark(palette: Palette) -> None:
    for style in (palette.cursor_focused, palette.hit, palette.hit_current, palette.status):
        assert style.color is not None
        assert style.bgcolor is not None
        assert contrast(style.color, style.bgcolor) >= 4.5


@pytest.mark.parametrize("palette", COLOURED, ids=lambda palette: palette.name)
def test_the_tones_stay_readable_on_the_cursor_line(palette: Palette) -> None:
    for cursor in (palette.cursor_row, palette.cursor_blurred):
        assert cursor.bgcolor is not None
        for style in palette.tones.values():
            if style.color is not None:
                assert contrast(style.color, cursor.bgcolor) >= 4.0, (str(style), str(cursor))


def hue(style: Style) -> float:
    assert style.color is not None
    red, green, blue = style.color.get_truecolor()
    return colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)[0]


@pytest.mark.parametrize("palette", COLOURED, ids=lambda palette: palette.name)
def test_healthy_is_green_or_blue_for_the_colour_blind(palette: Palette) -> None:
    low, high = (0.5, 0.64) if "colour-blind" in palette.name else (0.3, 0.42)
    assert low <= hue(palette.tone(Tone.OK)) <= high


@pytest.mark.parametrize("palette", COLOURED, ids=lambda palette: palette.name)
def test_the_cursor_line_has_no_hue_of_its_own(palette: Palette) -> None:
    background = palette.cursor_row.bgcolor
    assert background is not None
    red, green, blue = background.get_truecolor()
    assert max(red, green, blue) - min(red, green, blue) <= 16


def test_the_command_line_offers_every_theme() -> None:
    assert tuple(THEMES) == THEME_NAMES


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
    assert wants_color(environ, no_color=flag) is not wanted


def test_without_colour_a_highlighted_background_becomes_reverse() -> None:
    plain, marked = MonochromeFilter(Color.parse("#10151c")).apply(
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
