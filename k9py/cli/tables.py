"""Plain tables: fitted to a terminal, at full width into a pipe."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from typing import Final, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.style import Style
from rich.table import Table
from rich.text import Text

from k9py.cli.ansi import TONE_SGR
from k9py.views.overview import PlainTable
from k9py.views.values import Tone

GAP: Final = 2
"""Cells between columns."""

MIN_GROWING_WIDTH: Final = 44
"""Minimum width in cells of the growing column before other columns are dropped."""

FULL_WIDTH: Final = 1000
"""Line width in cells without a terminal."""

_PLAIN_TONES: Final = (Tone.MUTED, Tone.ACCENT)
"""Tones that tables do not colour."""


def print_tables(tables: Iterable[PlainTable], out: TextIO, *, width: int | None, colour: bool) -> None:
    """Print tables; `width` None: no limit."""
    console = Console(
        no_color=not colour, color_system="auto" if colour else None, highlight=False, markup=False, emoji=False
    )
    console.width = width or FULL_WIDTH
    with console.capture() as captured:
        for plain in tables:
            console.print(_table(plain, fit_widths(plain, width)))
    for line in captured.get().splitlines():
        print(line.rstrip(), file=out)


def fit_widths(plain: PlainTable, room: int | None) -> dict[int, int]:
    """Return the widths of the columns that fit into `room` cells, by index; None: all columns in full.

    The least important columns are dropped first; the growing column is cut to the remaining width.
    """
    widths = {
        index: max([cell_len(column.title), *(cell_len(cells[index].text) for cells in plain.rows)])
        for index, column in enumerate(plain.columns)
    }
    if room is None:
        return widths
    growing = [index for index, column in enumerate(plain.columns) if column.grow]
    least = {index: min(width, MIN_GROWING_WIDTH) if index in growing else width for index, width in widths.items()}
    while sum(least.values()) + GAP * len(least) + 1 > room:
        index = max(least, key=lambda index: (plain.columns[index].priority, index))
        if plain.columns[index].priority == 0:
            break
        del least[index]
    spare = room - 1 - sum(least.values()) - GAP * len(least)
    for index in growing:
        if index in least:
            least[index] = min(widths[index], least[index] + max(0, spare))
    return least


def _table(plain: PlainTable, widths: Mapping[int, int]) -> Table:
    table = Table(
        title=plain.title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, GAP, 0, 0)
    )
    table.add_column("", width=1)
    for index, width in widths.items():
        column = plain.columns[index]
        table.add_column(
            column.title,
            justify="right" if column.align_right else "left",
            width=width,
            no_wrap=True,
            overflow="ellipsis",
            header_style="bold",
        )
    for cells, tone in zip(plain.rows, plain.tones, strict=True):
        table.add_row(
            Text(tone.symbol, style=_style(tone)),
            *(Text(cells[index].text, style=_style(cells[index].tone)) for index in widths),
        )
    return table


@functools.cache
def _style(tone: Tone) -> Style | str:
    """Return the rich style of a tone, from its SGR parameters."""
    if tone not in TONE_SGR or tone in _PLAIN_TONES:
        return ""
    return Text.from_ansi(f"\x1b[{TONE_SGR[tone]}m{tone.name}").spans[0].style
