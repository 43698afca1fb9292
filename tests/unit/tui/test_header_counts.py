"""The header counts what the pane of problems counts."""

from __future__ import annotations

from types import SimpleNamespace

from k9py.api.severity import Severity
from k9py.tui.header import problem_counts
from k9py.views.values import Tone
from tests.factories.problems import WEB, WEB_SERVICE, problem_of

ROWS = {Tone.STUCK: 2, Tone.FAIL: 1, Tone.UNKNOWN: 1, Tone.OK: 14}


def test_problems_are_counted_in_place_of_the_rows_that_show_them() -> None:
    shown = (problem_of(WEB, "x", Severity.STUCK), problem_of(WEB_SERVICE, "y", Severity.WARNING))
    counts = problem_counts(ROWS, SimpleNamespace(shown=shown, acknowledged=(), muted=()))
    assert counts == {Tone.STUCK: 1, Tone.FAIL: 0, Tone.DEGRADED: 0, Tone.WARN: 1, Tone.UNKNOWN: 1, Tone.OK: 14}


def test_an_acknowledged_problem_is_not_counted_and_rows_are_without_any() -> None:
    hidden = SimpleNamespace(shown=(), acknowledged=(problem_of(WEB, "x", Severity.STUCK),), muted=())
    assert not problem_counts(ROWS, hidden)[Tone.STUCK]
    assert problem_counts(ROWS, SimpleNamespace(shown=(), acknowledged=(), muted=())) == ROWS
