"""A triage whose report a test sets, in place of the cluster's own."""

from __future__ import annotations

from datetime import datetime

from k9py.api.meta import ObjectRef
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.problem import Problem, TriageReport, UnreadKind
from tests.factories.meta import NOW


class FakeLease:
    def __init__(self, triage: FakeTriage) -> None:
        self._triage = triage

    def close(self) -> None:
        self._triage.leases -= 1


class FakeTriage:
    """Reports what it is given; `leases` counts who keeps it running."""

    def __init__(self) -> None:
        self.version = 0
        self.leases = 0
        self._report = TriageReport(NOW, (), 0, (), is_complete=True)

    def open(self) -> FakeLease:
        self.leases += 1
        return FakeLease(self)

    def report(self, now: datetime) -> TriageReport:
        return self._report

    def findings_of(self, ref: ObjectRef) -> tuple[Finding, ...]:
        return tuple(problem.root for problem in self._report.problems if problem.root.about == ref)

    def problems_of(self, ref: ObjectRef) -> tuple[Problem, ...]:
        return tuple(problem for problem in self._report.problems if ref == problem.subject)

    def find(self, *problems: Problem, unread: tuple[UnreadKind, ...] = ()) -> None:
        self._report = TriageReport(NOW, problems, 1204, unread)
        self.version += 1
