"""Problems as lines of text for commands and capsules. Lines are not wrapped; the front end colours them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final

from k9py.api.plural import count_noun
from k9py.api.severity import Severity
from k9py.api.times import age
from k9py.diagnosis.problem import Problem, TriageReport
from k9py.views.problems.chain import ChainLine, ChainPart, chain_lines
from k9py.views.problems.coverage import coverage_text
from k9py.views.problems.steps import ProblemStep, problem_steps
from k9py.views.problems.texts import problem_lines, suspect_text
from k9py.views.tones import COUNTED_SEVERITIES, count_text
from k9py.views.values import StyledLine, Tone

_INDENT: Final = "  "


def ranking_lines(report: TriageReport, now: datetime) -> Iterator[StyledLine]:
    """Yield the problems, worst first, each with what it explains and its suspects, and a summary.

    What is only worth knowing (INFO) is counted.
    """
    for problem in report.problems:
        if problem.severity is Severity.INFO:
            continue
        first, *rest = problem_lines(problem, now)
        yield first
        for line in rest:
            yield ((_INDENT, Tone.PLAIN), *line)
    yield from summary_lines(report)


def summary_lines(report: TriageReport) -> Iterator[StyledLine]:
    """Yield how many problems there are, how much was looked at, and what could not be read."""
    notes = sum(problem.severity is Severity.INFO for problem in report.problems)
    noted = f"{count_noun(notes, 'note')} (-o json)" if notes else ""
    if notes == len(report.problems):
        parts = [part for part in (f"{coverage_text(report)}, found nothing", noted) if part]
        yield ((" · ".join(parts), Tone.PLAIN),)
        return
    counts = Counter(problem.severity for problem in report.problems)
    counted = " · ".join(count_text(severity, counts[severity]) for severity in COUNTED_SEVERITIES if counts[severity])
    parts = [part for part in (counted, coverage_text(report), noted) if part]
    yield ((" · ".join(parts), Tone.PLAIN),)


def why_lines(
    problem: Problem, now: datetime, command_of: Callable[[ProblemStep], str] = lambda step: ""
) -> Iterator[StyledLine]:
    """Yield a problem with its chain, evidence, suspects and what helps.

    Args:
        command_of: returns the command line that does a step, "" when there is none.
    """
    title, cause, *_ = problem_lines(problem, now)
    yield title
    yield ((_INDENT, Tone.PLAIN), *cause)
    yield from _section("chain", _chain(chain_lines(problem, now, is_open=lambda path: True), now))
    suspects = (((suspect_text(each, problem.subject, now), Tone.ACCENT),) for each in problem.suspects)
    yield from _section("suspects: changes shortly before", suspects)
    yield from _section("what helps", (_step(step, command_of(step)) for step in problem_steps(problem)))


def _step(step: ProblemStep, command: str) -> StyledLine:
    return ((step.text, Tone.PLAIN), *(((f": {command}", Tone.ACCENT),) if command else ()))


def _chain(lines: Sequence[ChainLine], now: datetime) -> Iterator[StyledLine]:
    for line in lines:
        if line.part is ChainPart.SUSPECT:
            continue  # a section of their own
        since = f"  {age(line.since, now)}" if line.since is not None else ""
        yield ((line.prefix, Tone.MUTED), *line.pieces, (since, Tone.MUTED))


def _section(title: str, lines: Iterable[StyledLine]) -> Iterator[StyledLine]:
    """Yield a title and its lines, nothing without lines."""
    for number, line in enumerate(lines):
        if number == 0:
            yield ((f"{_INDENT}{title}", Tone.MUTED),)
        yield ((_INDENT * 2, Tone.PLAIN), *line)
