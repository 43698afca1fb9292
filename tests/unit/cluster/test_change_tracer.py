"""What a change affects: exactly the views that read the object, found without walking the cluster."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from k9py.api.meta import KubeObject
from k9py.api.services import Service
from tests import factories as make
from tests.unit.cluster.world import World, checkout

DEPLOYMENT, REPLICA_SET, PODS = checkout()
SERVICE = make.service("checkout")
STATEFUL_SET = make.stateful_set("cart-db")
DAEMON_SET = make.daemon_set("agent")
OTHERS = (make.service("search"), make.deployment("search"), STATEFUL_SET, DAEMON_SET)

TOUCHES: list[tuple[str, KubeObject, set[str], set[str], set[str]]] = [
    ("a pod: its workload, and the services that select it", PODS[0], {"checkout"}, {"checkout"}, {PODS[0].name}),
    ("a ReplicaSet: its Deployment and the services in front", REPLICA_SET, {"checkout"}, {"checkout"}, set()),
    ("a Deployment: itself and the services in front", DEPLOYMENT, {"checkout"}, {"checkout"}, set()),
    ("a service: itself", SERVICE, {"checkout"}, set(), set()),
    ("an endpoint slice: its service", make.endpoint_slice(SERVICE, PODS), {"checkout"}, set(), set()),
    ("a controller revision: its owner", make.controller_revision(STATEFUL_SET), set(), {"cart-db"}, set()),
    (
        "a daemon set's pod",
        make.pod("agent-1", owner=DAEMON_SET, labels={"app": "agent"}),
        set(),
        {"agent"},
        {"agent-1"},
    ),
    (
        "an autoscaler: what it scales, and the services in front",
        make.autoscaler(DEPLOYMENT),
        {"checkout"},
        {"checkout"},
        set(),
    ),
    ("an event about a ready pod, which no view reads", make.event(PODS[0]), set(), set(), {PODS[0].name}),
    ("an event about a ReplicaSet", make.event(REPLICA_SET), {"checkout"}, {"checkout"}, set()),
    ("an event about a workload", make.event(STATEFUL_SET), set(), {"cart-db"}, set()),
    ("an event about a service, which no view reads", make.event(SERVICE), set(), set(), set()),
    ("a pod without an owner", make.pod("debug", labels={"run": "debug"}), set(), set(), {"debug"}),
    ("a pod of another namespace", make.pod("x", "other", labels={"app": "checkout"}), set(), set(), {"x"}),
]


@pytest.mark.parametrize(
    ("changed", "services", "rollouts", "pods"), [case[1:] for case in TOUCHES], ids=[case[0] for case in TOUCHES]
)
def test_a_change_affects_what_depends_on_it(
    changed: KubeObject, services: set[str], rollouts: set[str], pods: set[str]
) -> None:
    world = World(DEPLOYMENT, REPLICA_SET, SERVICE, *OTHERS, *PODS)
    world.put(changed)
    assert world.dirty == (services, rollouts, pods)


@pytest.mark.parametrize(
    ("gone", "services", "rollouts"),
    [(lambda: PODS[0], {"checkout"}, {"checkout"}), (lambda: DEPLOYMENT, {"checkout"}, {"checkout"})],
    ids=["pod", "deployment"],
)
def test_a_deletion_affects_what_depended_on_it(
    gone: Callable[[], KubeObject], services: set[str], rollouts: set[str]
) -> None:
    world = World(DEPLOYMENT, REPLICA_SET, SERVICE, *OTHERS, *PODS)
    world.remove(gone().key)
    assert world.dirty[:2] == (services, rollouts)


def test_a_pod_that_changes_its_labels_affects_the_services_of_both() -> None:
    world = World(make.service("old"), make.service("new"), make.pod("p", labels={"app": "old"}))
    world.put(make.pod("p", labels={"app": "new"}))
    assert world.dirty[0] == {"old", "new"}


def test_an_event_about_a_pod_that_is_not_ready_affects_its_workload_and_services() -> None:
    pod = make.pod("checkout-aaa-0", owner=REPLICA_SET, labels={"app": "checkout"}, ready=False)
    world = World(DEPLOYMENT, REPLICA_SET, SERVICE, *OTHERS, pod, *PODS[1:])
    world.put(make.event(pod))
    assert world.dirty == ({"checkout"}, {"checkout"}, {pod.name})


def test_a_view_depends_on_what_it_reads_after_a_change() -> None:
    world = World(DEPLOYMENT, SERVICE)
    world.put(REPLICA_SET)
    world.put(*PODS)  # nobody has read the ReplicaSet's pods yet
    assert world.dirty == ({"checkout"}, {"checkout"}, {pod.name for pod in PODS})
    world.read_all()
    world.put(PODS[0])
    assert world.dirty[1] == {"checkout"}


def test_a_stale_view_keeps_no_reads() -> None:
    world = World(DEPLOYMENT, REPLICA_SET, SERVICE, *PODS)
    assert len(world.stores.reads)
    world.remove(SERVICE.key, DEPLOYMENT.key)
    world.read_all()
    world.queries.service_view(SERVICE.key, make.NOW)
    world.queries.rollout_view(DEPLOYMENT.key, make.NOW)
    assert len(world.stores.reads) == 0


def test_a_service_without_selector_selects_nothing() -> None:
    world = World(make.service("by-hand", selector={}))
    world.put(make.pod("p"))
    assert world.dirty[0] == set()


def test_a_batch_too_large_to_trace_marks_everything() -> None:
    world = World()
    world.put_together(Service.KIND, [make.service(f"s{number}") for number in range(2_001)])
    assert [objects.everything for objects in world.affected] == [True]
