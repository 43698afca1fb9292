"""What cannot be read is unknown: nothing is claimed not to exist, and a healthy cluster has no problem for that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from k9py.api.severity import Severity
from k9py.diagnosis.chains import trace
from k9py.diagnosis.finding import EvidenceSource, Finding
from tests.corpus.cases import cases
from tests.corpus.clusters import findings_of, graph_of

_KINDS = (
    "ConfigMap",
    "EndpointSlice",
    "Event",
    "HorizontalPodAutoscaler",
    "Ingress",
    "Job",
    "Namespace",
    "Node",
    "PersistentVolumeClaim",
    "Pod",
    "ReplicaSet",
    "Secret",
    "Service",
    "ServiceAccount",
    "StorageClass",
)
_LOOK_LIKE_NONE = ("HorizontalPodAutoscaler",)
"""By design (`Graph.has_read`): a workload that an unreadable autoscaler scaled to 0 is reported as scaled down."""


@pytest.mark.parametrize("kind", _KINDS)
def test_nothing_is_claimed_about_a_kind_that_cannot_be_read(kind: str) -> None:
    unread = {kind: "forbidden"}
    for case in (*cases("faults")[::4], *cases("healthy")):
        found, owners = findings_of(graph_of(case, unread), unread)
        claims = [
            f"{case.name}: {finding.check}: {finding.message}"
            for finding in _with_causes(found)
            for evidence in finding.evidence
            if evidence.source is EvidenceSource.ABSENCE and evidence.about.kind == kind
        ]
        if not case.expected and kind not in _LOOK_LIKE_NONE:
            problems = trace(found, owners).problems
            listed = (each for each in problems if each.severity <= Severity.WARNING)
            # That something is unknown because it cannot be read is no claim.
            claims += [f"{case.name}: {each.root.message}" for each in listed if each.severity is not Severity.UNKNOWN]
        assert claims == []


def _with_causes(findings: Iterable[Finding]) -> Iterator[Finding]:
    for finding in findings:
        yield finding
        yield from _with_causes(cause for cause in finding.caused_by if isinstance(cause, Finding))
