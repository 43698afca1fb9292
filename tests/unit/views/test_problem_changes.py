"""What differs between two reports: appeared, changed, resolved, and nothing else."""

from __future__ import annotations

from dataclasses import replace

from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.problem import Problem, TriageReport
from k9py.views.problem_changes import ProblemEvent, problem_changes
from tests.factories.meta import NOW

_WEB = ObjectRef("Deployment", "shop", "web")
_API = ObjectRef("Deployment", "shop", "api")


def _problem(
    about: ObjectRef, severity: Severity = Severity.STUCK, message: str = "fails", explained: int = 1
) -> Problem:
    root = Finding(severity, "Error", message, about, check="container-crash")
    return Problem(root, severity, about, (about,), explained=explained)


def _changes(old: list[Problem], new: list[Problem]) -> list[tuple[ProblemEvent, ObjectRef, Severity | None]]:
    before, after = (TriageReport(NOW, tuple(problems), 10) for problems in (old, new))
    return [(each.event, each.problem.subject, each.before) for each in problem_changes(before, after)]


def test_what_appears_changes_and_goes_is_reported_in_this_order() -> None:
    old, new = [_problem(_WEB)], [_problem(_API, Severity.DOWN), _problem(_WEB, Severity.DOWN)]
    assert _changes(old, new) == [
        (ProblemEvent.APPEARED, _API, None),
        (ProblemEvent.CHANGED, _WEB, Severity.STUCK),
    ]
    assert _changes(new, old) == [
        (ProblemEvent.CHANGED, _WEB, Severity.DOWN),
        (ProblemEvent.RESOLVED, _API, Severity.DOWN),
    ]


def test_another_cause_is_a_change_and_more_explained_objects_are_none() -> None:
    assert _changes([_problem(_WEB)], [_problem(_WEB, message="crashes")]) == [
        (ProblemEvent.CHANGED, _WEB, Severity.STUCK)
    ]
    assert _changes([_problem(_WEB)], [replace(_problem(_WEB), explained=9)]) == []
