"""The answer about a problem: its root, what it explains, the suspect change, the keys that help."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from k9py.api.text import printable
from k9py.api.times import age
from k9py.diagnosis.problem import Problem
from k9py.views.answer.compose import Answer
from k9py.views.answer.steps import Keys
from k9py.views.problems import cause_text, explains_text, problem_steps, step_line, subject_text, suspect_text
from k9py.views.values import StyledLine, Tone

SUSPECTS: Final = 2
"""Suspects that are named; the chain has all of them."""


def problem_answer(
    problem: Problem, keys: Keys, now: datetime, *, refusal: str = "", last_change: StyledLine = ()
) -> Answer:
    """Return the answer for a problem.

    Args:
        keys: the key of each action that is possible now.
        refusal: why nothing may be changed, "" if it may.
        last_change: of its subject, shown where nothing is suspected.
    """
    place = f" in {printable(problem.subject.namespace)}" if problem.subject.namespace else ""
    since = f" · for {age(problem.since, now)}" if problem.since is not None else ""
    explained = explains_text(problem)
    line: StyledLine = (
        (cause_text(problem), Tone.PLAIN),
        (since, Tone.MUTED),
        *(((" · explains ", Tone.MUTED), (explained, Tone.PLAIN)) if explained else ()),
    )
    suspected = tuple(
        piece
        for suspect in problem.suspects[:SUSPECTS]
        for piece in ((" · suspect: ", Tone.MUTED), (suspect_text(suspect, problem.subject, now), Tone.ACCENT))
    )
    if suspected:
        suspected = (("suspect: ", Tone.MUTED), *suspected[1:])
    return Answer(
        problem.severity,
        f"{subject_text(problem)}{place}",
        line,
        suspected or last_change,
        _steps(problem, keys, refusal),
    )


def _steps(problem: Problem, keys: Keys, refusal: str) -> tuple[StyledLine, ...]:
    lines = [step_line(step, problem, keys, refusal=refusal) for step in problem_steps(problem)]
    if "select" in keys:
        lines.append(((keys["select"], Tone.ACCENT), (" chain and evidence", Tone.PLAIN)))
    return tuple(line for line in lines if line)
