"""Remedies other than another release."""

from __future__ import annotations

import pytest

from k9py.diagnosis.creation import parse_creation_failure
from k9py.diagnosis.pods import pod_findings
from k9py.diagnosis.remedies import missing_object_remedy
from tests import factories as make


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ('configmap "settings" not found', "create ConfigMap settings"),
        ('secret "db" not found', "create Secret db"),
        ("couldn't find key url in ConfigMap shop/settings", "add key url to ConfigMap settings"),
        ("couldn't find key url in Secret shop/db", "add key url to Secret db"),
        ('MountVolume.SetUp failed for volume "tls" : secret "tls" not found', "create Secret tls"),
        ('persistentvolumeclaim "data" not found', "create PersistentVolumeClaim data"),
        ("failed to sync configmap cache: timed out waiting for the condition", ""),
        ("", ""),
    ],
)
def test_the_remedy_for_a_missing_object_is_to_create_it(message: str, remedy: str) -> None:
    assert missing_object_remedy(message) == remedy


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        (
            "exceeded quota: tight, requested: pods=1, used: pods=3, limited: pods=3",
            "raise ResourceQuota tight or lower the pods' requests",
        ),
        (
            "failed quota: tight: must specify limits.memory",
            "set the requests and limits that ResourceQuota tight requires",
        ),
        ('serviceaccount "robot" not found', "create ServiceAccount robot"),
        ('admission webhook "policy" denied the request: no', ""),
    ],
)
def test_a_failed_creation_has_its_remedy(message: str, remedy: str) -> None:
    assert parse_creation_failure(message, None).remedy == remedy


def test_a_pods_finding_has_the_remedy_of_its_cause() -> None:
    waits = make.container_status(
        ready=False, state=make.waiting("CreateContainerConfigError", 'secret "db" not found')
    )
    no_room = make.condition("PodScheduled", "False", "Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.")
    lost = [make.condition("Ready", "False", since=60)]
    by_force = "bring node node-7 back, or kubectl delete pod a --force"
    for pod, remedy in (
        (make.pod("a", ready=False, statuses=[waits]), "create Secret db"),
        (
            make.pod("a", ready=False, phase="Pending", statuses=[], conditions=[no_room], node=""),
            "lower the pods' requests or add a node",
        ),
        (make.pod("a", node="node-7", conditions=lost), by_force),
        (make.pod("a", node="node-7", conditions=lost, deleted=make.before(-20)), by_force),
        (make.pod("a", ready=False, statuses=[make.container_status(ready=False)]), ""),
    ):
        assert [finding.remedy for finding in pod_findings(pod, make.NOW)] == [remedy]
