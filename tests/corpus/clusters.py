"""Diagnose a case in this process, without a server: all checks over all its objects, and their roots.

Invariant: the same checks, stores and rules as `cluster.triage`; only nothing is read over HTTP, and nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from k9py.api.kinds import Kind
from k9py.api.meta import ObjectRef
from k9py.cluster.graph import Demand
from k9py.cluster.queries import Queries
from k9py.cluster.stores import MergedStore
from k9py.cluster.triage.runs import CheckRuns
from k9py.diagnosis.chains import trace
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.finding_groups import Owner
from k9py.diagnosis.graph import Unread
from k9py.diagnosis.problem import Problem
from k9py.diagnosis.registry import built_in_checks
from k9py.diagnosis.suspects import suspects
from tests.corpus.cases import Case
from tests.factories.graph import GraphOfObjects

Findings = tuple[list[Finding], dict[ObjectRef, Owner]]
"""Findings, and the owners of the pods that they are about: what `trace` needs."""


class BrokenCheckError(AssertionError):
    """Checks raised an exception."""


def graph_of(case: Case, unread: Mapping[str, str] | None = None) -> GraphOfObjects:
    """Return the objects and logs of a case as checks read them; the log lines without their timestamps.

    Args:
        unread: kinds that cannot be read, with the reason.
    """
    logs = {key: [line.partition(" ")[2] for line in lines] for key, lines in case.logs.items()}
    objects = [each for each in case.objects if each["kind"] not in (unread or {})]
    return GraphOfObjects(*objects, now=case.at, logs=logs, unread=unread)


def findings_of(graph: GraphOfObjects, unread: Mapping[str, str] | None = None) -> Findings:
    """Run all checks over all objects.

    Args:
        unread: those of the graph.

    Raises:
        BrokenCheckError: some checks failed.
    """

    def subjects(kind: Kind[Any]) -> MergedStore[Any] | Unread:
        return graph.store(Demand(kind, None))

    queries = Queries(graph.stores, lambda kind: kind not in (unread or {}))
    runs = CheckRuns(built_in_checks(), graph.stores, queries, subjects, lambda: None)
    for ref in tuple(runs.all_subjects()):
        runs.run(ref, graph)
    if runs.broken:
        raise BrokenCheckError(str(runs.broken))
    return runs.findings()


def problems_of(case: Case) -> tuple[Problem, ...]:
    """Return the problems of a case with their suspects, worst first.

    Raises:
        BrokenCheckError: some checks failed.
    """
    graph = graph_of(case)
    traced = trace(*findings_of(graph)).problems
    return tuple(replace(each, suspects=suspects(each, graph)) for each in traced)
