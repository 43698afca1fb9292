"""Sections of a description as lines of text: labels aligned, long texts folded, sections folded to their titles.

Folding: a section is known by the titles it is under, so it stays folded when others appear before it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from k9py.api.plural import count_noun
from k9py.tui.widgets.toned_text import TextLine, TextSpan
from k9py.views.describe import MARKED_TONES, MAX_LABEL, Section
from k9py.views.values import Tone

MIN_FOLD_CELLS: Final = 20
"""Cells below which a folded text would be a ladder of single words."""
MAX_LABEL_SHARE: Final = 3
"""Labels take at most a third of the width."""

OPEN: Final = "▾"
FOLDED: Final = "▸"
CURRENT: Final = "◂"

_FOLDING: Final = Console(width=MIN_FOLD_CELLS)


class SectionFolds:
    """Which sections are folded: those that a person folded, and those that start folded and were not unfolded."""

    def __init__(self) -> None:
        self._toggled: dict[str, bool] = {}

    def is_folded(self, path: str, section: Section) -> bool:
        """Return whether a section shows only its title."""
        return self._toggled.get(path, section.folded)

    def toggle(self, path: str) -> None:
        """Fold or unfold a section."""
        self._toggled[path] = not self._toggled.get(path, False)

    def toggle_all(self, sections: Sequence[Section]) -> None:
        """Fold all sections, or unfold them when all are folded."""
        paths = dict(section_paths(sections))
        are_folded = all(self.is_folded(path, section) for path, section in paths.items() if section.depth == 0)
        self._toggled = {path: not are_folded for path, section in paths.items() if section.depth == 0}

    def visible(self, sections: Sequence[Section]) -> Iterator[tuple[str, Section]]:
        """Yield the sections that are not inside a folded one, with their paths."""
        hidden_below: int | None = None
        for path, section in section_paths(sections):
            if hidden_below is not None and section.depth > hidden_below:
                continue
            hidden_below = section.depth if self.is_folded(path, section) else None
            yield path, section

    def visible_paths(self, sections: Sequence[Section]) -> list[str]:
        """Return the paths of the sections that are not inside a folded one."""
        return [path for path, _ in self.visible(sections)]


def section_paths(sections: Sequence[Section]) -> Iterator[tuple[str, Section]]:
    """Yield each section with the titles it is under and its own as one text."""
    titles: list[str] = []
    for number, section in enumerate(sections):
        # The head names the object; a count in a title may change.
        title = "" if number == 0 else section.title.partition(":")[0]
        titles = [*titles[: section.depth], title]
        yield "/".join(titles), section


def folded_section_lines(
    sections: Sequence[Section], folds: SectionFolds, width: int = 0, current: str | None = None
) -> tuple[list[TextLine], list[int]]:
    """Return the lines of a description, and the line of each visible heading.

    Args:
        sections: What is shown.
        folds: Which sections show only their titles.
        width: Cells a line may take; 0 wraps nothing.
        current: Path of the section that keys act on, which is marked.
    """
    lines: list[TextLine] = []
    headings: list[int] = []
    for path, section in folds.visible(sections):
        is_folded = folds.is_folded(path, section)
        if lines and section.depth == 0 and not (is_folded and _is_heading(lines[-1])):
            lines.append(())
        headings.append(len(lines))
        lines.append(_heading(section, is_folded=is_folded, is_current=path == current))
        if not is_folded:
            lines += _section_body(section, width)
    return lines, headings


def section_lines(sections: Sequence[Section], width: int = 0) -> list[TextLine]:
    """Return the lines of a description with no section folded."""
    return folded_section_lines(sections, SectionFolds(), width)[0]


def _is_heading(line: TextLine) -> bool:
    return bool(line) and line[0].text.lstrip().startswith(FOLDED)


def _heading(section: Section, *, is_folded: bool, is_current: bool) -> TextLine:
    margin = "  " * section.depth
    count = f"  {count_noun(len(section.lines), 'line')}" if is_folded and section.lines else ""
    return (
        TextSpan(f"{margin}{FOLDED if is_folded else OPEN} {section.title}", Tone.ACCENT),
        TextSpan(count, Tone.MUTED),
        TextSpan(f" {CURRENT}" if is_current else "", Tone.ACCENT),
    )


def _section_body(section: Section, width: int) -> Iterator[TextLine]:
    margin = "  " * section.depth
    widest = min(MAX_LABEL, width // MAX_LABEL_SHARE) if width else MAX_LABEL
    label_width = min(widest, max((len(line.label) for line in section.lines), default=0))
    between = 2 if label_width else 0
    indent = len(margin) + 2 + label_width + between
    for line in section.lines:
        symbol = line.tone.symbol if line.tone in MARKED_TONES else " "
        label = f"{line.label:<{label_width}}{' ' * between}"
        is_long_label = len(line.label) > label_width and width and len(line.text) > width - indent - len(label)
        first_width = width - len(margin) - 2 - len(label)
        yield_label = (TextSpan(f"{margin}{symbol} ", line.tone), TextSpan(label, Tone.MUTED))
        if is_long_label:  # the text below its label has more room
            yield yield_label
            texts = fold_text(line.text, width - indent)
            yield from ((TextSpan(" " * indent), TextSpan(text, line.tone)) for text in texts)
            continue
        first, *others = fold_text(line.text, min(first_width, width - indent) if width else 0)
        yield (*yield_label, TextSpan(first, line.tone))
        yield from ((TextSpan(" " * indent), TextSpan(other, line.tone)) for other in others)


def fold_text(text: str, width: int) -> list[str]:
    """Break a text at blanks into pieces of at most `width` cells; a longer word is cut. At least one piece."""
    if width < MIN_FOLD_CELLS or cell_len(text) <= width:
        return [text]
    return [piece.plain.rstrip() for piece in Text(text).wrap(_FOLDING, width)]
