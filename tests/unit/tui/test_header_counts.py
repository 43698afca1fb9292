"""The header counts what the pane of problems counts, and the jobs that run."""

from __future__ import annotations

from types import SimpleNamespace

from k9py.api.severity import Severity
from k9py.tui.header import job_segments, problem_counts
from k9py.tui.widgets.segment_bar import BarSegment, choose_segments
from k9py.views.background_jobs import JobCount
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


def test_jobs_are_clicked_to_list_them_and_stay_longer_when_one_needs_attention() -> None:
    quiet, waiting = job_segments([JobCount("1 download", Tone.PLAIN), JobCount("2 forwards, 1 waits", Tone.WARN)])
    assert quiet.action == waiting.action == "perform('background.jobs')"
    bar = [BarSegment("kdash", priority=7), BarSegment("live", priority=0), quiet, waiting]
    assert [segment.text for segment, _ in choose_segments(bar, 50)] == [segment.text for segment in bar]
    assert [segment.text for segment, _ in choose_segments(bar, 40)] == ["live", quiet.text, waiting.text]
    assert [segment.text for segment, _ in choose_segments(bar, 30)] == ["live", waiting.text]
