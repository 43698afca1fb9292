"""Beside an entry of the timeline stand the problems that had begun by then, and none that began later."""

from __future__ import annotations

from dataclasses import replace

from k9py.api.severity import Severity
from k9py.diagnosis.problem import Problem
from k9py.views.timeline_problems import by_then_line, by_then_lines
from k9py.views.values import StyledLine
from tests.factories.meta import before, key
from tests.factories.problems import problem_of

DOWN = replace(problem_of(key("Service", "web"), "no ready endpoints", Severity.DOWN), since=before(100))
STUCK = replace(problem_of(key("Deployment", "api"), "rollout is stuck", Severity.STUCK), since=before(200))
UNKNOWN = replace(problem_of(key("Secret", "x\x1b"), "does not exist"), since=None)


def text(line: StyledLine) -> str:
    return "".join(piece for piece, _ in line)


def test_a_line_names_what_had_begun_the_worst_first() -> None:
    problems = (DOWN, STUCK)

    assert text(by_then_line(problems, before(100))) == (
        "by then  ✗ svc/web no ready endpoints · ■ deploy/api rollout is stuck"
    )
    assert text(by_then_line(problems, before(101))) == "by then  ■ deploy/api rollout is stuck"
    assert text(by_then_line(problems, before(201))) == "by then  no problem had begun"


def test_a_problem_that_began_at_an_unknown_time_is_not_placed_in_time() -> None:
    assert text(by_then_line((DOWN, UNKNOWN), before(500))) == (
        "by then  no problem is known to have begun; when 1 problem began is unknown"
    )
    assert [text(line) for line in by_then_lines((DOWN, STUCK, UNKNOWN), before(90))] == [
        "by then ✗ svc/web  no ready endpoints  begun 10s before",
        "        ■ deploy/api  rollout is stuck  begun 110s before",
        "        1 more problem began at an unknown time",
    ]


def test_the_details_count_what_they_do_not_list() -> None:
    many: list[Problem] = [replace(DOWN, subject=key("Service", f"web-{n}")) for n in range(11)]

    assert text(by_then_lines(many, before(0))[-1]).strip() == "and 3 more problems"
