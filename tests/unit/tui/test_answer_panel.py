"""The lines of an answer: steps that do not fit on one line continue on the next."""

from __future__ import annotations

from k9py.api.severity import Severity
from k9py.tui.answer.panel import panel_lines
from k9py.views.answer import Answer
from k9py.views.values import Tone

STEPS = tuple(
    ((key, Tone.ACCENT), (f" {text}", Tone.PLAIN)) for key, text in (("u", "roll back"), ("p", "previous logs"))
)
ANSWER = Answer(Severity.STUCK, "deploy/a", (("failing", Tone.FAIL),), (), STEPS)


def lines(width: int, most: int) -> list[str]:
    return ["".join(span.text for span in line) for line in panel_lines(ANSWER, width, most)]


def test_steps_share_a_line_while_they_fit() -> None:
    assert lines(60, 3)[1:] == ["  do       u roll back · p previous logs"]


def test_a_step_that_does_not_fit_has_a_line_of_its_own() -> None:
    assert lines(30, 4)[1:] == ["  do       u roll back", "           p previous logs"]


def test_only_the_first_steps_are_shown_without_room_for_more_lines() -> None:
    assert lines(30, 2)[1:] == ["  do       u roll back"]
