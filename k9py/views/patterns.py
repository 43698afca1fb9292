"""Patterns of log lines, compared between revisions: rows, and what a pane says of them in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from k9py.api.meta import ObjectKey
from k9py.api.text import printable
from k9py.logs.parsing.level import Level
from k9py.logs.parsing.rendering import render_text
from k9py.logs.templates.compare import AT_START, ComparedPattern, PatternChange, PatternComparison
from k9py.views.values import Cell, Column, Row, Tone

KIND: Final = "Pattern"
"""Of the keys of rows; their name is the pattern's number."""
FOLD_KEY: Final = ObjectKey("Remark", "", "chance")
"""Key of the line that stands for patterns that may be chance."""
MAX_ROWS: Final = 300

_SECTIONS: Final[dict[PatternChange, int]] = {"new": 0, "stopped": 1, "more": 2, "fewer": 3, "same": 4}
_LAST: Final = 9
_TONES: Final = {Level.FATAL: Tone.FAIL, Level.ERROR: Tone.FAIL, Level.WARN: Tone.WARN}
_GRAVITY: Final = {Level.FATAL: 0, Level.ERROR: 1, Level.WARN: 2, Level.INFO: 3, Level.UNKNOWN: 3}

_CHANGE: Final = Column("change", "CHANGE", min_width=9, max_width=11)
_LINES: Final = Column("lines", "LINES", align_right=True, min_width=5, max_width=9, priority=1)
_PATTERN: Final = Column("pattern", "PATTERN", min_width=20, max_width=400, grow=True)


def columns(new: str, old: tuple[str, ...], names: Mapping[str, str]) -> tuple[Column, ...]:
    """Return the columns for revisions: without old ones nothing is compared."""
    if not old:
        return (_LINES, _rate("new_rate", "lines"), _PATTERN)
    first = _rate("new_rate", _short(names.get(new, ""), "new"))
    second = _rate("old_rate", _short(names.get(old[0], ""), "old") if len(old) == 1 else "old")
    return (_CHANGE, _LINES, first, second, _PATTERN)


def rows(comparison: PatternComparison, *, compared: bool, folded: bool | None = None) -> list[Row]:
    """Return the rows to show, `MAX_ROWS` at most, then in words what is left out.

    Args:
        compared: with old revisions: patterns that are the same are left out.
        folded: whether those that may be chance (seen once, perhaps new) are one line; None: there is no such line.
    """
    told = [one for one in comparison.rows if not compared or one.change != "same"]
    chance = [one for one in told if compared and not one.is_significant]
    can_fold = folded is not None and len(chance) > 1
    listed = [one for one in told if one.is_significant or not compared] if can_fold and folded else told
    shown = [_row(one, compared=compared) for one in listed[:MAX_ROWS]]
    if can_fold:
        shown.append(_fold_row(chance, is_folded=bool(folded), is_all=len(chance) == len(told)))
    if len(listed) > MAX_ROWS:
        shown.append(_remark("more", f"and {len(listed) - MAX_ROWS:,} more patterns", compared=compared))
    others = comparison.new_others + comparison.old_others
    if others:
        text = f"{others:,} lines of more patterns than are told apart"
        shown.append(_remark("others", text, compared=compared))
    return shown


def _fold_row(chance: Sequence[ComparedPattern], *, is_folded: bool, is_all: bool) -> Row:
    """Return the line that stands for patterns that may be chance; it says when there are errors among them."""
    how = "seen once" if all(max(one.new_count, one.old_count) == 1 for one in chance) else "perhaps new"
    errors = sum(one.level >= Level.ERROR for one in chance)
    grave = f", {errors:,} of them errors" if errors else ""
    more = "" if is_all or not is_folded else " more"
    text = f"{len(chance):,}{more} {how}{grave}"
    tone = Tone.WARN if errors and is_folded else Tone.MUTED
    blanks = (Cell(""),) * 3
    cells = (Cell("▸" if is_folded else "▾", Tone.MUTED), *blanks, Cell(text, tone))
    return Row(FOLD_KEY, cells, tone, (_LAST - 1) * 1000 - 1)


def key_of(pattern: ComparedPattern) -> ObjectKey:
    """Return the key of a pattern's row."""
    return ObjectKey(KIND, "", f"{pattern.pattern_id:06}")


def summary(comparison: PatternComparison) -> str:
    """Say how many patterns are new, have stopped or changed their rate, for a title."""
    new = comparison.with_change("new")
    sure = sum(one.is_significant for one in new)
    perhaps = f", {len(new) - sure:,} perhaps" if sure < len(new) else ""
    stopped, changed = len(comparison.with_change("stopped")), len(comparison.with_change("more", "fewer"))
    return f"{sure:,} new{perhaps}, {stopped:,} stopped, {changed:,} changed"


def new_errors(comparison: PatternComparison) -> tuple[str, ...]:
    """Return the errors that only the new revision says, as far as that is sure, in words without their fields."""
    return tuple(
        printable(one.template.partition(" {")[0]) or printable(one.example)
        for one in comparison.with_change("new")
        if one.is_sure and one.level >= Level.ERROR
    )


def comparison_title(new: str, old: tuple[str, ...], names: Mapping[str, str]) -> str:
    """Say which revisions are compared: "revision 8 against 7"."""
    return f"{printable(names.get(new, new))} against {_old_words(old, names).removeprefix('revision ')}"


def _old_words(old: tuple[str, ...], names: Mapping[str, str]) -> str:
    words = [printable(names.get(one, one)) for one in old]
    return words[0] if len(words) == 1 else f"{len(words)} older revisions"


def empty_text(
    comparison: PatternComparison | None,
    new: str,
    old: tuple[str, ...],
    names: Mapping[str, str],
    *,
    uncounted: int = 0,
    skipped: int = 0,
) -> str:
    """Say why no row is shown.

    Args:
        uncounted, skipped: lines that are still to be counted, or never will be: what they say is not known.
    """
    if uncounted and old:
        return f"counting {uncounted:,} lines…"
    if comparison is None or not comparison.new_lines + comparison.old_lines:
        return "no lines yet" if old else "only one revision is running: nothing to compare yet"
    this, that = printable(names.get(new, new)), _old_words(old, names)
    if not comparison.new_lines and not skipped:
        return f"{this} has no logs yet"
    if not comparison.new_lines:
        return f"no line of {this} was counted: too many came at once"
    if not comparison.old_lines:
        return f"nothing of {that} has been read: nothing to compare with"
    return f"{this} says what {that} {'says' if len(old) == 1 else 'say'}: {observed_text(comparison)}"


def example_text(pattern: ComparedPattern) -> str:
    """Return a line of a pattern as a log shows it, and since when there are such lines."""
    first = pattern.first_at
    since = f"since {first:%H:%M:%S} UTC · " if first is not None and pattern.note != "once" else ""
    return f"{since}{printable(render_text(pattern.example, first)).strip()}"


def observed_text(comparison: PatternComparison) -> str:
    """Say how long both sides were listened to, which is what the rates are of."""
    return (
        f"heard {_minutes(comparison.new_minutes)} of the new and {_minutes(comparison.old_minutes)} of the old, "
        "starts left out"
    )


def _row(pattern: ComparedPattern, *, compared: bool) -> Row:
    tone = _tone(pattern)
    most = max(pattern.new_count, pattern.old_count)
    lines = pattern.old_count if pattern.change == "stopped" else pattern.new_count
    # A line that came once says more than its pattern does, if it is not mostly its time, or a record.
    is_telling = most == 1 and pattern.example[:1].isalpha()
    text = pattern.example if is_telling else pattern.template
    change = Cell(_change(pattern), tone if tone is not Tone.PLAIN else Tone.ACCENT)
    rates = [Cell(_rate_text(pattern.new_rate, pattern.new_count), sort=-(pattern.new_rate or 0.0))]
    if compared:
        rates.append(Cell(_rate_text(pattern.old_rate, pattern.old_count), sort=-(pattern.old_rate or 0.0)))
    cells = (Cell(f"{lines:,}", sort=-lines), *rates, Cell(printable(text) or "(no words)", tone))
    return Row(key_of(pattern), (change, *cells) if compared else cells, tone, _rank(pattern, most))


def _remark(name: str, text: str, *, compared: bool) -> Row:
    blanks = (Cell(""),) * (4 if compared else 2)
    return Row(ObjectKey("Remark", "", name), (*blanks, Cell(text, Tone.MUTED)), Tone.MUTED, _LAST * 1000)


def _tone(pattern: ComparedPattern) -> Tone:
    """An error that comes up or grows is a failure, one that perhaps does a warning; what ends is none."""
    if pattern.change in ("stopped", "fewer"):
        return Tone.PLAIN
    tone = _TONES.get(pattern.level, Tone.PLAIN)
    return Tone.WARN if tone is Tone.FAIL and not pattern.is_significant else tone


def _rank(pattern: ComparedPattern, most: int) -> int:
    """As `compare` orders; counts by their magnitude alone, so that rows do not change places all the time."""
    section = _SECTIONS[pattern.change] if pattern.is_significant else _LAST - 1
    gravity, late = _GRAVITY.get(pattern.level, 4), pattern.note == AT_START
    return section * 1000 + gravity * 100 + late * 50 + 49 - min(49, most.bit_length())


def _change(pattern: ComparedPattern) -> str:
    match pattern.change:
        case "new":
            if pattern.note:
                return "new, once" if pattern.note == "once" else "new, start"
            return "new" if pattern.is_sure else "perhaps new"
        case "more":
            return f"{_times(pattern.ratio)} more" if pattern.ratio else "more"
        case "fewer":
            return f"{_times(1 / pattern.ratio)} fewer" if pattern.ratio else "fewer"
    return pattern.change


def _times(ratio: float | None) -> str:
    if ratio is None:
        return ""
    return f"{min(ratio, 9999):.0f}×" if ratio >= 9.5 else f"{ratio:.1f}×"


def _rate_text(rate: float | None, count: int) -> str:
    """Return lines a container-minute; what is not known is not zero."""
    if rate is None:
        return "?" if count else "–"
    if rate <= 0:
        return "start" if count else "0"
    if rate < 0.1:
        return "<0.1"
    return f"{rate:,.0f}" if rate >= 9.95 else f"{rate:.1f}"


def _minutes(minutes: float) -> str:
    seconds = minutes * 60
    return f"{seconds:.0f} container-seconds" if seconds < 120 else f"{minutes:,.0f} container-minutes"


def _rate(name: str, title: str) -> Column:
    return Column(name, f"{title}/min", align_right=True, min_width=6, max_width=9)


def _short(name: str, otherwise: str) -> str:
    """Return a revision's name for a column's title: "revision 8" gives "r8"."""
    word, _, number = name.partition(" ")
    return f"r{printable(number)}" if word == "revision" and number and len(number) < 7 else otherwise
