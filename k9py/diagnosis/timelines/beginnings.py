"""The beginnings of problems as entries: the timeline is searched for what came before them.

Invariant: a finding whose beginning is unknown has no entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.problem import Problem
from k9py.diagnosis.timeline import EntryKind, TimelineEntry


def finding_entries(findings: Iterable[Finding]) -> Iterator[TimelineEntry]:
    """Yield when findings began, as far as that is known."""
    for finding in findings:
        if finding.since is not None:
            yield _beginning(finding, finding.about, finding.since)


def problem_entries(problems: Iterable[Problem]) -> Iterator[TimelineEntry]:
    """Yield when problems began, as entries about the objects to act on."""
    for problem in problems:
        if problem.since is not None:
            yield _beginning(problem.root, problem.subject, problem.since)


def _beginning(finding: Finding, about: ObjectRef, since: datetime) -> TimelineEntry:
    return TimelineEntry(
        since,
        about,
        EntryKind.FINDING,
        f"began: {printable(finding.message)}",
        source=f"check {finding.check}" if finding.check else f"finding {printable(finding.reason)}",
        is_warning=True,
    )
