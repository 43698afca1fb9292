"""The table of log patterns that differ between revisions: its rows, its title, and why it is empty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.logs.parsing.level import Level
from k9py.logs.parsing.rendering import render_text
from k9py.logs.templates.compare import AT_START, ComparedPattern, PatternChange, PatternComparison
from k9py.views.values import Cell, Column, Row, Tone

KIND: Final = "Pattern"
"""Kind in the keys of rows; the name is the pattern's number."""
FOLD_KEY: Final = ObjectRef("Remark", "", "chance")
"""Key of the row that stands for patterns that may be due to chance."""
MAX_ROWS: Final = 300

_SECTIONS: Final[dict[PatternChange, int]] = {"new": 0, "stopped": 1, "more": 2, "fewer": 3, "same": 4}
_LAST_SECTION: Final = 9
_RANKS_PER_SECTION: Final = 1000
_TONES: Final = {Level.FATAL: Tone.FAIL, Level.ERROR: Tone.FAIL, Level.WARN: Tone.WARN}
_LEVEL_RANKS: Final = {Level.FATAL: 0, Level.ERROR: 1, Level.WARN: 2, Level.INFO: 3, Level.UNKNOWN: 3}

_CHANGE: Final = Column("change", "CHANGE", min_width=9, max_width=11)
_LINES: Final = Column("lines", "LINES", align_right=True, min_width=5, max_width=9, priority=1)
_PATTERN: Final = Column("pattern", "PATTERN", min_width=20, max_width=400, grow=True)


def columns(new: str, old: tuple[str, ...], names: Mapping[str, str]) -> tuple[Column, ...]:
    """Return the columns for a new and old revisions; without old ones nothing is compared."""
    if not old:
        return (_LINES, _rate_column("new_rate", "lines"), _PATTERN)
    first = _rate_column("new_rate", _short_name(names.get(new, ""), "new"))
    second = _rate_column("old_rate", _short_name(names.get(old[0], ""), "old") if len(old) == 1 else "old")
    return (_CHANGE, _LINES, first, second, _PATTERN)


def rows(comparison: PatternComparison, *, compared: bool, folded: bool | None = None) -> list[Row]:
    """Return the rows to show, `MAX_ROWS` at most, then what is left out.

    Args:
        compared: with old revisions: patterns that are the same are left out.
        folded: whether patterns that may be due to chance (seen once, maybe new) are one row; None: there is no such
            row.
    """
    changed = [pattern for pattern in comparison.rows if not compared or pattern.change != "same"]
    chance = [pattern for pattern in changed if compared and not pattern.is_significant]
    can_fold = folded is not None and len(chance) > 1
    significant = [pattern for pattern in changed if pattern.is_significant or not compared]
    listed = significant if can_fold and folded else changed
    shown = [_row(pattern, compared=compared) for pattern in listed[:MAX_ROWS]]
    if can_fold:
        shown.append(_fold_row(chance, is_folded=bool(folded), is_all=len(chance) == len(changed)))
    if len(listed) > MAX_ROWS:
        more = f"and {count_noun(len(listed) - MAX_ROWS, 'more pattern')}"
        shown.append(_note_row("more", more, compared=compared))
    others = comparison.new_others + comparison.old_others
    if others:
        text = f"{count_noun(others, 'line')} of other patterns (too many to compare)"
        shown.append(_note_row("others", text, compared=compared))
    return shown


def key_of(pattern: ComparedPattern) -> ObjectRef:
    """Return the key of a pattern's row."""
    return ObjectRef(KIND, "", f"{pattern.pattern_id:06}")


def summary(comparison: PatternComparison) -> str:
    """Return how many patterns are new, gone or have another rate, for a title."""
    new = comparison.with_change("new")
    sure = sum(pattern.is_significant for pattern in new)
    maybe = f", {len(new) - sure:,} possibly new" if sure < len(new) else ""
    gone, changed = len(comparison.with_change("stopped")), len(comparison.with_change("more", "fewer"))
    return f"{sure:,} new{maybe}, {gone:,} gone, {changed:,} changed"


def new_errors(comparison: PatternComparison) -> tuple[str, ...]:
    """Return the errors that only the new revision logs for sure, without their fields."""
    return tuple(
        printable(pattern.template.partition(" {")[0]) or printable(pattern.example)
        for pattern in comparison.with_change("new")
        if pattern.is_sure and pattern.level >= Level.ERROR
    )


def comparison_title(new: str, old: tuple[str, ...], names: Mapping[str, str]) -> str:
    """Return which revisions are compared: "revision 8 against 7"."""
    return f"{printable(names.get(new, new))} against {_old_name(old, names).removeprefix('revision ')}"


def empty_text(
    comparison: PatternComparison | None,
    new: str,
    old: tuple[str, ...],
    names: Mapping[str, str],
    *,
    uncounted: int = 0,
    skipped: int = 0,
) -> str:
    """Return why no row is shown.

    Args:
        uncounted, skipped: lines that are not counted yet, or never will be: their patterns are unknown.
    """
    if uncounted and old:
        return f"counting {count_noun(uncounted, 'line')}…"
    if comparison is None or not comparison.new_lines + comparison.old_lines:
        return "no lines yet" if old else "only one revision is running: nothing to compare yet"
    new_name, old_name = printable(names.get(new, new)), _old_name(old, names)
    if not comparison.new_lines and not skipped:
        return f"{new_name} has no logs yet"
    if not comparison.new_lines:
        return f"no lines of {new_name} counted: too many at once"
    if not comparison.old_lines:
        return f"no logs of {old_name} read: nothing to compare with"
    return f"{new_name} logs the same as {old_name}: {observed_text(comparison)}"


def example_text(pattern: ComparedPattern) -> str:
    """Return an example line of a pattern as the log shows it, and since when there are such lines."""
    first = pattern.first_at
    since = f"since {first:%H:%M:%S} UTC · " if first is not None and pattern.note != "once" else ""
    return f"{since}{printable(render_text(pattern.example, first)).strip()}"


def observed_text(comparison: PatternComparison) -> str:
    """Return how long both sides were observed, which the rates refer to."""
    new, old = _minutes_text(comparison.new_minutes), _minutes_text(comparison.old_minutes)
    return f"observed {new} of the new and {old} of the old, startup excluded"


def _old_name(old: tuple[str, ...], names: Mapping[str, str]) -> str:
    return printable(names.get(old[0], old[0])) if len(old) == 1 else f"{len(old)} older revisions"


def _row(pattern: ComparedPattern, *, compared: bool) -> Row:
    tone = _tone(pattern)
    most = max(pattern.new_count, pattern.old_count)
    lines = pattern.old_count if pattern.change == "stopped" else pattern.new_count
    # A line seen once is more useful than its pattern, unless it is mostly a timestamp or a record.
    is_readable = most == 1 and pattern.example[:1].isalpha()
    text = pattern.example if is_readable else pattern.template
    change = Cell(_change_text(pattern), tone if tone is not Tone.PLAIN else Tone.ACCENT)
    rates = [Cell(_rate_text(pattern.new_rate, pattern.new_count), sort=-(pattern.new_rate or 0.0))]
    if compared:
        rates.append(Cell(_rate_text(pattern.old_rate, pattern.old_count), sort=-(pattern.old_rate or 0.0)))
    cells = (Cell(f"{lines:,}", sort=-lines), *rates, Cell(printable(text) or "(no text)", tone))
    return Row(key_of(pattern), (change, *cells) if compared else cells, tone, _rank(pattern, most))


def _fold_row(chance: Sequence[ComparedPattern], *, is_folded: bool, is_all: bool) -> Row:
    """Return the row that stands for patterns that may be due to chance, with the number of errors among them."""
    is_once = all(max(pattern.new_count, pattern.old_count) == 1 for pattern in chance)
    errors = sum(pattern.level >= Level.ERROR for pattern in chance)
    error_text = f", {errors:,} of them errors" if errors else ""
    more = "" if is_all or not is_folded else " more"
    text = f"{len(chance):,}{more} {'seen once' if is_once else 'possibly new'}{error_text}"
    tone = Tone.WARN if errors and is_folded else Tone.MUTED
    blanks = (Cell(""),) * 3
    cells = (Cell("▸" if is_folded else "▾", Tone.MUTED), *blanks, Cell(text, tone))
    return Row(FOLD_KEY, cells, tone, (_LAST_SECTION - 1) * _RANKS_PER_SECTION - 1)


def _note_row(name: str, text: str, *, compared: bool) -> Row:
    blanks = (Cell(""),) * (4 if compared else 2)
    cells = (*blanks, Cell(text, Tone.MUTED))
    return Row(ObjectRef("Remark", "", name), cells, Tone.MUTED, _LAST_SECTION * _RANKS_PER_SECTION)


def _tone(pattern: ComparedPattern) -> Tone:
    """Return FAIL for an error that is new or more frequent, WARN if it only may be; PLAIN for what disappears."""
    if pattern.change in ("stopped", "fewer"):
        return Tone.PLAIN
    tone = _TONES.get(pattern.level, Tone.PLAIN)
    return Tone.WARN if tone is Tone.FAIL and not pattern.is_significant else tone


def _rank(pattern: ComparedPattern, most: int) -> int:
    """Return the rank in the order of `compare`; counts only by magnitude, so that rows rarely change places."""
    section = _SECTIONS[pattern.change] if pattern.is_significant else _LAST_SECTION - 1
    level, is_at_start = _LEVEL_RANKS.get(pattern.level, 4), pattern.note == AT_START
    return section * _RANKS_PER_SECTION + level * 100 + is_at_start * 50 + 49 - min(49, most.bit_length())


def _change_text(pattern: ComparedPattern) -> str:
    match pattern.change:
        case "new":
            if pattern.note:
                return "new, once" if pattern.note == "once" else "new, start"
            return "new" if pattern.is_sure else "maybe new"
        case "stopped":
            return "gone"
        case "more":
            return f"{_ratio_text(pattern.ratio)} more" if pattern.ratio else "more"
        case "fewer":
            return f"{_ratio_text(1 / pattern.ratio)} fewer" if pattern.ratio else "fewer"
    return pattern.change


def _ratio_text(ratio: float) -> str:
    return f"{min(ratio, 9999):.0f}×" if ratio >= 9.5 else f"{ratio:.1f}×"


def _rate_text(rate: float | None, count: int) -> str:
    """Return lines per container-minute; an unknown rate is not zero."""
    if rate is None:
        return "?" if count else "–"
    if rate <= 0:
        return "start" if count else "0"
    if rate < 0.1:
        return "<0.1"
    return f"{rate:,.0f}" if rate >= 9.95 else f"{rate:.1f}"


def _minutes_text(minutes: float) -> str:
    seconds = minutes * 60
    return f"{seconds:.0f} container-seconds" if seconds < 120 else f"{minutes:,.0f} container-minutes"


def _rate_column(name: str, title: str) -> Column:
    return Column(name, f"{title}/min", align_right=True, min_width=6, max_width=9)


def _short_name(name: str, fallback: str) -> str:
    """Return a revision's name for a column title: "revision 8" becomes "r8"."""
    word, _, number = name.partition(" ")
    return f"r{printable(number)}" if word == "revision" and number and len(number) < 7 else fallback
