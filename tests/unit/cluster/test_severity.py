"""How bad services and rollouts are, as their users feel it: one row a situation, through the stores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from msgspec import convert
from msgspec.structs import replace

from k9py.cluster.views import RolloutView, ServiceView
from k9py.objects.events import Event
from k9py.objects.managed import ManagedFields, OwnedFields
from k9py.objects.meta import KubeObject, OwnerReference
from k9py.objects.pods import ContainerStatus, Pod
from k9py.objects.services import EndpointConditions, EndpointSlice
from k9py.objects.severity import Severity
from k9py.objects.workloads import DaemonSet, Deployment, ReplicaSet, RollingUpdate, StatefulSet, Strategy, Workload
from tests import factories as make
from tests.factories import NOW
from tests.unit.cluster.world import World

HOUR = 3600.0
CRASHING = make.container_status(ready=False, state=make.waiting("CrashLoopBackOff"), last=make.terminated(1))
STARTING = make.container_status(ready=False, state=make.waiting("ContainerCreating"))
UPDATING = make.condition("Progressing", "True", "ReplicaSetUpdated")
THROUGH = make.condition("Progressing", "True", "NewReplicaSetAvailable")
TOO_LATE = make.condition("Progressing", "False", "ProgressDeadlineExceeded")


def aged(workload: KubeObject, seconds: float) -> KubeObject:
    """The same object, created so many seconds ago."""
    meta = replace(workload.metadata, creation_timestamp=make.before(seconds))
    return replace(workload, metadata=meta)


def pods(
    owner: KubeObject, *, ready: int = 0, crashing: int = 0, starting: int = 0, created: float = HOUR
) -> list[Pod]:
    labels = {"app": "checkout"}
    common = {"owner": owner, "labels": labels}
    found = [make.pod(f"{owner.name}-{n}", **common, created=HOUR) for n in range(ready)]  # type: ignore[arg-type]
    for number in range(crashing):
        name = f"{owner.name}-c{number}"
        found.append(make.pod(name, owner=owner, labels=labels, ready=False, statuses=[CRASHING], created=created))
    for number in range(starting):
        name = f"{owner.name}-s{number}"
        pod = make.pod(name, owner=owner, labels=labels, ready=False, statuses=[STARTING], created=created)
        found.append(pod)
    return found


def seen(*objects: KubeObject) -> tuple[ServiceView, RolloutView]:
    """Return the views of the service and of the one workload among the objects."""
    world = World(*objects)
    [service] = [one for one in objects if one.KIND == "Service"]
    [workload] = [one for one in objects if isinstance(one, Deployment | StatefulSet | DaemonSet)]
    service_view = world.queries.service_view(service.key, NOW)
    rollout_view = world.queries.rollout_view(workload.key, NOW)
    assert service_view is not None
    assert rollout_view is not None
    return service_view, rollout_view


@dataclass(frozen=True)
class Situation:
    """A Deployment that wants three pods, and its pods: of the revision in force, and of the one before."""

    deployment: Deployment
    new: Sequence[Pod] = ()
    old: Sequence[Pod] = ()
    severity: Severity = Severity.HEALTHY
    numbers: tuple[int, int] = (3, 3)

    def objects(self) -> list[KubeObject]:
        service = make.service("checkout")
        every = [*self.new, *self.old]
        return [self.deployment, NEW, OLD, *every, service, make.endpoint_slice(service, every)]


BASE = make.deployment("checkout", revision=2)
NEW = make.replica_set(BASE, "bbb", revision=2)
OLD = make.replica_set(BASE, "aaa", revision=1)

SITUATIONS = {
    "all serve": Situation(make.deployment(revision=2), pods(NEW, ready=3)),
    "nothing serves": Situation(
        make.deployment(revision=2, ready=0, available=0, conditions=[THROUGH]),
        pods(NEW, crashing=3),
        severity=Severity.DOWN,
        numbers=(0, 3),
    ),
    "one crashed": Situation(
        make.deployment(revision=2, ready=2, available=2, conditions=[THROUGH]),
        pods(NEW, ready=2, crashing=1),
        severity=Severity.DEGRADED,
        numbers=(2, 3),
    ),
    "one is not ready for long": Situation(
        make.deployment(revision=2, ready=2, available=2, conditions=[THROUGH]),
        pods(NEW, ready=2, starting=1, created=HOUR),
        severity=Severity.DEGRADED,
        numbers=(2, 3),
    ),
    "one has just been replaced": Situation(
        make.deployment(revision=2, ready=2, available=2, conditions=[THROUGH]),
        pods(NEW, ready=2, starting=1, created=5),
        severity=Severity.ROLLING_OUT,
        numbers=(2, 3),
    ),
    "a bad release over a healthy one": Situation(
        make.deployment(revision=2, total=4, updated=1, ready=3, available=3, conditions=[UPDATING]),
        pods(NEW, crashing=1),
        pods(OLD, ready=3),
        severity=Severity.STUCK,
    ),
    "a release that did not come up in time": Situation(
        make.deployment(revision=2, total=4, updated=1, ready=3, available=3, conditions=[TOO_LATE]),
        pods(NEW, starting=1),
        pods(OLD, ready=3),
        severity=Severity.STUCK,
    ),
    "a bad release that has taken one away": Situation(
        make.deployment(revision=2, total=4, updated=2, ready=2, available=2, conditions=[UPDATING]),
        pods(NEW, crashing=2),
        pods(OLD, ready=2),
        severity=Severity.DEGRADED,
        numbers=(2, 3),
    ),
    "a release on its way": Situation(
        make.deployment(revision=2, total=4, updated=1, ready=3, available=3, conditions=[UPDATING]),
        pods(NEW, starting=1, created=90),
        pods(OLD, ready=3),
        severity=Severity.ROLLING_OUT,
    ),
    "a release that surges": Situation(
        make.deployment(revision=2, total=5, updated=2, ready=5, available=5, conditions=[UPDATING]),
        pods(NEW, ready=2),
        pods(OLD, ready=3),
        severity=Severity.ROLLING_OUT,
    ),
    "a paused release": Situation(
        make.deployment(revision=2, total=4, updated=1, ready=4, available=4, paused=True, conditions=[UPDATING]),
        pods(NEW, ready=1),
        pods(OLD, ready=3),
        severity=Severity.WARNING,
    ),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_service_and_its_workload_agree_on_severity_and_numbers(name: str) -> None:
    situation = SITUATIONS[name]
    service, rollout = seen(*situation.objects())
    assert (service.severity, rollout.severity) == (situation.severity, situation.severity)
    assert (service.serving, service.wanted) == situation.numbers
    assert (rollout.status.serving, rollout.status.desired) == situation.numbers
    assert service.is_explained


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_mark_has_a_finding_that_is_as_bad_and_none_is_worse(name: str) -> None:
    for view in seen(*SITUATIONS[name].objects()):
        worst = min((one.severity for one in view.findings), default=None)
        if view.severity <= Severity.WARNING:
            assert worst is view.severity
        else:
            assert worst is None or worst > Severity.WARNING


@pytest.mark.parametrize(
    ("allowed", "missing", "severity"),
    [(2, 2, Severity.ROLLING_OUT), (2, 3, Severity.DEGRADED), ("50%", 5, Severity.ROLLING_OUT)],
)
def test_an_update_may_miss_as_many_pods_as_its_strategy_allows(
    allowed: int | str, missing: int, severity: Severity
) -> None:
    counts = {"total": 10, "updated": 4, "ready": 10 - missing, "available": 10 - missing}
    deployment = make.deployment(revision=2, replicas=10, conditions=[UPDATING], **counts)  # type: ignore[arg-type]
    strategy = Strategy(rolling_update=RollingUpdate(max_unavailable=allowed, max_surge=0))
    deployment = replace(deployment, spec=replace(deployment.spec, strategy=strategy))
    new = [*pods(NEW, ready=max(4 - missing, 0)), *pods(NEW, starting=min(missing, 4), created=90)]
    objects = Situation(deployment, new, pods(OLD, ready=6 - max(missing - 4, 0))).objects()
    assert seen(*objects)[1].severity is severity


@pytest.mark.parametrize(
    ("created", "statuses", "severity"),
    [(20, STARTING, Severity.ROLLING_OUT), (20, CRASHING, Severity.DOWN), (HOUR, STARTING, Severity.DOWN)],
    ids=["seconds old", "seconds old and crashing", "old"],
)
def test_what_has_just_been_made_rolls_out_unless_it_fails(
    created: float, statuses: ContainerStatus, severity: Severity
) -> None:
    deployment = aged(make.deployment(revision=2, ready=0, available=0, conditions=[UPDATING]), created)
    made = [make.pod(f"p-{n}", owner=NEW, ready=False, statuses=[statuses], created=created) for n in range(3)]
    service = aged(make.service("checkout"), created)
    found = seen(deployment, NEW, *made, service, make.endpoint_slice(make.service("checkout"), made))
    assert [one.severity for one in found] == [severity, severity]


def test_a_service_whose_workload_is_being_deleted_is_down_once_no_pod_serves() -> None:
    plain = make.deployment(revision=2, ready=0, available=0, conditions=[THROUGH])
    meta = replace(plain.metadata, deletion_timestamp=make.before(5), finalizers=("foregroundDeletion",))
    service, rollout = seen(*Situation(replace(plain, metadata=meta)).objects())
    assert (service.severity, rollout.severity) == (Severity.DOWN, Severity.ROLLING_OUT)


def test_one_just_made_that_no_controller_has_seen_yet_rolls_out_and_an_old_one_is_unknown() -> None:
    unseen = make.deployment(observed=0, total=0, ready=0, updated=0, available=0)
    for created, severity in ((5, Severity.ROLLING_OUT), (HOUR, Severity.UNKNOWN)):
        world = World(aged(unseen, created))
        view = world.queries.rollout_view(unseen.key, NOW)
        assert view is not None
        assert view.severity is severity


def test_a_scale_up_is_no_degradation_while_its_pods_are_being_made() -> None:
    growing = make.deployment(revision=2, replicas=10, total=7, updated=7, ready=3, available=3, conditions=[THROUGH])
    made = [*pods(NEW, ready=3), *pods(NEW, starting=4, created=10)]
    objects = Situation(growing, made).objects()
    assert {one.severity for one in seen(*objects)} == {Severity.ROLLING_OUT}


def test_a_stateful_set_and_a_daemon_set_are_rated_alike() -> None:
    for workload, severity in (
        (make.stateful_set(replicas=3, ready=3), Severity.HEALTHY),
        (make.stateful_set(replicas=3, ready=2), Severity.DEGRADED),
        (make.stateful_set(replicas=3, ready=0), Severity.DOWN),
        (
            make.stateful_set(replicas=3, ready=2, updated=1, update_revision="cart-db-bbb"),
            Severity.ROLLING_OUT,
        ),
        (make.daemon_set(desired=3, ready=3), Severity.HEALTHY),
        (make.daemon_set(desired=3, ready=2, available=2), Severity.DEGRADED),
        (make.daemon_set(desired=3, ready=0, available=0), Severity.DOWN),
        (make.daemon_set(desired=0), Severity.IDLE),
        (make.daemon_set(desired=3, ready=2, available=2, updated=1), Severity.ROLLING_OUT),
    ):
        view = World(workload).queries.rollout_view(workload.key, NOW)
        assert view is not None
        assert view.severity is severity, workload


def test_one_of_two_workloads_that_serves_nothing_degrades_their_service() -> None:
    other = make.deployment("other", ready=0, available=0, conditions=[THROUGH])
    other = replace(other, spec=replace(other.spec, template=make.template(labels={"app": "checkout"})))
    others = make.replica_set(other, "ccc", revision=1)
    first = pods(NEW, ready=3)
    second = pods(others, crashing=3)
    service = make.service("checkout")
    slices = make.endpoint_slice(service, [*first, *second])
    world = World(make.deployment(revision=2), NEW, other, others, *first, *second, service, slices)
    view = world.queries.service_view(service.key, NOW)
    assert view is not None
    assert (view.severity, view.serving, view.wanted) == (Severity.DEGRADED, 3, 6)
    assert not view.is_explained, "the workload is down, the service is degraded"
    assert {one.severity for one in view.findings} <= {Severity.DEGRADED, Severity.WARNING}


def test_a_service_nobody_stands_behind_is_down_once_it_is_not_new() -> None:
    for created, severity in ((5, Severity.ROLLING_OUT), (HOUR, Severity.DOWN)):
        service = aged(make.service("checkout"), created)
        view = World(service).queries.service_view(service.key, NOW)
        assert view is not None
        assert view.severity is severity


def test_endpoints_that_are_published_before_they_are_ready_serve_once_they_are() -> None:
    deployment = make.deployment(revision=2, ready=2, available=2, conditions=[THROUGH])
    made = pods(NEW, ready=2, crashing=1)
    service = make.service("checkout", cluster_ip="None")
    slices = make.endpoint_slice(service, made)
    published = tuple(
        replace(one, conditions=EndpointConditions(ready=True, serving=pod.is_ready, terminating=False))
        for one, pod in zip(slices.endpoints or (), made, strict=True)
    )
    view, _ = seen(deployment, NEW, *made, service, replace(slices, endpoints=published))
    assert (view.severity, view.serving, view.wanted) == (Severity.DEGRADED, 2, 3)
    assert (view.ready, view.total) == (3, 3), "as the slices say"


def test_what_is_known_to_fail_is_told_where_endpoints_may_not_be_read() -> None:
    down = Situation(make.deployment(revision=2, ready=0, available=0, conditions=[THROUGH]), pods(NEW, crashing=3))
    world = World(*down.objects(), unknown=[EndpointSlice.KIND])
    view = world.queries.service_view(make.key("Service", "checkout"), NOW)
    assert view is not None
    assert (view.severity, view.serving) == (Severity.DOWN, None)


def test_pods_of_replica_sets_that_are_not_read_are_their_deployments_own() -> None:
    situation = SITUATIONS["all serve"]
    objects = [one for one in situation.objects() if one.KIND != ReplicaSet.KIND]
    for unknown in ([ReplicaSet.KIND], []):  # may not be read, or is only not in yet
        view = World(*objects, unknown=unknown).queries.service_view(make.key("Service", "checkout"), NOW)
        assert view is not None
        assert (view.serving, view.wanted, view.severity) == (3, 3, Severity.HEALTHY)


# --- at zero -------------------------------------------------------------------------------------------------------


def zero(*, generation: int = 2, annotations: dict[str, str] | None = None) -> Deployment:
    return make.deployment(replicas=0, generation=generation, annotations=annotations)


def replica_set_at_zero(*, generation: int, desired: str = "0") -> ReplicaSet:
    plain = make.replica_set(replicas=0)
    notes = {**(plain.metadata.annotations or {}), "deployment.kubernetes.io/desired-replicas": desired}
    return replace(plain, metadata=replace(plain.metadata, generation=generation, annotations=notes))


def by_kubectl(workload: Workload) -> Workload:
    """The same, scaled by kubectl: as servers since 1.36 say it, without a time."""
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
    ("objects", "severity", "words"),
    [
        ([zero(), replica_set_at_zero(generation=2)], Severity.DOWN, "scaled to zero"),
        ([zero(), replica_set_at_zero(generation=1, desired="3")], Severity.DOWN, "scaled to zero"),
        ([zero(), NEVER_SCALED, SCALED], Severity.DOWN, "scaled to zero, was 3"),
        ([zero(), NEVER_SCALED, make.autoscaler(zero())], Severity.DOWN, "scaled to zero"),
        ([by_kubectl(zero()), replica_set_at_zero(generation=2)], Severity.DOWN, "scaled to zero by kubectl"),
        ([by_kubectl(EMPTIED)], Severity.DOWN, "scaled to zero by kubectl"),
        (
            [EMPTIED, *(taken(number, since) for number, since in ((2, 30), (1, 20), (0, 10)))],
            Severity.DOWN,
            "scaled to zero, was 3",
        ),
        ([zero(generation=1), NEVER_SCALED], Severity.IDLE, "created with no replicas and never scaled"),
        ([zero(), NEVER_SCALED], Severity.IDLE, "created with no replicas and never scaled"),
        ([zero()], Severity.UNKNOWN, "wants no pods; whether it ran before is not known"),
        ([make.stateful_set("checkout", replicas=0, generation=1)], Severity.IDLE, "created with no replicas"),
        ([make.stateful_set("checkout", replicas=0, generation=4)], Severity.UNKNOWN, "wants no pods; whether"),
        (
            [zero(), replica_set_at_zero(generation=5), scaled_object()],
            Severity.IDLE,
            "scaled to zero by KEDA's ScaledObject orders until it is needed",
        ),
        (
            [zero(annotations={"autoscaling.knative.dev/class": "kpa"}), replica_set_at_zero(generation=5)],
            Severity.IDLE,
            "scaled to zero by Knative until it is needed",
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
    objects: list[KubeObject], severity: Severity, words: str
) -> None:
    service = make.service("checkout")
    found = seen(*objects, service, make.endpoint_slice(service))
    assert [one.severity for one in found] == [severity, severity]
    assert [one.message.startswith(words) for view in found for one in view.findings[:1]] == [True, True]


def test_what_was_seen_running_in_this_session_is_down_at_zero() -> None:
    service = make.service("checkout")
    running = make.stateful_set("checkout", replicas=3)
    made = [make.pod(f"checkout-{n}", owner=running) for n in range(3)]
    world = World(running, service, *made, make.endpoint_slice(service, made))
    assert [view.severity for view in both(world, running)] == [Severity.HEALTHY, Severity.HEALTHY]
    world.remove(*(pod.key for pod in made))
    world.put(make.stateful_set("checkout", replicas=0, generation=2, total=0, ready=0), make.endpoint_slice(service))
    found = both(world, running)
    assert [view.severity for view in found] == [Severity.DOWN, Severity.DOWN]
    assert found[0].findings[0].message == "scaled to zero, was 3"


def both(world: World, workload: Workload) -> tuple[ServiceView, RolloutView]:
    service = world.queries.service_view(make.key("Service", "checkout"), NOW)
    rollout = world.queries.rollout_view(workload.key, NOW)
    assert service is not None
    assert rollout is not None
    return service, rollout


def test_a_workload_at_zero_beside_one_that_serves_is_idle_until_the_other_goes() -> None:
    blue, stopped = zero(), replica_set_at_zero(generation=2)
    green = make.deployment("green", revision=2)
    green = replace(green, spec=replace(green.spec, template=make.template(labels={"app": "checkout"})))
    greens = make.replica_set(green, "ggg", revision=2)
    made = pods(greens, ready=3)
    service = make.service("checkout")
    world = World(blue, stopped, green, greens, service, *made, make.endpoint_slice(service, made))
    found = both(world, blue)
    assert [view.severity for view in found] == [Severity.HEALTHY, Severity.IDLE]
    world.put(make.endpoint_slice(service))
    assert "checkout" in world.dirty[1], "how bad it is at zero depends on the endpoints of its service"
    assert both(world, blue)[1].severity is Severity.DOWN


def test_a_worker_without_a_service_that_was_scaled_to_zero_lately_is_a_warning_and_later_idle() -> None:
    for since, severity in ((60, Severity.WARNING), (2 * HOUR, Severity.IDLE)):
        event = make.event(zero(), "ScalingReplicaSet", "Scaled down replica set x from 3 to 0", since=since)
        view = World(zero(), replica_set_at_zero(generation=2), event).queries.rollout_view(zero().key, NOW)
        assert view is not None
        assert view.severity is severity
