"""Trace findings to their roots, and keep the problems that concern the scope.

Invariant: what is shown stays the same object while it is equal, and the problems of a pass are of one version of the
findings.
"""

from __future__ import annotations

from k9py.cluster.triage.contract import TriageCluster
from k9py.cluster.triage.pacing import PassSlices
from k9py.cluster.triage.relevance import Subjects, relevant
from k9py.cluster.triage.runs import CheckRuns
from k9py.diagnosis.chains import Chains, trace_steps
from k9py.diagnosis.problem import Problem


class TracedProblems:
    """The problems of the findings of all checks.

    Args:
        subjects: returns all objects of a kind that checks look at.

    Attributes:
        chains: all problems, and the findings about each object.
        shown: the problems that concern the scope, worst first.
    """

    def __init__(self, cluster: TriageCluster, subjects: Subjects) -> None:
        self.chains = Chains()
        self.shown: tuple[Problem, ...] = ()
        self._cluster = cluster
        self._subjects = subjects
        self._version = -1

    def is_current(self, runs: CheckRuns) -> bool:
        """Return whether the problems are those of the findings as they are now."""
        return self._version == runs.version

    async def trace(self, runs: CheckRuns, slices: PassSlices) -> None:
        """Trace the findings to their roots, if others were found."""
        version = runs.version
        if version == self._version:
            return
        steps = trace_steps(*runs.findings())
        while True:
            try:
                next(steps)
            except StopIteration as end:
                self.chains = end.value
                self._version = version
                self._cluster.keep(len(self.chains.findings_about))
                return
            await slices.pause()

    def show(self) -> None:
        """Choose the problems that concern the scope."""
        cluster, known = self._cluster, self.shown
        shown = relevant(self.chains.problems, cluster.scope, cluster.stores.pods.values(), self._subjects)
        if len(shown) != len(known) or any(new is not old for new, old in zip(shown, known, strict=True)):
            self.shown = shown

    def clear(self) -> None:
        """Forget everything."""
        self.chains = Chains()
        self.shown = ()
        self._version = -1
