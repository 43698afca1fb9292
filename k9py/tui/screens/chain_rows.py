"""The chain of a problem as rows: long lines folded to the width, the branches of the tree drawn on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from k9py.tui.widgets.toned_text import fold, text_line
from k9py.views.problems import ChainLine, ChainPart, chain_lines
from k9py.views.values import StyledLine, Tone

if TYPE_CHECKING:
    from k9py.diagnosis.problem import Problem

_SHORTEST: Final = 24
"""Cells of text in a deep tree on a narrow screen; the line is cut then."""


@dataclass(frozen=True, slots=True)
class ChainRow:
    """One line on the screen.

    Args:
        line: what it belongs to.
        at: which line of it, from 0.
        pieces: the branches and the text.
    """

    line: ChainLine
    at: int
    pieces: StyledLine

    @property
    def text(self) -> str:
        """The whole line."""
        return "".join(text for text, _ in self.pieces)


def folded_chain(
    problem: Problem,
    now: datetime,
    width: int,
    *,
    is_open: Callable[[str], bool] = lambda path: False,
    has_symbols: bool = True,
) -> list[ChainRow]:
    """Return the chain in rows of at most `width` cells.

    Args:
        is_open: as for `chain_lines`.
        has_symbols: a finding begins with the symbol of its severity.
    """
    lines = chain_lines(problem, now, is_open=is_open)
    return [row for line in lines for row in _folded(line, width, has_symbols=has_symbols)]


def _folded(line: ChainLine, width: int, *, has_symbols: bool) -> list[ChainRow]:
    symbol = f"{line.tone.symbol} " if has_symbols and line.tone.symbol.strip() else ""
    is_group = line.part in (ChainPart.ROOT, ChainPart.EFFECT) and line.folded
    head = (((symbol, line.tone),) if symbol else ()) + ((("▸ ", Tone.MUTED),) if is_group else ())
    room = max(_SHORTEST, width - max(cell_len(line.prefix), cell_len(line.hanging)))
    rows: list[ChainRow] = []
    for at, folded in enumerate(fold(text_line((*head, *line.pieces)), room, indent=0)):
        branches = line.prefix if at == 0 else line.hanging
        rows.append(ChainRow(line, at, ((branches, Tone.MUTED), *((span.text, span.tone) for span in folded))))
    return rows
