"""Services and workloads that want no pods: down, idle, or unknown."""

from __future__ import annotations

import pytest
from msgspec import convert
from msgspec.structs import replace

from k9py.api.events import Event
from k9py.api.meta import KubeObject, ManagedFields, OwnedFields, OwnerReference
from k9py.api.severity import Severity
from k9py.api.workloads import Deployment, ReplicaSet, Workload
from k9py.cluster.views import RolloutView, ServiceView
from tests import factories as make
from tests.factories import NOW
from tests.unit.cluster.situations import (
    HOUR,
    pods,
    seen,
)
from tests.unit.cluster.world import World


def zero(*, generation: int = 2, annotations: dict[str, str] | None = None) -> Deployment:
    return make.deployment(replicas=0, generation=generation, annotations=annotations)


def replica_set_at_zero(*, generation: int, desired: str = "0") -> ReplicaSet:
    plain = make.replica_set(replicas=0)
    notes = {**(plain.metadata.annotations or {}), "deployment.kubernetes.io/desired-replicas": desired}
    return replace(plain, metadata=replace(plain.metadata, generation=generation, annotations=notes))


def by_kubectl(workload: Workload) -> Workload:
    """Return the workload scaled by kubectl, without a time, as servers since 1.36 report it."""
    owned: dict[str, object] = {"f:spec": {"f:replicas": {}}}
    entry = ManagedFields("kubectl", "Update", None, "scale", convert(owned, OwnedFields))
    return replace(workload, metadata=replace(workload.metadata, managed_fields=(entry,)))


def taken(number: int, since: float) -> Event:
    verb = "Delete" if number else "delete"  # the one since 1.36, the other before
    message = f"{verb} Pod checkout-{number} in StatefulSet checkout successful"
    event = make.event(EMPTIED, "SuccessfulDelete", message, type_="Normal", since=since)
    return replace(event, metadata=replace(event.metadata, name=f"checkout.{number}"))


EMPTIED = make.stateful_set("checkout", replicas=0, generation=4)
NEVER_SCALED = replica_set_at_zero(generation=1)
SCALED = make.event(zero(), "ScalingReplicaSet", "Scaled down replica set checkout-aaa from 3 to 0", type_="Normal")
KEDA = OwnerReference(kind="ScaledObject", name="orders", controller=True)


def scaled_object() -> KubeObject:
    autoscaler = make.autoscaler(zero(), min_replicas=1)
    return replace(autoscaler, metadata=replace(autoscaler.metadata, owner_references=(KEDA,)))


@pytest.mark.parametrize(
    ("objects", "severity", "message"),
    [
        ([zero(), replica_set_at_zero(generation=2)], Severity.DOWN, "scaled to 0"),
        ([zero(), replica_set_at_zero(generation=1, desired="3")], Severity.DOWN, "scaled to 0"),
        ([zero(), NEVER_SCALED, SCALED], Severity.DOWN, "scaled to 0, was 3"),
        ([zero(), NEVER_SCALED, make.autoscaler(zero())], Severity.DOWN, "scaled to 0"),
        ([by_kubectl(zero()), replica_set_at_zero(generation=2)], Severity.DOWN, "scaled to 0 by kubectl"),
        ([by_kubectl(EMPTIED)], Severity.DOWN, "scaled to 0 by kubectl"),
        (
            [EMPTIED, *(taken(number, since) for number, since in ((2, 30), (1, 20), (0, 10)))],
            Severity.DOWN,
            "scaled to 0, was 3",
        ),
        ([zero(generation=1), NEVER_SCALED], Severity.IDLE, "created with 0 replicas and never scaled"),
        ([zero(), NEVER_SCALED], Severity.IDLE, "created with 0 replicas and never scaled"),
        ([zero()], Severity.UNKNOWN, "wants 0 pods; whether it ran before is unknown"),
        ([make.stateful_set("checkout", replicas=0, generation=1)], Severity.IDLE, "created with 0 replicas"),
        ([make.stateful_set("checkout", replicas=0, generation=4)], Severity.UNKNOWN, "wants 0 pods; whether"),
        (
            [zero(), replica_set_at_zero(generation=5), scaled_object()],
            Severity.IDLE,
            "scaled to 0 by KEDA's ScaledObject orders until it is needed",
        ),
        (
            [zero(annotations={"autoscaling.knative.dev/class": "kpa"}), replica_set_at_zero(generation=5)],
            Severity.IDLE,
            "scaled to 0 by Knative until it is needed",
        ),
    ],
    ids=[
        "ReplicaSet was scaled",
        "desired-replicas of before",
        "event",
        "autoscaler",
        "who scaled it",
        "StatefulSet was scaled",
        "StatefulSet's pods were deleted",
        "never changed",
        "never scaled",
        "no sign",
        "new StatefulSet",
        "StatefulSet, no sign",
        "KEDA",
        "Knative",
    ],
)
def test_a_service_whose_workload_is_at_zero_is_down_unless_it_always_was_or_is_meant_to_be(
    objects: list[KubeObject], severity: Severity, message: str
) -> None:
    service = make.service("checkout")
    views = seen(*objects, service, make.endpoint_slice(service))
    assert [view.severity for view in views] == [severity, severity]
    assert [finding.message.startswith(message) for view in views for finding in view.findings[:1]] == [True, True]


def test_a_workload_seen_running_in_this_session_is_down_at_zero() -> None:
    service = make.service("checkout")
    running = make.stateful_set("checkout", replicas=3)
    made = [make.pod(f"checkout-{n}", owner=running) for n in range(3)]
    world = World(running, service, *made, make.endpoint_slice(service, made))
    assert [view.severity for view in both(world, running)] == [Severity.HEALTHY, Severity.HEALTHY]
    world.remove(*(pod.key for pod in made))
    world.put(make.stateful_set("checkout", replicas=0, generation=2, total=0, ready=0), make.endpoint_slice(service))
    views = both(world, running)
    assert [view.severity for view in views] == [Severity.DOWN, Severity.DOWN]
    assert views[0].findings[0].message == "scaled to 0, was 3"


def both(world: World, workload: Workload) -> tuple[ServiceView, RolloutView]:
    service = world.queries.service_view(make.key("Service", "checkout"), NOW)
    rollout = world.queries.rollout_view(workload.key, NOW)
    assert service is not None
    assert rollout is not None
    return service, rollout


def test_a_workload_at_zero_next_to_a_serving_one_is_idle_until_that_one_is_deleted() -> None:
    blue, stopped = zero(), replica_set_at_zero(generation=2)
    green = make.deployment("green", revision=2)
    green = replace(green, spec=replace(green.spec, template=make.template(labels={"app": "checkout"})))
    greens = make.replica_set(green, "ggg", revision=2)
    made = pods(greens, ready=3)
    service = make.service("checkout")
    world = World(blue, stopped, green, greens, service, *made, make.endpoint_slice(service, made))
    views = both(world, blue)
    assert [view.severity for view in views] == [Severity.HEALTHY, Severity.IDLE]
    world.put(make.endpoint_slice(service))
    assert "checkout" in world.dirty[1], "how bad it is at zero depends on the endpoints of its service"
    assert both(world, blue)[1].severity is Severity.DOWN


def test_a_worker_without_a_service_that_was_scaled_to_zero_lately_is_a_warning_and_later_idle() -> None:
    for since, severity in ((60, Severity.WARNING), (2 * HOUR, Severity.IDLE)):
        event = make.event(zero(), "ScalingReplicaSet", "Scaled down replica set x from 3 to 0", since=since)
        view = World(zero(), replica_set_at_zero(generation=2), event).queries.rollout_view(zero().key, NOW)
        assert view is not None
        assert view.severity is severity


@pytest.mark.parametrize(
    ("selector", "severity"),
    [
        ({"app": "checkout", "slot": "green"}, Severity.IDLE),
        ({"app": "checkout", "team": "green"}, Severity.WARNING),
        ({"slot": "green"}, Severity.WARNING),
    ],
    ids=["another slot of it", "another label", "nothing in common"],
)
def test_the_version_that_a_service_no_longer_selects_may_be_scaled_to_zero(
    selector: dict[str, str], severity: Severity
) -> None:
    blue = replace(
        zero(),
        spec=replace(zero().spec, template=make.template(labels={"app": "checkout", "slot": "blue", "team": "shop"})),
    )
    event = make.event(blue, "ScalingReplicaSet", "Scaled down replica set x from 3 to 0", since=60)
    service = make.service("shop", selector=selector)
    greens = [make.pod("green-1", labels=selector)]
    world = World(
        blue, replica_set_at_zero(generation=2), event, service, *greens, make.endpoint_slice(service, greens)
    )

    view = world.queries.rollout_view(blue.key, NOW)

    assert view is not None
    assert view.severity is severity
