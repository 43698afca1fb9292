"""Workloads that want no pods, and those whose selectors match pods of others."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import DEPLOYMENT
from k9py.api.severity import Severity
from k9py.diagnosis.checks.replicas import scaled_to_zero, selector_overlap
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of


@pytest.mark.parametrize(
    ("annotations", "served", "severity", "message"),
    [
        ({}, True, Severity.DOWN, "scaled to 0, was 3"),
        (
            {"downscaler/original-replicas": "3"},
            True,
            Severity.INFO,
            "scaled to 0 by kube-downscaler until it is needed",
        ),
        (
            {"example.com/scaled-down": "until Monday"},
            True,
            Severity.INFO,
            "scaled to 0 on purpose: annotation example.com/scaled-down",
        ),
    ],
)
def test_zero_on_purpose_is_no_problem(annotations: Any, served: bool, severity: Severity, message: str) -> None:
    deployment = make.deployment("web", replicas=0, generation=3, annotations=annotations)
    replica_set = make.replica_set(deployment, replicas=0)
    event = make.event(
        deployment, "ScalingReplicaSet", "Scaled down replica set web-aaa from 3 to 0", type_="Normal", since=600
    )
    graph = GraphOfObjects(deployment, replica_set, event, make.service("web", selector={"app": "web"}))

    (finding,) = findings_of(scaled_to_zero, graph.subject(DEPLOYMENT, "web", "shop"), graph)

    assert (finding.severity, finding.message) == (severity, message)


def test_two_controllers_of_the_same_pods_are_reported_once() -> None:
    old, new = make.deployment("web"), make.deployment("web-new", labels={"app": "web"})
    new = type(new)(
        metadata=make.meta("Deployment", "web-new", created=make.before(100)), spec=old.spec, status=old.status
    )
    sets = [make.replica_set(old, "old"), make.replica_set(new, "new")]
    pods = [make.pod(f"p{number}", owner=owner, labels={"app": "web"}) for number, owner in enumerate(sets)]
    graph = GraphOfObjects(old, new, *sets, *pods)

    found = [
        finding
        for name in ("web", "web-new")
        for finding in findings_of(selector_overlap, graph.subject(DEPLOYMENT, name, "shop"), graph)
    ]

    assert [(finding.about.name, finding.message) for finding in found] == [
        ("web-new", "its selector app=web also matches pods of Deployment web")
    ]


def test_own_pods_and_terminating_ones_are_no_overlap() -> None:
    deployment, other = make.deployment("web"), make.deployment("other")
    own, foreign = make.replica_set(deployment), make.replica_set(other)
    pods = [
        make.pod("a", owner=own, labels={"app": "web"}),
        make.pod("b", owner=foreign, labels={"app": "web"}, deleted=make.before(5)),
        make.pod("c", owner=foreign, labels={"app": "other"}),
    ]
    graph = GraphOfObjects(deployment, other, own, foreign, *pods)

    assert findings_of(selector_overlap, graph.subject(DEPLOYMENT, "web", "shop"), graph) == ()
