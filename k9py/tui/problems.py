"""The problems of the cluster as this session shows them: triage's report, without what is muted or acknowledged.

Owns the lease on triage, which runs while a cluster is shown, and what the person has acknowledged. Invariants: triage
starts after the first lists have been read; a report is taken at most every `REPORT_SECONDS`, and only when triage has
another one; what is hidden is counted. An acknowledgement ends when the severity of its problem changes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from k9py.api.kinds import is_workload
from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.cluster.health import ClusterState
from k9py.runtime.clock import Clock
from k9py.views.values import Tone

if TYPE_CHECKING:  # diagnosis is imported after the first frame
    from k9py.cluster.cluster import Cluster
    from k9py.diagnosis.finding import Finding
    from k9py.diagnosis.problem import Problem, ProblemId, TriageReport

REPORT_SECONDS: Final = 0.3
"""Minimum seconds between two reports: a rollout of thousands of pods changes them all the time."""


class TriageLease(Protocol):
    """Keeps triage running."""

    def close(self) -> None:
        """End it."""
        ...


class TriageSource(Protocol):
    """Triage, as this needs it. `cluster.triage` implements it."""

    @property
    def version(self) -> int:
        """Another number whenever the report has changed."""
        ...

    def open(self) -> TriageLease:
        """Run until the lease is closed."""
        ...

    def report(self, now: datetime) -> TriageReport:
        """Return the current problems."""
        ...

    def findings_of(self, ref: ObjectRef) -> tuple[Finding, ...]:
        """Return what was found about an object."""
        ...

    def problems_of(self, ref: ObjectRef) -> tuple[Problem, ...]:
        """Return the problems that are about an object or explain it, worst first."""
        ...


class ShownProblems:
    """The problems of the cluster that is shown.

    Args:
        triage_of: returns the triage of a cluster.
        config_path: of the config file, which mutes checks; None reads none.
        on_fault: called once for each fault of the config file.
        start: runs a coroutine function beside the tick.

    Attributes:
        report: None until there is one.
        shown: neither muted nor acknowledged, in the order of the report.
        notes: of those, what is worth knowing and needs no action: not counted, and only listed on the whole screen.
        acknowledged: those that the person has acknowledged.
        muted: those whose check the config file mutes.
        faults: what is wrong with the config file, one text each.
        version: another number whenever something of this has changed.
        roots: the worst problem of each Service and workload that it is about or explains; muted ones left out.
    """

    def __init__(
        self,
        clock: Clock,
        triage_of: Callable[[Cluster], TriageSource],
        *,
        config_path: Path | None = None,
        on_fault: Callable[[str], None] = lambda text: None,
        start: Callable[[Callable[[], Coroutine[Any, Any, None]]], object],
    ) -> None:
        self._clock, self._triage_of = clock, triage_of
        self._config_path, self._on_fault, self._start = config_path, on_fault, start
        self._mute: frozenset[str] | None = None
        self._is_reading = False
        self.faults: tuple[str, ...] = ()
        self._cluster: Cluster | None = None
        self._triage: TriageSource | None = None
        self._lease: TriageLease | None = None
        self._acknowledged: dict[ProblemId, Severity] = {}
        self._taken: tuple[TriageSource | None, int] = (None, -1)
        self._taken_at = float("-inf")
        self._clear()

    def _clear(self) -> None:
        self.report: TriageReport | None = None
        self.shown: tuple[Problem, ...] = ()
        self.notes: tuple[Problem, ...] = ()
        self.acknowledged: tuple[Problem, ...] = ()
        self.muted: tuple[Problem, ...] = ()
        self.roots: Mapping[ObjectRef, Problem] = {}
        self.version = getattr(self, "version", 0) + 1

    def update(self, cluster: Cluster | None) -> None:
        """Take the current report; called on each tick."""
        if cluster is not self._cluster:
            self.close()
            self._cluster = cluster
        if cluster is None:
            return
        if self._triage is None:
            if cluster.health.state not in (ClusterState.LOADING, ClusterState.UNREACHABLE):
                self._open(cluster)
            return
        now, taken = self._clock.monotonic(), (self._triage, self._triage.version)
        if taken != self._taken and now - self._taken_at >= REPORT_SECONDS:
            self._taken, self._taken_at = taken, now
            self._use(self._triage.report(self._clock.now()))

    def close(self) -> None:
        """End the lease; nothing is shown."""
        if self._lease is not None:
            self._lease.close()
        self._lease = self._triage = None
        self._taken = (None, -1)
        self._clear()

    def _open(self, cluster: Cluster) -> None:
        if self._mute is None:
            if not self._is_reading:
                self._is_reading = True
                self._start(self._read_config)
            return
        self._triage = self._triage_of(cluster)
        self._lease = self._triage.open()

    async def _read_config(self) -> None:
        """Read which checks are muted, in a thread: a home directory may be slow, and the checks are to be imported."""
        self._mute, self.faults = await asyncio.to_thread(_muted_checks, self._config_path)
        self.version += 1
        for fault in self.faults:
            self._on_fault(fault)

    def _use(self, report: TriageReport) -> None:
        self.report = report
        self._sort()

    def _sort(self) -> None:
        """Sort the problems of the report into shown, acknowledged and muted."""
        if self.report is None:
            return
        mute = self._mute or frozenset()
        problems = [problem for problem in self.report.problems if problem.root.check not in mute]
        self.muted = tuple(problem for problem in self.report.problems if problem.root.check in mute)
        self.acknowledged = tuple(problem for problem in problems if self.is_acknowledged(problem))
        hidden = {problem.id for problem in self.acknowledged}
        open_problems = [problem for problem in problems if problem.id not in hidden]
        self.shown = tuple(problem for problem in open_problems if problem.severity <= Severity.WARNING)
        self.notes = tuple(problem for problem in open_problems if problem.severity > Severity.WARNING)
        self.roots = _roots(problems)
        self.version += 1

    # -- acknowledging ------------------------------------------------------------------------------------------------

    def is_acknowledged(self, problem: Problem) -> bool:
        """Return whether the person has acknowledged a problem, with the severity it has."""
        return self._acknowledged.get(problem.id) is problem.severity

    def is_muted(self, problem: Problem) -> bool:
        """Return whether the config file mutes the check of a problem."""
        return problem.root.check in (self._mute or ())

    def acknowledge(self, problem: Problem) -> bool:
        """Acknowledge a problem, or end that; return whether it is acknowledged now."""
        is_new = not self.is_acknowledged(problem)
        if is_new:
            self._acknowledged[problem.id] = problem.severity
        else:
            del self._acknowledged[problem.id]
        self._sort()
        return is_new

    # -- roots --------------------------------------------------------------------------------------------------------

    def root_of(self, ref: ObjectRef, severity: Severity) -> Problem | None:
        """Return the problem that explains why an object has a severity, None when none does.

        A root that is an effect itself (`0 of 3 pods ready`) explains nothing: the view of the object knows more.
        """
        problem = self.roots.get(ref)
        if problem is None or problem.root.is_effect or not severity.is_problem or problem.severity > severity:
            return None
        return problem

    def root_text(self, ref: ObjectRef, severity: Severity) -> str:
        """Return the root cause of what is wrong with an object, "" when none is known."""
        from k9py.views.problems import cause_text

        problem = self.root_of(ref, severity)
        return "" if problem is None else cause_text(problem, ref)

    # -- one object ---------------------------------------------------------------------------------------------------

    @property
    def triage(self) -> TriageSource | None:
        """What finds problems, None while it does not run."""
        return self._triage


def workload_of(problem: Problem) -> ObjectRef | None:
    """Return the workload that a problem is about, or the nearest that it explains."""
    if is_workload(problem.subject):
        return problem.subject
    return next(filter(is_workload, problem.all_objects), None)


def is_urgent(problems: Sequence[Problem]) -> bool:
    """Return whether something is down or degraded: users notice."""
    return any(problem.severity <= Severity.DEGRADED for problem in problems)


def worst_tone(problems: Sequence[Problem]) -> Tone:
    """Return the tone of the worst of some problems."""
    from k9py.views.tones import severity_tone

    return severity_tone(min(problem.severity for problem in problems)) if problems else Tone.MUTED


def _roots(problems: Sequence[Problem]) -> dict[ObjectRef, Problem]:
    roots: dict[ObjectRef, Problem] = {}
    for problem in problems:
        for ref in problem.all_objects:
            if ref.kind == "Service" or is_workload(ref):  # of thousands of pods no row asks
                roots.setdefault(ref, problem)
    return roots


def _muted_checks(path: Path | None) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the muted checks of the config file, and its faults."""
    from k9py.config.settings import read_settings
    from k9py.diagnosis.registry import built_in_checks

    read = read_settings(path)
    known = {check.id for check in built_in_checks()}
    name = "" if path is None else path.name
    faults = tuple(f"{name}: {fault}" for fault in (*read.faults, *read.unknown_checks(known)))
    return frozenset(read.settings.triage.mute), faults
