"""Why a pod has no node, and what would make it fit."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.diagnosis.checks.scheduling import pod_unschedulable
from k9py.diagnosis.finding import Finding
from tests.factories.graph import GraphOfObjects, findings_of
from tests.factories.placement import (
    claim_json,
    event_json,
    node_json,
    pod_json,
    storage_class_json,
    volume_json,
)

_TAIL = (
    ". no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling."
)


def _find(pod: Any, *objects: Any, **graph: Any) -> tuple[Finding, ...]:
    world = GraphOfObjects(pod, *objects, **graph)
    return findings_of(pod_unschedulable, world.subject(POD, pod["metadata"]["name"], "shop"), world)


def _refused(reasons: str, nodes: int = 2, **pod: Any) -> Any:
    return pod_json("web-1", message=f"0/{nodes} nodes are available: {reasons}{_TAIL}", **pod)


_AFFINITY = {
    "requiredDuringSchedulingIgnoredDuringExecution": [
        {"labelSelector": {"matchLabels": {"app": "web"}}, "topologyKey": "host"}
    ]
}


@pytest.mark.parametrize(
    ("pod", "nodes", "message", "step"),
    [
        (
            _refused("2 Insufficient cpu", cpu="3"),
            (node_json("a"), node_json("b")),
            "Insufficient cpu on 2 nodes (it requests 3)",
            "free 1 cpu on a: a lacks 1 of 3 cpu",
        ),
        (
            _refused("2 Insufficient cpu", cpu="100"),
            (node_json("a"), node_json("b", cpu="16")),
            "it requests 100 cpu, the largest node (b) has 16",
            "lower the pods' requests or add a node",
        ),
        (
            _refused("1 Insufficient cpu, 1 Too many pods", cpu="100"),
            (node_json("a"), node_json("b", cpu="16")),
            "it requests 100 cpu, the largest node (b) has 16",
            "lower the pods' requests or add a node",
        ),
        (
            _refused("2 Insufficient nvidia.com/gpu", container={"resources": {"requests": {"nvidia.com/gpu": "2"}}}),
            (node_json("a"), node_json("b")),
            "no node has nvidia.com/gpu (it requests 2)",
            "lower the pods' requests or add a node",
        ),
        (
            _refused("2 node(s) had untolerated taint(s)"),
            (node_json("a", taints=["dedicated=gpu:NoSchedule"]), node_json("b", taints=["dedicated=gpu:NoSchedule"])),
            "2 nodes have taint dedicated=gpu:NoSchedule, which it does not tolerate",
            "tolerate taint dedicated=gpu:NoSchedule of a",
        ),
        (
            _refused("2 node(s) didn't match Pod's node affinity/selector", nodeSelector={"disktype": "ssd"}),
            (node_json("a", labels={"disktype": "sdd"}), node_json("b")),
            "no node has label disktype=ssd; 1 has disktype=sdd",
            "label a disktype=ssd",
        ),
        (
            _refused("2 node(s) didn't match Pod's node affinity/selector", nodeSelector={"diskype": "ssd"}),
            (node_json("a", labels={"disktype": "ssd"}), node_json("b")),
            "no node has label diskype=ssd; 1 has disktype=ssd",
            "label a diskype=ssd",
        ),
        (
            _refused(
                "1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint(s)",
                nodeSelector={"pool": "gpu"},
            ),
            (node_json("a", labels={"pool": "gpu"}, taints=["dedicated=gpu:NoSchedule"]), node_json("b")),
            "a, the only node with pool=gpu, has taint dedicated=gpu:NoSchedule, which it does not tolerate",
            "tolerate taint dedicated=gpu:NoSchedule of a",
        ),
        (
            # The taint of a node for others is no reason that anybody could act on.
            _refused("1 Insufficient cpu, 1 node(s) had untolerated taint(s)", cpu="3"),
            (node_json("a"), node_json("b", taints=["dedicated=gpu:NoSchedule"])),
            "Insufficient cpu on 1 node (it requests 3)",
            "free 1 cpu on a: a lacks 1 of 3 cpu",
        ),
        (
            _refused(
                "2 node(s) didn't match pod topology spread constraints (missing required label)",
                topologySpreadConstraints=[
                    {"maxSkew": 1, "topologyKey": "topology.example.com/zon", "whenUnsatisfiable": "DoNotSchedule"}
                ],
            ),
            (node_json("a", labels={"topology.example.com/zone": "x"}), node_json("b")),
            (
                "no node has label topology.example.com/zon; 1 has topology.example.com/zone=x "
                "(its topology spread constraint needs it)"
            ),
            "correct the topology key or label the nodes",
        ),
        (
            _refused("2 node(s) didn't match pod anti-affinity rules", affinity={"podAntiAffinity": _AFFINITY}),
            (node_json("a", labels={"host": "a"}), node_json("b", labels={"host": "b"})),
            "its anti-affinity (app=web per host) excludes 2 nodes",
            "run fewer replicas, prefer the anti-affinity, or add a node",
        ),
        (
            _refused(
                "2 node(s) didn't have free ports for the requested pod ports",
                container={"ports": [{"containerPort": 80, "hostPort": 8080}]},
            ),
            (node_json("a"), node_json("b")),
            "host port 8080 is taken on 2 nodes",
            "drop the host port, run fewer replicas, or add a node",
        ),
        (
            pod_json("web-1", message="no nodes available to schedule pods"),
            (),
            "the cluster has no nodes that pods may be scheduled on",
            "",
        ),
    ],
)
def test_the_message_names_what_is_lacking_and_the_first_step_what_helps(
    pod: Any, nodes: tuple[Any, ...], message: str, step: str
) -> None:
    busy = [pod_json(f"busy-{each['metadata']['name']}", node=each["metadata"]["name"], cpu="2", phase="Running",
                     meta={"labels": {"app": "web"}}, container={"ports": [{"containerPort": 80, "hostPort": 8080}]})
            for each in nodes]  # fmt: skip

    (finding,) = _find(pod, *nodes, *busy)

    assert finding.message == f"pod cannot be scheduled: {message}"
    assert finding.severity is Severity.DOWN
    assert [each.text for each in finding.next_steps][:1] == ([step] if step else [])


def test_evidence_names_the_closest_nodes_and_the_pods_in_the_way() -> None:
    pod = _refused("2 node(s) didn't match pod anti-affinity rules", affinity={"podAntiAffinity": _AFFINITY})
    nodes = (node_json("a", labels={"host": "a"}), node_json("b", labels={"host": "b"}))
    other = pod_json("web-0", node="a", phase="Running", meta={"labels": {"app": "web"}})

    (finding,) = _find(pod, *nodes, other)

    assert "a runs pod shop/web-0, which its anti-affinity excludes" in [each.text for each in finding.evidence]


def test_a_node_that_only_a_cordon_keeps_pods_from_is_the_cause() -> None:
    pod = _refused(
        "1 node(s) were unschedulable, 1 node(s) didn't match Pod's node affinity/selector", nodeSelector={"pool": "x"}
    )

    (finding,) = _find(pod, node_json("a", labels={"pool": "x"}, cordoned=True), node_json("b"))

    assert finding.message == "pod cannot be scheduled: a, the only node with pool=x, is cordoned"
    (cause,) = finding.caused_by
    assert isinstance(cause, Finding)
    assert (str(cause.about), cause.severity) == ("Node a", Severity.WARNING)
    assert finding.next_steps[0].action == "node.uncordon"


def test_a_cordon_is_no_cause_of_a_pod_that_would_not_fit_anyway() -> None:
    pod = _refused("1 node(s) were unschedulable, 1 Insufficient cpu", cpu="100")

    (finding,) = _find(pod, node_json("a", cordoned=True), node_json("b"))

    assert finding.caused_by == ()
    assert "cordoned" not in finding.message


def test_nodes_that_cannot_be_read_leave_the_words_of_the_scheduler_and_are_told() -> None:
    pod = _refused("1 node(s) had untolerated taint {dedicated: gpu}, 1 Insufficient cpu", cpu="2")

    (finding,) = _find(pod, unread={"Node": "forbidden"})

    assert "1 node has taint dedicated=gpu, which it does not tolerate" in finding.message
    assert "nodes have not been read: forbidden" in [each.text for each in finding.evidence]


def test_pods_of_other_namespaces_that_are_not_watched_are_unknown_not_absent() -> None:
    (finding,) = _find(_refused("2 Insufficient cpu", cpu="3"), node_json("a"), node_json("b"), scope=("shop",))

    assert "what the pods of all namespaces request has not been read" in [each.text for each in finding.evidence]
    assert not any("lacks" in each.text for each in finding.evidence)


def test_a_claim_that_does_not_exist_is_the_cause_with_a_similar_name() -> None:
    text = '0/2 nodes are available: persistentvolumeclaim "dta" not found. not found'
    pod = pod_json("web-1", message=text, volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "dta"}}])

    (finding,) = _find(pod, node_json("a"), claim_json("data"))

    (cause,) = finding.caused_by
    assert isinstance(cause, Finding)
    assert (cause.about, cause.message) == (
        ObjectRef("PersistentVolumeClaim", "shop", "dta"),
        "does not exist; similar: data",
    )


def test_a_volume_that_no_node_can_use_is_the_cause() -> None:
    term = {"matchExpressions": [{"key": "zone", "operator": "In", "values": ["d"]}]}
    volume = volume_json("pv-1", phase="Bound", nodeAffinity={"required": {"nodeSelectorTerms": [term]}})
    pod = _refused(
        "2 node(s) didn't match PersistentVolume's node affinity",
        volumes=[{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}],
    )
    claim = claim_json("data", phase="Bound", volumeName="pv-1")

    (finding,) = _find(pod, volume, claim, node_json("a", labels={"zone": "a"}))

    causes = [each for each in finding.caused_by if isinstance(each, Finding)]
    assert [(str(each.about), each.message) for each in causes] == [
        ("PersistentVolume pv-1", "no node can use the volume: no node has label zone=d; 1 has zone=a")
    ]


def test_a_claim_for_one_pod_names_the_pod_that_uses_it() -> None:
    uses = [{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]
    text = "2 node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use"
    claim = claim_json("data", phase="Bound", volumeName="pv-1", accessModes=["ReadWriteOncePod"])

    (finding,) = _find(_refused(text, volumes=uses), claim, pod_json("web-0", node="a", phase="Running", volumes=uses))

    (cause,) = finding.caused_by
    assert isinstance(cause, Finding)
    assert cause.message == "is used by pod web-0, and only one pod may use it"


def test_a_pod_that_may_not_preempt_says_so() -> None:
    pod = _refused("2 Insufficient cpu", cpu="3", preemptionPolicy="Never", priorityClassName="batch")

    (finding,) = _find(pod, node_json("a"))

    assert "Never (PriorityClass batch): no other pod makes room for it" in [each.text for each in finding.evidence]


_QUEUED = {"ownerReferences": [{"kind": "Job", "name": "j", "uid": "j", "controller": True}]}


@pytest.mark.parametrize(
    ("pod", "severity", "message"),
    [
        (
            pod_json("web-1", message="gated", reason="SchedulingGated", schedulingGates=[{"name": "x.io/q"}]),
            Severity.DOWN,
            "pod waits for scheduling gate x.io/q",
        ),
        (
            pod_json(
                "web-1",
                message="g",
                reason="SchedulingGated",
                since=9000,
                meta=_QUEUED,
                schedulingGates=[{"name": "q"}],
            ),
            Severity.INFO,
            "pod waits for scheduling gate q",
        ),
        (
            _refused("2 Insufficient cpu", status={"nominatedNodeName": "a"}, since=30),
            Severity.INFO,
            "pod waits until pods with a lower priority have left node a",
        ),
        (
            pod_json("web-1", schedulerName="mine"),
            Severity.DOWN,
            "no scheduler has looked at the pod: schedulerName is mine",
        ),
        (
            pod_json("web-1", schedulerName="default-scheduler"),
            Severity.DOWN,
            "the scheduler has not looked at the pod",
        ),
    ],
)
def test_pods_that_wait_for_something_else(pod: Any, severity: Severity, message: str) -> None:
    (finding,) = _find(pod, node_json("a"))

    assert (finding.severity, finding.message) == (severity, message)


def test_a_pod_for_which_a_node_is_added_waits_for_it() -> None:
    event = event_json(
        "Pod", "web-1", "TriggeredScaleUp", "pod triggered scale-up: [{pool 1->2 (max: 5)}]", type_="Normal"
    )

    (finding,) = _find(_refused("2 Insufficient cpu", cpu="3"), node_json("a"), event)

    assert (finding.severity, finding.message) == (Severity.INFO, "pod waits for a new node, which is being added")


@pytest.mark.parametrize(
    "pod",
    [
        _refused("2 Insufficient cpu", since=4),
        pod_json("web-1", created=20),
        pod_json("web-1", node="a"),
        _refused("2 Insufficient cpu", deleted=-10),
        pod_json(
            "web-1",
            message="0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found",
            since=40,
        ),
    ],
    ids=["just refused", "just created", "assigned", "terminating", "claim being provisioned"],
)
def test_a_pod_that_has_waited_for_seconds_is_no_problem(pod: Any) -> None:
    assert _find(pod, node_json("a")) == ()


def test_a_pod_whose_claim_is_to_be_bound_on_a_chosen_node_waits_for_the_claim() -> None:
    claim = claim_json("data", storage_class="late")
    claim["metadata"]["annotations"] = {"volume.kubernetes.io/selected-node": "a"}
    pod = pod_json("web-1", volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])

    (finding,) = _find(pod, claim, storage_class_json("late", mode="WaitForFirstConsumer"), node_json("a"))

    assert finding.message == "pod waits until claim data is bound"
    (cause,) = finding.caused_by
    assert isinstance(cause, Finding)
    assert (cause.about.name, cause.reason) == ("data", "ExternalProvisioning")


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (
            event_json("Pod", "web-0", "Preempted", "Preempted by pod uid-vip on node a", last=3605, type_="Normal"),
            "its predecessor was preempted by pod vip (PriorityClass high); Insufficient cpu on 1 node (it requests 3)",
        ),
        (
            event_json("Pod", "web-0", "Preempted", "Preempted by pod uid-else on node a", last=3605, type_="Normal"),
            "its predecessor was preempted by another pod; Insufficient cpu on 1 node (it requests 3)",
        ),
        (
            event_json("Pod", "web-0", "Preempted", "Preempted by pod uid-vip on node a", last=9000, type_="Normal"),
            "Insufficient cpu on 1 node (it requests 3)",
        ),
        (
            event_json("Pod", "db-0", "Preempted", "Preempted by pod uid-vip on node a", last=3605, type_="Normal"),
            "Insufficient cpu on 1 node (it requests 3)",
        ),
    ],
)
def test_a_pod_that_replaces_a_preempted_one_names_for_whom_it_had_to_leave(event: Any, message: str) -> None:
    owner = {"ownerReferences": [{"kind": "ReplicaSet", "name": "web", "uid": "rs", "controller": True}]}
    vip = pod_json("vip", node="a", phase="Running", cpu="2", priorityClassName="high")

    (finding,) = _find(_refused("1 Insufficient cpu", nodes=1, cpu="3", meta=owner), node_json("a"), vip, event)

    assert finding.message == f"pod cannot be scheduled: {message}"
