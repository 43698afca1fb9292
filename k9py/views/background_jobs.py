"""The table of background jobs, the details of one, and what is lost when they end: values for the dashboard.

Invariants: a fraction is drawn only where a job knows it; a job that waits or has failed says why in its row. Jobs that
run come first, in the order they began; then those that have failed, forwards of the config file that do not run, and
last what has ended, newest first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.api.times import age
from k9py.runtime.background_jobs import BackgroundJob, DetailedJob, JobState
from k9py.views.tones import live_age
from k9py.views.values import Cell, Column, Row, StyledLine, Tone

FORWARD_KIND: Final = "port-forward"
BAR_CELLS: Final = 10
ROW_KIND: Final = "BackgroundJob"
_GROUP: Final = 1_000_000
_NAMED_AT_EXIT: Final = 4
"""Forwards that are named in the line at the end."""


def _since(row: Row, now: datetime) -> str:
    return live_age(row, now) if row.since else ""


COLUMNS: Final = (
    Column("kind", "KIND", min_width=8, max_width=16, sort_key="K"),
    Column("what", "WHAT", min_width=16, max_width=60, grow=True, sort_key="W"),
    Column("state", "STATE", min_width=8, max_width=10, sort_key="A"),
    Column("progress", "PROGRESS", min_width=12, max_width=48, priority=1, grow=True, sort_key="R"),
    Column("since", "SINCE", align_right=True, min_width=5, max_width=6, priority=3, live=_since, sort_key="I"),
    Column("detail", "DETAIL", min_width=22, max_width=120, priority=0, grow=True, sort_key="E"),
)

_TONES: Final = {
    JobState.STARTING: Tone.BUSY,
    JobState.RUNNING: Tone.BUSY,
    JobState.WAITING: Tone.WARN,
    JobState.DONE: Tone.MUTED,
    JobState.FAILED: Tone.FAIL,
    JobState.STOPPED: Tone.MUTED,
}
_RANKS: Final = {JobState.FAILED: 1, JobState.DONE: 3, JobState.STOPPED: 3}
_SAVED_RANK: Final = 2


@dataclass(frozen=True, slots=True)
class SavedForward:
    """A forward of the config file that can be started.

    Args:
        name: of its table.
        what: such as "svc/web 8080→80".
        key: that starts it from any screen, as it is written; "" for none.
        fault: what is not valid in its table, and its line.
        is_usable: it can be started, with its fault too.
    """

    name: str
    what: str
    namespace: str = ""
    key: str = ""
    fault: str = ""
    is_usable: bool = True


def job_tone(job: BackgroundJob) -> Tone:
    """Return the tone of a job: a forward that runs is healthy, everything else is expected to end."""
    is_up = job.state is JobState.RUNNING and job.kind == FORWARD_KIND
    return Tone.OK if is_up else _TONES[job.state]


def progress_bar(fraction: float, cells: int = BAR_CELLS) -> str:
    """Return a bar of `cells` cells, filled as far as the work is done; full only at the end."""
    halves = min(2 * cells, max(0, int(min(fraction, 1.0) * 2 * cells)))
    full, half = divmod(halves, 2)
    return "━" * full + "╸" * half + "─" * (cells - full - half)


def _progress(job: BackgroundJob) -> str:
    fraction = job.fraction
    if fraction is None or job.state.has_ended:
        return printable(job.progress)
    return f"{progress_bar(fraction)} {printable(job.progress)}".rstrip()


def detail_text(job: BackgroundJob) -> str:
    """Return the address of a job while it is one, or why it waits or has failed."""
    detail = (job.detail if isinstance(job, DetailedJob) else "") or job.url
    return "" if job.state.has_ended and detail == job.url else printable(detail)


def row_key(number: int) -> ObjectRef:
    """Return the key of a job's row; not an object of the cluster."""
    return ObjectRef(ROW_KIND, "", f"{number:06}")


def saved_key(name: str) -> ObjectRef:
    """Return the key of the row of a saved forward."""
    return ObjectRef(ROW_KIND, "", f"saved {name}")


def job_row(job: BackgroundJob, key: ObjectRef, number: int) -> Row:
    """Return the row of a job.

    Args:
        key: of the row.
        number: of the job in this session: a later one has a higher number.
    """
    state, tone = job.state, job_tone(job)
    shown = Tone.MUTED if state in (JobState.DONE, JobState.STOPPED) else Tone.PLAIN
    trouble = tone if tone in (Tone.WARN, Tone.FAIL) else Tone.MUTED
    detail = detail_text(job)
    is_address = bool(job.url) and detail == job.url
    order = -number if state.has_ended else number
    return Row(
        key=key,
        cells=(
            Cell(printable(job.kind), Tone.MUTED),
            Cell(printable(job.title), shown),
            Cell(state.value, tone),
            Cell(_progress(job), shown, sort=(job.fraction is None, job.fraction or 0.0, job.progress)),
            Cell("", sort=-job.started_at.timestamp()),
            Cell(detail, Tone.ACCENT if is_address else trouble),
        ),
        tone=tone,
        rank=_RANKS.get(state, 0) * _GROUP + order,
        since=job.started_at,
    )


def saved_row(saved: SavedForward, place: int) -> Row:
    """Return the row of a forward of the config file that does not run, or why it cannot."""
    key = f" · {saved.key} starts it anywhere" if saved.key else ""
    fault = f" · {saved.fault}" if saved.fault else ""
    tone = Tone.WARN if saved.fault else Tone.MUTED
    return Row(
        key=saved_key(saved.name),
        cells=(
            Cell(FORWARD_KIND, Tone.MUTED),
            Cell(printable(saved.what or saved.name), Tone.MUTED),
            Cell("saved", Tone.ACCENT) if saved.is_usable else Cell("not valid", Tone.WARN),
            Cell("", sort=(True, 0.0, "")),
            Cell("", sort=0.0),
            Cell(printable(f"{saved.name}{key}{fault}" if saved.is_usable else saved.fault), tone),
        ),
        tone=tone,
        rank=_SAVED_RANK * _GROUP + place,
    )


def detail_lines(job: BackgroundJob, now: datetime) -> list[StyledLine]:
    """Return all that is known of a job: what, state and since when, then its facts."""
    tone = job_tone(job)
    head: StyledLine = (
        (f"{tone.symbol} ", tone),
        (printable(f"{job.kind} {job.title}"), Tone.PLAIN),
        (f"  {job.state.value}, began {age(job.started_at, now)} ago", Tone.MUTED),
    )
    facts = list(job.facts) if isinstance(job, DetailedJob) else []
    if job.url and not any(job.url in value for _, value in facts):
        facts.insert(0, ("URL", job.url))
    if job.progress and not isinstance(job, DetailedJob):
        facts.append(("progress", job.progress))
    if job.quit_question:
        facts.append(("lost if it ends", job.quit_question))
    return [head, *_named_lines(facts)]


def saved_lines(saved: SavedForward) -> list[StyledLine]:
    """Return all that is known of a forward of the config file that does not run, its fault in full."""
    tone = Tone.WARN if saved.fault else Tone.MUTED
    state = "  saved" if saved.is_usable else "  not valid"
    head: StyledLine = (
        (f"{tone.symbol} ", tone),
        (printable(f"{FORWARD_KIND} {saved.what or saved.name}"), Tone.PLAIN),
        (state, Tone.MUTED),
    )
    facts = [("name", saved.name), ("namespace", saved.namespace), ("key", saved.key), ("config file", saved.fault)]
    return [head, *_named_lines([(name, value) for name, value in facts if value])]


def _named_lines(facts: Sequence[tuple[str, str]]) -> list[StyledLine]:
    width = max((len(name) for name, _ in facts), default=0)
    lines: list[StyledLine] = []
    before = ""
    for name, value in facts:
        shown, before = ("" if name == before else name), name
        lines.append(((f"  {printable(shown):<{width}}  ", Tone.MUTED), (printable(value), Tone.PLAIN)))
    return lines


# -- the header, and what is lost -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class JobCount:
    """A part of the header: how many jobs, and whether one of them needs attention."""

    text: str
    tone: Tone

    @property
    def needs_attention(self) -> bool:
        """Whether a job waits or has failed."""
        return self.tone in (Tone.WARN, Tone.FAIL)


def job_counts(running: Iterable[BackgroundJob], failed: Sequence[BackgroundJob] = ()) -> list[JobCount]:
    """Return what the header says of the jobs: forwards, then everything else.

    Args:
        failed: those whose failure nobody has seen yet.
    """
    running = tuple(running)
    forwards = [job for job in running if job.kind == FORWARD_KIND]
    others = [job for job in running if job.kind != FORWARD_KIND]
    kinds = Counter(printable(job.kind) for job in others)
    noun = next(iter(kinds)) if len(kinds) == 1 else "job"
    failed_forwards = sum(job.kind == FORWARD_KIND for job in failed)
    counts = [
        _count("forward", forwards, failed_forwards),
        _count(noun, others, len(failed) - failed_forwards),
    ]
    return [count for count in counts if count is not None]


def _count(noun: str, running: Sequence[BackgroundJob], failed: int) -> JobCount | None:
    waiting = sum(job.state is JobState.WAITING for job in running)
    if failed:
        text = f"{count_noun(len(running), noun)}, {failed} failed" if running else f"{count_noun(failed, noun)} failed"
        return JobCount(text, Tone.FAIL)
    if waiting:
        waits = "waits" if waiting == 1 else "wait"
        text = (
            f"{count_noun(len(running), noun)} {waits}"
            if waiting == len(running)
            else (f"{count_noun(len(running), noun)}, {waiting} {waits}")
        )
        return JobCount(text, Tone.WARN)
    return JobCount(count_noun(len(running), noun), Tone.PLAIN) if running else None


def ended_notice(running: Iterable[BackgroundJob]) -> str:
    """Return which forwards end with kdash, for the shell; "" when none does. Plain ASCII but for their names.

    Args:
        running: the jobs as they are before they are stopped.
    """
    forwards = [job for job in running if job.kind == FORWARD_KIND]
    if not forwards:
        return ""
    shown = [printable(job.url or job.title) for job in forwards[:_NAMED_AT_EXIT]]
    more = len(forwards) - len(shown)
    names = ", ".join([*shown, f"{more} more"] if more else shown)
    return f"{count_noun(len(forwards), 'forward')} ended with kdash: {names}"


def standstill_notice(running: Iterable[BackgroundJob]) -> str:
    """Return that forwards stand still while the process is stopped (Ctrl+Z), "" when there is none. Plain ASCII."""
    count = sum(job.kind == FORWARD_KIND for job in running)
    if not count:
        return ""
    return (
        f"{count_noun(count, 'forward')} {'stands' if count == 1 else 'stand'} still while kdash is stopped: fg resumes"
    )


@dataclass(frozen=True, slots=True)
class JobLoss:
    """What is lost of a job when it ends now."""

    job: str
    loss: str


def losses(jobs: Iterable[BackgroundJob]) -> list[JobLoss]:
    """Return what is lost when these jobs end now; jobs that lose nothing are left out."""
    return [
        JobLoss(printable(f"{job.kind} {job.title}"), printable(question))
        for job in jobs
        if not job.state.has_ended and (question := job.quit_question)
    ]
