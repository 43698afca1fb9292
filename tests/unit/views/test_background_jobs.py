"""Background jobs as rows, details, counts of the header, and losses."""

from __future__ import annotations

from datetime import timedelta

import pytest

from k9py.runtime.background_jobs import BackgroundJob, JobState
from k9py.tui.widgets.live_table.fitting import fit_columns
from k9py.views.background_jobs import (
    COLUMNS,
    SavedForward,
    detail_lines,
    ended_notice,
    job_counts,
    job_row,
    losses,
    progress_bar,
    row_key,
    saved_lines,
    saved_row,
    standstill_notice,
)
from k9py.views.values import Tone
from tests.factories.background_jobs import STARTED, FakeJob


def cells(job: BackgroundJob) -> dict[str, str]:
    return {column.id: cell.text for column, cell in zip(COLUMNS, job_row(job, row_key(1), 1).cells, strict=True)}


@pytest.mark.parametrize(
    ("fraction", "bar"),
    [
        (0.0, "──────────"),
        (0.05, "╸─────────"),
        (0.5, "━━━━━─────"),
        (0.99, "━━━━━━━━━╸"),
        (1.0, "━━━━━━━━━━"),
        (7.0, "━" * 10),
    ],
)
def test_a_bar_is_full_at_the_end_alone(fraction: float, bar: str) -> None:
    assert progress_bar(fraction) == bar


def test_a_row_has_a_bar_only_while_a_fraction_is_known_and_it_runs() -> None:
    job = FakeJob("download", "a.tar", progress="42 % of 80 MB", fraction=0.42)
    assert cells(job)["progress"] == "━━━━────── 42 % of 80 MB"
    job.state = JobState.DONE
    assert cells(job)["progress"] == "42 % of 80 MB"
    assert cells(FakeJob(progress="2 connections"))["progress"] == "2 connections"


def test_texts_of_a_row_are_printable() -> None:
    job = FakeJob(title="svc/\x1b[31mweb", progress="a\nb", detail="\x07")
    assert all(text.isprintable() for text in cells(job).values())
    assert all(text.isprintable() for line in detail_lines(job, STARTED) for text, _ in line)


@pytest.mark.parametrize(
    ("kind", "state", "tone"),
    [
        ("port-forward", JobState.RUNNING, Tone.OK),
        ("drain", JobState.RUNNING, Tone.BUSY),
        ("port-forward", JobState.WAITING, Tone.WARN),
        ("port-forward", JobState.FAILED, Tone.FAIL),
        ("download", JobState.DONE, Tone.MUTED),
    ],
)
def test_a_row_has_the_tone_of_its_state(kind: str, state: JobState, tone: Tone) -> None:
    assert job_row(FakeJob(kind, state=state), row_key(1), 1).tone is tone


def test_running_jobs_come_first_then_failed_saved_and_ended_ones_newest_first() -> None:
    states = [JobState.DONE, JobState.FAILED, JobState.RUNNING, JobState.WAITING, JobState.STOPPED]
    ranks = {
        str(number): job_row(FakeJob(state=state), row_key(number), number).rank for number, state in enumerate(states)
    }
    ranks["saved"] = saved_row(SavedForward("web", "svc/web 80"), 0).rank
    assert sorted(ranks, key=ranks.__getitem__) == ["2", "3", "1", "saved", "4", "0"]


def test_details_name_every_fact_once_and_what_is_lost() -> None:
    facts = [("pod", "web-1"), ("errors", "14:02 refused"), ("errors", "14:03 refused")]
    job = FakeJob(url="http://127.0.0.1:8080", facts=facts, quit_question="2 connections are open")
    lines = ["".join(text for text, _ in line) for line in detail_lines(job, STARTED + timedelta(seconds=30))]
    assert lines == [
        "● port-forward svc/web 8080→80  running, began 30s ago",
        "  URL              http://127.0.0.1:8080",
        "  pod              web-1",
        "  errors           14:02 refused",
        "                   14:03 refused",
        "  lost if it ends  2 connections are open",
    ]


@pytest.mark.parametrize(
    ("running", "failed", "expected"),
    [
        ([], [], []),
        ([FakeJob()], [], [("1 forward", Tone.PLAIN)]),
        ([FakeJob(), FakeJob(state=JobState.WAITING)], [], [("2 forwards, 1 waits", Tone.WARN)]),
        ([FakeJob(state=JobState.WAITING)], [], [("1 forward waits", Tone.WARN)]),
        ([FakeJob()], [FakeJob(state=JobState.FAILED)], [("1 forward, 1 failed", Tone.FAIL)]),
        ([], [FakeJob(state=JobState.FAILED)], [("1 forward failed", Tone.FAIL)]),
        ([FakeJob(), FakeJob("download")], [], [("1 forward", Tone.PLAIN), ("1 download", Tone.PLAIN)]),
        ([FakeJob("download"), FakeJob("drain")], [], [("2 jobs", Tone.PLAIN)]),
        ([], [FakeJob("download", state=JobState.FAILED)], [("1 job failed", Tone.FAIL)]),
    ],
)
def test_the_header_counts_forwards_and_everything_else(
    running: list[BackgroundJob], failed: list[BackgroundJob], expected: list[tuple[str, Tone]]
) -> None:
    assert [(count.text, count.tone) for count in job_counts(running, failed)] == expected


def test_only_jobs_that_run_and_lose_something_are_asked_about() -> None:
    jobs = [FakeJob(), FakeJob(quit_question="2 connections are open"), FakeJob(quit_question="x", state=JobState.DONE)]
    assert [(each.job, each.loss) for each in losses(jobs)] == [
        ("port-forward svc/web 8080→80", "2 connections are open")
    ]


def test_the_shell_is_left_with_which_forwards_ended_or_stand_still() -> None:
    forwards = [FakeJob(url=f"http://127.0.0.1:{port}") for port in range(8080, 8086)]
    download = FakeJob("download")
    assert ended_notice([forwards[0], download]) == "1 forward ended with kdash: http://127.0.0.1:8080"
    assert ended_notice(forwards).endswith("http://127.0.0.1:8083, 2 more")
    assert standstill_notice([*forwards[:2], download]) == "2 forwards stand still while kdash is stopped: fg resumes"
    assert standstill_notice(forwards[:1]).startswith("1 forward stands still ")
    assert (ended_notice([download]), standstill_notice([download])) == ("", "")


def test_a_saved_forward_shows_its_fault_in_full() -> None:
    fault = "line 9: forwards.web.ports must be a list\x1b"
    texts = ["".join(text for text, _ in line) for line in saved_lines(SavedForward("web", "", fault=fault))]
    assert texts == [
        "▲ port-forward web  saved",
        "  name         web",
        "  config file  line 9: forwards.web.ports must be a list�",
    ]
    row = saved_row(SavedForward("web", "", fault=fault, is_usable=False), 0)
    assert [cell.text for cell in row.cells][1:3] == ["web", "not valid"]
    assert row.tone is Tone.WARN


def test_at_80_columns_kind_and_address_stay_whatever_the_jobs_are_called() -> None:
    title = 60
    fit = fit_columns(COLUMNS, [12, title, 9, 40, 5, 45], 78)
    assert [COLUMNS[slot.index].id for slot in fit.slots] == ["kind", "what", "state", "detail"]
    widths = {COLUMNS[slot.index].id: slot.width for slot in fit.slots}
    assert widths["kind"] >= len("port-forward")
    assert widths["detail"] >= len("http://127.0.0.1:65535")


def test_at_120_columns_progress_stays_beside_a_long_detail() -> None:
    fit = fit_columns(COLUMNS, [12, 28, 9, 40, 5, 57], 116)
    assert "progress" in [COLUMNS[slot.index].id for slot in fit.slots]
