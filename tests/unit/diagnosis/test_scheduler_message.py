"""What the scheduler reports is read reason by reason, in the words of 1.19 to 1.36."""

from __future__ import annotations

import pytest

from k9py.diagnosis.scheduler_message import RefusalKind, parse_scheduler_message

_PREEMPTION = (
    " no new claims to deallocate, preemption: 0/6 nodes are available: 6 Preemption is not helpful for scheduling."
)


@pytest.mark.parametrize(
    ("reason", "kind", "detail"),
    [
        ("6 Insufficient cpu", RefusalKind.RESOURCE, "cpu"),
        ("6 Insufficient nvidia.com/gpu", RefusalKind.RESOURCE, "nvidia.com/gpu"),
        ("6 Too many pods", RefusalKind.TOO_MANY_PODS, ""),
        ("6 node(s) had untolerated taint(s)", RefusalKind.TAINT, ""),
        ("6 node(s) had untolerated taint {dedicated: gpu}", RefusalKind.TAINT, "dedicated=gpu"),
        (
            "6 node(s) had untolerated taint {node.kubernetes.io/not-ready: }",
            RefusalKind.TAINT,
            "node.kubernetes.io/not-ready",
        ),
        ("6 node(s) had taint {a: b}, that the pod didn't tolerate", RefusalKind.TAINT, "a=b"),
        ("6 node(s) were unschedulable", RefusalKind.CORDONED, ""),
        ("6 node(s) didn't match Pod's node affinity/selector", RefusalKind.NODE_AFFINITY, ""),
        ("6 node(s) didn't match node selector", RefusalKind.NODE_AFFINITY, ""),
        ("6 node(s) didn't match the requested node name", RefusalKind.NODE_NAME, ""),
        ("6 node(s) didn't match pod affinity rules", RefusalKind.POD_AFFINITY, ""),
        ("6 node(s) didn't match pod anti-affinity rules", RefusalKind.POD_ANTI_AFFINITY, ""),
        ("6 node(s) didn't satisfy existing pods anti-affinity rules", RefusalKind.EXISTING_ANTI_AFFINITY, ""),
        ("6 node(s) didn't match pod topology spread constraints", RefusalKind.SPREAD, ""),
        (
            "6 node(s) didn't match pod topology spread constraints (missing required label)",
            RefusalKind.SPREAD_LABEL,
            "",
        ),
        ("6 node(s) didn't have free ports for the requested pod ports", RefusalKind.HOST_PORT, ""),
        ("6 node(s) had volume node affinity conflict", RefusalKind.VOLUME_AFFINITY, ""),
        ("6 node(s) didn't match PersistentVolume's node affinity", RefusalKind.VOLUME_AFFINITY, ""),
        ("6 node(s) had no available volume zone", RefusalKind.VOLUME_AFFINITY, ""),
        ("6 node(s) exceed max volume count", RefusalKind.VOLUME_LIMIT, ""),
        ("6 node(s) didn't find available persistent volumes to bind", RefusalKind.NO_VOLUME, ""),
        ("6 node(s) did not have enough free storage", RefusalKind.NO_STORAGE, ""),
        ("6 node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)", RefusalKind.CLAIM_LOST, ""),
        (
            "6 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use",
            RefusalKind.VOLUME_IN_USE,
            "",
        ),
        ("6 node(s) didn't satisfy plugin(s) [Foo]", RefusalKind.OTHER, ""),
    ],
)
def test_each_reason_of_a_node_is_known(reason: str, kind: RefusalKind, detail: str) -> None:
    message = parse_scheduler_message(f"0/6 nodes are available: {reason}.{_PREEMPTION}")

    (refusal,) = message.refusals
    assert (refusal.kind, refusal.count, refusal.detail, message.nodes) == (kind, 6, detail, 6)
    assert message.preemption.startswith("no new claims")


@pytest.mark.parametrize(
    ("text", "kind", "detail"),
    [
        ("pod has unbound immediate PersistentVolumeClaims. not found", RefusalKind.CLAIM_UNBOUND, ""),
        (
            "pod has unbound immediate PersistentVolumeClaims. preemption: 0/6 nodes are available",
            RefusalKind.CLAIM_UNBOUND,
            "",
        ),
        ('persistentvolumeclaim "data" not found. not found', RefusalKind.CLAIM_MISSING, "data"),
        ('persistentvolumeclaim "data" is being deleted. not found', RefusalKind.CLAIM_TERMINATING, "data"),
        ('persistentvolumeclaim "data" bound to non-existent persistentvolume "pv"', RefusalKind.CLAIM_LOST, "data"),
        (
            'waiting for ephemeral volume controller to create the persistentvolumeclaim "web-tmp"',
            RefusalKind.CLAIM_STARTING,
            "web-tmp",
        ),
    ],
)
def test_reasons_that_hold_for_every_node_have_no_count(text: str, kind: RefusalKind, detail: str) -> None:
    (refusal,) = parse_scheduler_message(f"0/6 nodes are available: {text}").refusals

    assert (refusal.kind, refusal.count, refusal.detail) == (kind, None, detail)


def test_several_reasons_come_with_the_most_nodes_first() -> None:
    reasons = "1 node(s) were unschedulable, 2 Insufficient cpu, 6 node(s) had untolerated taint {a: b}."
    message = parse_scheduler_message(f"0/9 nodes are available: {reasons}")

    assert [each.count for each in message.refusals] == [6, 2, 1]


def test_a_cluster_without_nodes_is_told() -> None:
    (refusal,) = parse_scheduler_message("no nodes available to schedule pods").refusals

    assert refusal.kind is RefusalKind.NO_NODES
