"""What is wrong behind a Service or an Ingress that serves: the workloads it sends traffic to, such as a stuck rollout.

Invariant: only problems of these workloads themselves, so that nothing is shown that its users may not feel next.
"""

from __future__ import annotations

from typing import Final

from k9py.api.kinds import is_workload
from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.cluster.cluster import Cluster
from k9py.diagnosis.dependencies import dependencies
from k9py.diagnosis.graph import NotReadError
from k9py.diagnosis.problem import Problem

_FRONTS: Final = frozenset({"Ingress", "Service"})


def problems_behind(ref: ObjectRef, cluster: Cluster) -> tuple[Problem, ...]:
    """Return the problems of the workloads behind an object, worst first; () for an object of another kind."""
    if ref.kind not in _FRONTS or ref.group:
        return ()
    try:
        behind = dependencies(ref, cluster.triage.graph()).refs
    except NotReadError:
        return ()
    problems = cluster.triage.report(cluster.clock.now()).problems
    return tuple(
        problem
        for problem in problems
        if problem.severity <= Severity.STUCK and is_workload(problem.subject) and problem.subject in behind
    )
