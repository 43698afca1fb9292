"""Which problems had begun at a moment of the timeline: what stepping through an incident shows beside each entry.

Invariants: in the order of the report, the worst first; a problem whose beginning is unknown is counted, not placed in
time. Texts are printable.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from k9py.api.plural import count_noun
from k9py.api.times import duration
from k9py.diagnosis.problem import Problem
from k9py.views.problems.texts import cause_text, subject_text
from k9py.views.tones import severity_tone
from k9py.views.values import StyledLine, Tone

_TITLE: Final = "by then"
_LINES: Final = 8
"""Problems in the details; more are counted."""


def begun_by(problems: Sequence[Problem], at: datetime) -> list[Problem]:
    """Return the problems that had begun at a time."""
    return [problem for problem in problems if problem.since is not None and problem.since <= at]


def by_then_line(problems: Sequence[Problem], at: datetime) -> StyledLine:
    """Return on one line which problems had begun at a time: `by then  ✗ svc/web … · ■ deploy/api …`."""
    begun, pieces = begun_by(problems, at), [(f"{_TITLE}  ", Tone.MUTED)]
    for number, problem in enumerate(begun):
        tone = severity_tone(problem.severity)
        pieces += [(" · ", Tone.MUTED)] if number else []
        pieces += [(f"{tone.symbol} {subject_text(problem)} ", tone), (cause_text(problem), Tone.PLAIN)]
    if not begun:
        pieces.append((_none(problems), Tone.MUTED))
    return tuple(pieces)


def by_then_lines(problems: Sequence[Problem], at: datetime) -> tuple[StyledLine, ...]:
    """Return a line for each problem that had begun at a time, with how long before."""
    begun = begun_by(problems, at)
    lines: list[StyledLine] = [] if begun else [((_none(problems), Tone.MUTED),)]
    for problem in begun[:_LINES]:
        tone = severity_tone(problem.severity)
        assert problem.since is not None
        before = duration((at - problem.since).total_seconds())
        lines.append(
            (
                (f"{tone.symbol} {subject_text(problem)}  ", tone),
                (cause_text(problem), Tone.PLAIN),
                (f"  begun {before} before", Tone.MUTED),
            )
        )
    if len(begun) > _LINES:
        lines.append(((f"and {count_noun(len(begun) - _LINES, 'more problem')}", Tone.MUTED),))
    unknown = sum(problem.since is None for problem in problems)
    if unknown and begun:
        lines.append(((f"{count_noun(unknown, 'more problem')} began at an unknown time", Tone.MUTED),))
    return tuple(
        (((f"{_TITLE} " if not number else " " * (len(_TITLE) + 1)), Tone.MUTED), *line)
        for number, line in enumerate(lines)
    )


def _none(problems: Sequence[Problem]) -> str:
    unknown = sum(problem.since is None for problem in problems)
    if not unknown:
        return "no problem had begun"
    return f"no problem is known to have begun; when {count_noun(unknown, 'problem')} began is unknown"
