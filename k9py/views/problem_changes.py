"""What differs between two triage reports: for `kdash status --watch` and for notifications. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from k9py.api.severity import Severity
from k9py.diagnosis.problem import Problem, TriageReport


class ProblemEvent(Enum):
    """What happened to a problem; the value is published in JSON."""

    APPEARED = "appeared"
    CHANGED = "changed"  # another severity or cause
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class ProblemChange:
    """One difference.

    Args:
        problem: as it is now; as it was last, when it is resolved.
        before: its severity before, None for one that appeared.
    """

    event: ProblemEvent
    problem: Problem
    before: Severity | None = None


def problem_changes(old: TriageReport, new: TriageReport) -> Iterator[ProblemChange]:
    """Yield the differences: what appeared or changed in the order of the new report, then what is resolved."""
    before = {problem.id: problem for problem in old.problems}
    after = {problem.id for problem in new.problems}
    for problem in new.problems:
        known = before.get(problem.id)
        if known is None:
            yield ProblemChange(ProblemEvent.APPEARED, problem)
        elif _state(known) != _state(problem):
            yield ProblemChange(ProblemEvent.CHANGED, problem, known.severity)
    for problem in old.problems:
        if problem.id not in after:
            yield ProblemChange(ProblemEvent.RESOLVED, problem, problem.severity)


def _state(problem: Problem) -> tuple[object, ...]:
    return (problem.severity, problem.root.message)
