"""The table of problems: severity, object, cause, since when, what it explains, the suspect change.

A row that is shown on request only is dimmed except for its sign, comes last, and has a mark that names why.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.diagnosis.problem import Problem
from k9py.views.problems.texts import cause_text, explains_text, subject_text, suspect_text
from k9py.views.tones import live_age, severity_tone
from k9py.views.values import Cell, Column, Row, Tone


def _since(row: Row, now: datetime) -> str:
    return live_age(row, now) if row.since else ""


COLUMNS: Final = (
    Column("severity", "SEVERITY", min_width=7, max_width=8, priority=6, sort_key="V", wide=True),
    Column("namespace", "NAMESPACE", min_width=6, max_width=24, priority=1, sort_key="M"),
    Column("object", "OBJECT", min_width=12, max_width=44, sort_key="N"),
    Column("mark", "MARK", min_width=6, max_width=28, priority=1, optional=True, sort_key="K"),
    Column("cause", "CAUSE", min_width=20, max_width=240, grow=True, sort_key="W"),
    Column("since", "SINCE", align_right=True, min_width=5, max_width=6, priority=2, live=_since, sort_key="I"),
    Column(
        "explains",
        "EXPLAINS",
        min_width=16,
        max_width=60,
        priority=4,
        grow=True,
        rest=True,
        optional=True,
        sort_key="X",
        descending_first=True,
    ),
    Column(
        "suspect",
        "SUSPECT",
        min_width=16,
        max_width=48,
        priority=5,
        grow=True,
        rest=True,
        optional=True,
        sort_key="C",
    ),
)
ROW_KIND: Final = "Problem"
_MARKED_RANK: Final = 1_000_000


def row_key(problem: Problem) -> ObjectRef:
    """Return the key of a problem's row: the same while its cause is; not an object of the cluster."""
    check, subject, container, reason, variant = problem.id
    name = f"{subject.qualified_kind}/{subject.name} {check} {container} {reason} {variant}"
    return ObjectRef(ROW_KIND, subject.namespace, name)


def row(problem: Problem, rank: int, now: datetime, *, mark: str = "") -> Row:
    """Return a problem's row.

    Args:
        rank: its place in the report.
        mark: why it is shown on request only: `acknowledged`, `muted by pdb-blocks`, `note`.
    """
    tone = severity_tone(problem.severity)
    shown = Tone.MUTED if mark else tone
    suspect = suspect_text(problem.suspects[0], problem.subject, now) if problem.suspects else ""
    return Row(
        key=row_key(problem),
        cells=(
            Cell(problem.severity.label, shown, sort=int(problem.severity)),
            Cell(printable(problem.subject.namespace), Tone.MUTED),
            Cell(subject_text(problem), Tone.MUTED if mark else Tone.PLAIN),
            Cell(printable(mark), Tone.MUTED),
            Cell(cause_text(problem), shown),
            Cell("", sort=-problem.since.timestamp() if problem.since else 0.0),
            Cell(explains_text(problem), Tone.MUTED, sort=problem.explained),
            Cell(suspect, Tone.MUTED if mark else Tone.ACCENT),
        ),
        tone=tone,
        rank=rank + (_MARKED_RANK if mark else 0),
        since=problem.since,
    )
