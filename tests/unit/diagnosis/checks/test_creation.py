"""Refused pods: what refuses them, and where it can be corrected."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import DEPLOYMENT, JOB, STATEFUL_SET
from k9py.api.severity import Severity
from k9py.diagnosis.checks.creation import creation_refused
from k9py.diagnosis.finding import EvidenceSource, Finding
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of


def _refused(message: str, *others: Any, **options: Any) -> tuple[Finding, ...]:
    failure = make.condition("ReplicaFailure", "True", "FailedCreate", message)
    deployment = make.deployment("web", replicas=2, total=0, updated=0, ready=0, available=0, conditions=[failure])
    graph = GraphOfObjects(deployment, make.replica_set(deployment, replicas=2, ready=0), *others, **options)
    return findings_of(creation_refused, graph.subject(DEPLOYMENT, "web", "shop"), graph)


def _object(kind: str, name: str, namespace: str = "shop", api: str = "v1", **content: Any) -> dict[str, Any]:
    metadata = {"name": name, "uid": f"{kind}-{name}", **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api, "kind": kind, "metadata": metadata | content.pop("metadata", {}), **content}


_QUOTA = (
    'pods "web-1" is forbidden: exceeded quota: q, requested: requests.cpu=2, used: requests.cpu=9, '
    "limited: requests.cpu=10"
)
_ACCOUNT = 'pods "web-1" is forbidden: error looking up service account shop/bulder: serviceaccount "bulder" not found'
_SECURITY = 'pods "web-1" is forbidden: violates PodSecurity "restricted:latest": privileged (container "app" must not)'


def test_an_exhausted_quota_is_the_root() -> None:
    quota = _object(
        "ResourceQuota", "q", status={"hard": {"requests.cpu": "10", "pods": "9"}, "used": {"requests.cpu": "9"}}
    )

    (finding,) = _refused(_QUOTA, quota)

    (root,) = finding.caused_by
    assert isinstance(root, Finding)
    assert (str(root.about), root.message) == (
        "ResourceQuota shop/q",
        "quota is exhausted: requests.cpu 9 of 10 used, 2 more requested",
    )
    assert [(each.where, each.text) for each in root.evidence[-2:]] == [
        ("status.hard", "requests.cpu=10"),
        ("status.used", "requests.cpu=9"),
    ]
    assert (finding.severity, finding.kind is not None) == (Severity.DOWN, True)


@pytest.mark.parametrize(
    ("spec", "pods"),
    [
        ({"scopes": ["BestEffort"]}, "BestEffort"),
        (
            {
                "scopeSelector": {
                    "matchExpressions": [{"scopeName": "PriorityClass", "operator": "In", "values": ["high"]}]
                }
            },
            "PriorityClass In high",
        ),
    ],
)
def test_the_scopes_of_a_quota_tell_which_pods_it_counts(spec: dict[str, Any], pods: str) -> None:
    (finding,) = _refused(_QUOTA, _object("ResourceQuota", "q", spec=spec))

    (root,) = finding.caused_by
    assert isinstance(root, Finding)
    assert root.message == f"quota for {pods} pods is exhausted: requests.cpu 9 of 10 used, 2 more requested"


def test_a_quota_that_was_deleted_explains_nothing() -> None:
    (finding,) = _refused(_QUOTA)

    assert finding.caused_by == ()


def test_a_missing_account_is_the_root_with_similar_names() -> None:
    (finding,) = _refused(_ACCOUNT, _object("ServiceAccount", "builder"), _object("ServiceAccount", "default"))

    (root,) = finding.caused_by
    assert isinstance(root, Finding)
    assert (str(root.about), root.message) == ("ServiceAccount shop/bulder", "does not exist; similar: builder")
    assert root.evidence[0].source is EvidenceSource.ABSENCE


def test_an_account_that_cannot_be_read_is_not_claimed_to_be_absent() -> None:
    (finding,) = _refused(_ACCOUNT, unread={"ServiceAccount": "forbidden"})

    (root,) = finding.caused_by
    assert isinstance(root, Finding)
    assert EvidenceSource.ABSENCE not in {each.source for each in root.evidence}


def test_an_account_created_since_is_not_missing() -> None:
    (finding,) = _refused(_ACCOUNT, _object("ServiceAccount", "bulder"))

    assert [str(cause) for cause in finding.caused_by] == ["ServiceAccount shop/bulder"]
    assert not isinstance(finding.caused_by[0], Finding)


@pytest.mark.parametrize(
    ("message", "about"),
    [
        ('pods "w" is forbidden: no PriorityClass with name hihg was found', "PriorityClass hihg"),
        ('pods "w" is forbidden: pod rejected: RuntimeClass "gvisor" not found', "RuntimeClass gvisor"),
    ],
)
def test_a_missing_class_is_the_root(message: str, about: str) -> None:
    (finding,) = _refused(message)

    (root,) = finding.caused_by
    assert isinstance(root, Finding)
    assert str(root.about) == about


def test_the_limit_range_that_the_text_does_not_name_is_found() -> None:
    limits = {"limits": [{"type": "Container", "max": {"cpu": "200m"}}]}
    other = {"limits": [{"type": "Container", "max": {"cpu": "4"}}]}
    message = 'pods "web-1" is forbidden: maximum cpu usage per Container is 200m, but limit is 500m'

    (finding,) = _refused(
        message, _object("LimitRange", "small", spec=limits), _object("LimitRange", "big", spec=other)
    )

    assert (
        finding.message
        == "LimitRange small rejects its pods: maximum cpu usage per Container is 200m, but limit is 500m"
    )


def test_pod_security_names_the_label_of_the_namespace() -> None:
    label = {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}

    (finding,) = _refused(_SECURITY, _object("Namespace", "shop", "", metadata=label))

    assert finding.message.startswith(
        'namespace enforces PodSecurity "restricted:latest", which its pods violate: priv'
    )
    assert [(str(each.about), each.text) for each in finding.evidence if "pod-security" in each.where] == [
        ("Namespace shop", "restricted")
    ]


def test_a_terminating_namespace_is_what_explains() -> None:
    (finding,) = _refused(
        'pods "w" is forbidden: unable to create new content in namespace shop because it is being terminated'
    )

    assert [str(cause) for cause in finding.caused_by] == ["Namespace shop"]


def test_a_stateful_set_has_events_alone() -> None:
    workload = make.stateful_set("db", replicas=2, total=0, ready=0, current=0, updated=0, available=0)
    refused = make.event(workload, "FailedCreate", f"create Pod db-0 in StatefulSet db failed error: {_QUOTA}")
    graph = GraphOfObjects(workload, refused)

    (finding,) = findings_of(creation_refused, graph.subject(STATEFUL_SET, "db", "shop"), graph)

    assert finding.message.startswith("ResourceQuota q is exceeded")
    assert graph.again_at is not None, "an event that is not repeated describes the past some day"


def test_a_pod_created_since_disproves_the_event() -> None:
    workload = make.stateful_set("db", replicas=2, total=1, ready=1, current=1, updated=1, available=1)
    refused = make.event(
        workload, "FailedCreate", f"create Pod db-0 in StatefulSet db failed error: {_QUOTA}", since=90
    )
    graph = GraphOfObjects(workload, refused, make.pod("db-0", owner=workload, created=30))

    assert findings_of(creation_refused, graph.subject(STATEFUL_SET, "db", "shop"), graph) == ()


@pytest.mark.parametrize(
    ("spec", "status", "expected"),
    [
        ({}, {}, 1),
        ({"suspend": True}, {}, 0),
        ({}, {"active": 1}, 0),
        ({}, {"conditions": [{"type": "Failed", "status": "True"}]}, 0),
    ],
)
def test_a_job_that_waits_for_its_first_pod_is_refused(spec: Any, status: Any, expected: int) -> None:
    job = _object("Job", "import", api="batch/v1", spec=spec, status=status)
    event = _object(
        "Event",
        "e",
        involvedObject={"kind": "Job", "namespace": "shop", "name": "import", "uid": "Job-import"},
        reason="FailedCreate",
        type="Warning",
        message=f"Error creating: {_SECURITY}",
        lastTimestamp="2026-11-22T11:59:30Z",
    )
    graph = GraphOfObjects(job, event)

    assert len(findings_of(creation_refused, graph.subject(JOB, "import", "shop"), graph)) == expected
