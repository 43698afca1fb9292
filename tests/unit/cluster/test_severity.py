"""The severity of Services and rollouts, as their users experience it: one row per situation, through the stores."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from k9py.api.pods import ContainerStatus
from k9py.api.services import EndpointConditions, EndpointSlice
from k9py.api.severity import Severity
from k9py.api.workloads import ReplicaSet, RollingUpdate, Strategy
from k9py.views.rollouts import state_text
from k9py.views.services import why_cell
from tests import factories as make
from tests.factories import NOW
from tests.unit.cluster.situations import (
    CRASHING,
    HOUR,
    NEW,
    OLD,
    STARTING,
    THROUGH,
    TOO_LATE,
    UPDATING,
    Situation,
    aged,
    pods,
    seen,
)
from tests.unit.cluster.world import World

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
    assert (service.serving, service.desired) == situation.numbers
    assert (rollout.status.serving, rollout.status.desired) == situation.numbers
    assert service.is_explained_by_workload


@pytest.mark.parametrize("name", SITUATIONS)
def test_every_mark_has_a_finding_of_its_severity_and_none_is_worse(name: str) -> None:
    for view in seen(*SITUATIONS[name].objects()):
        worst = min((finding.severity for finding in view.findings), default=None)
        if view.severity <= Severity.WARNING:
            assert worst is view.severity
        else:
            assert worst is None or worst > Severity.WARNING


def test_findings_of_a_workloads_pods_are_reported_once_and_of_others_by_the_service() -> None:
    bad = SITUATIONS["a bad release over a healthy one"]
    service, rollout = seen(*bad.objects())
    assert service.findings == rollout.findings
    bare = make.pod("bare", ready=False, statuses=[CRASHING], labels={"app": "checkout"}, created=HOUR)
    well = SITUATIONS["all serve"]
    objects = [obj for obj in well.objects() if obj.KIND != EndpointSlice.KIND]
    slices = make.endpoint_slice(make.service("checkout"), [*well.new, bare])
    view, _ = seen(*objects, bare, slices)
    assert view.findings[0].message == "1 of 4 pods not ready: container app is crash-looping (exit 1)"
    assert (view.severity, view.serving, view.desired) == (Severity.DEGRADED, 3, 4)


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


def test_an_unrelated_warning_does_not_degrade_a_rollout_within_its_limits() -> None:
    deployment = make.deployment(
        revision=2, replicas=4, total=5, updated=2, ready=3, available=3, conditions=[UPDATING]
    )
    evicted = make.pod(
        "checkout-evicted", owner=OLD, labels={"app": "checkout"}, ready=False, phase="Failed", statuses=[]
    )
    evicted = replace(evicted, status=replace(evicted.status, reason="Evicted"))
    made = [*pods(NEW, starting=2, created=90), *pods(OLD, ready=3)]
    service = make.service("checkout")
    objects = [deployment, NEW, OLD, *made, evicted, service, make.endpoint_slice(service, made)]
    for view in seen(*objects):
        assert view.severity is Severity.WARNING
    assert seen(*(obj for obj in objects if obj is not evicted))[0].severity is Severity.ROLLING_OUT


@pytest.mark.parametrize(
    ("created", "statuses", "severity"),
    [(20, STARTING, Severity.ROLLING_OUT), (20, CRASHING, Severity.DOWN), (HOUR, STARTING, Severity.DOWN)],
    ids=["seconds old", "seconds old and crashing", "old"],
)
def test_what_was_just_created_rolls_out_unless_it_fails(
    created: float, statuses: ContainerStatus, severity: Severity
) -> None:
    deployment = aged(make.deployment(revision=2, ready=0, available=0, conditions=[UPDATING]), created)
    made = [make.pod(f"p-{n}", owner=NEW, ready=False, statuses=[statuses], created=created) for n in range(3)]
    service = aged(make.service("checkout"), created)
    views = seen(deployment, NEW, *made, service, make.endpoint_slice(make.service("checkout"), made))
    assert [view.severity for view in views] == [severity, severity]


def test_a_service_whose_workload_is_being_deleted_is_down_once_no_pod_serves() -> None:
    plain = make.deployment(revision=2, ready=0, available=0, conditions=[THROUGH])
    meta = replace(plain.metadata, deletion_timestamp=make.before(5), finalizers=("foregroundDeletion",))
    service, rollout = seen(*Situation(replace(plain, metadata=meta)).objects())
    assert (service.severity, rollout.severity) == (Severity.DOWN, Severity.ROLLING_OUT)
    assert state_text(rollout) == "being deleted for 5s, held by finalizer foregroundDeletion", "reported once"


def test_a_new_workload_no_controller_has_observed_rolls_out_and_an_old_one_is_unknown() -> None:
    unseen = make.deployment(observed=0, total=0, ready=0, updated=0, available=0)
    for created, severity in ((5, Severity.ROLLING_OUT), (HOUR, Severity.UNKNOWN)):
        world = World(aged(unseen, created))
        view = world.queries.rollout_view(unseen.key, NOW)
        assert view is not None
        assert view.severity is severity


def test_a_scale_up_is_not_degraded_while_its_pods_are_being_created() -> None:
    growing = make.deployment(revision=2, replicas=10, total=7, updated=7, ready=3, available=3, conditions=[THROUGH])
    made = [*pods(NEW, ready=3), *pods(NEW, starting=4, created=10)]
    objects = Situation(growing, made).objects()
    assert {view.severity for view in seen(*objects)} == {Severity.ROLLING_OUT}


BACK = make.deployment(revision=2, total=3, updated=3, ready=0, available=0, conditions=[THROUGH])


@pytest.mark.parametrize(
    ("messages", "statuses", "created", "severity"),
    [
        (("Scaled down {new} from 3 to 0", "Scaled up {new} from 0 to 3"), STARTING, 20, Severity.ROLLING_OUT),
        (("Scaled down {new} to 0 from 3", "Scaled up {new} to 3"), STARTING, 20, Severity.ROLLING_OUT),
        (("Scaled down {new} from 3 to 0", "Scaled up {new} from 0 to 3"), CRASHING, 20, Severity.DOWN),
        (("Scaled down {new} from 3 to 0", "Scaled up {new} from 0 to 3"), STARTING, HOUR, Severity.DOWN),
        (("Scaled down {old} from 3 to 0", "Scaled up {new} from 0 to 3"), STARTING, 20, Severity.DOWN),
        (("Scaled up {new} from 0 to 3",), STARTING, 20, Severity.DOWN),
        ((), STARTING, 20, Severity.DOWN),
    ],
    ids=["0 to 3", "old words", "crashing", "for long", "Recreate", "a first scaling", "all its pods were lost"],
)
def test_what_was_scaled_to_zero_and_back_rolls_out_while_nothing_fails(
    messages: tuple[str, ...], statuses: ContainerStatus, created: float, severity: Severity
) -> None:
    made = [make.pod(f"p-{n}", owner=NEW, ready=False, statuses=[statuses], created=created) for n in range(3)]
    names = {"new": f"replica set {NEW.name}", "old": f"replica set {OLD.name}"}
    events = [
        make.event(BACK, "ScalingReplicaSet", message.format(**names), type_="Normal", since=60 - 20 * at)
        for at, message in enumerate(messages)
    ]
    events = [replace(event, metadata=make.meta("Event", f"e-{at}")) for at, event in enumerate(events)]
    world = World(BACK, NEW, replace(OLD, spec=replace(OLD.spec, replicas=0)), *made, *events)
    view = world.queries.rollout_view(BACK.key, NOW)
    assert view is not None
    assert view.severity is severity


@pytest.mark.parametrize(("first", "severity"), [(0, Severity.ROLLING_OUT), (2, Severity.DOWN)])
def test_a_scaling_that_was_seen_needs_no_event(first: int, severity: Severity) -> None:
    stateful = make.stateful_set(replicas=3, ready=0)
    made = [make.pod(f"p-{n}", owner=stateful, ready=False, statuses=[STARTING], created=5) for n in range(3)]
    world = World(make.stateful_set(replicas=first, ready=0))
    assert world.queries.rollout_view(stateful.key, NOW) is not None
    world.put(stateful, *made)
    view = world.queries.rollout_view(stateful.key, NOW)
    assert view is not None
    assert view.severity is severity
    assert view.scaling is not None
    assert (view.scaling.before, view.scaling.after, view.scaling.at) == (first, 3, NOW)


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
    assert (view.severity, view.serving, view.desired) == (Severity.DEGRADED, 3, 6)
    assert not view.is_explained_by_workload, "the workload is down, the service is degraded"
    assert why_cell(view).text == "other: container app is crash-looping (exit 1) (3 pods)"
    assert {finding.severity for finding in view.findings} <= {Severity.DEGRADED, Severity.WARNING}


def test_a_service_names_the_failing_probe_as_its_workload_does() -> None:
    deployment = make.deployment("checkout", replicas=1, revision=2, ready=0, available=0, updated=1)
    [pod] = [
        make.pod(
            "checkout-1",
            owner=NEW,
            labels={"app": "checkout"},
            ready=False,
            statuses=[make.container_status(ready=False)],
        )
    ]
    event = make.event(pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503")
    service = make.service("checkout")
    view, workload = seen(deployment, NEW, pod, service, make.endpoint_slice(service, [pod]), event)
    probe = "readiness probe of container app fails: HTTP probe failed with statuscode: 503"
    assert why_cell(view).text == f"its pod is not ready: {probe}"
    assert state_text(workload).endswith(f": {probe}")


def test_a_service_without_backends_is_down_once_it_is_not_new() -> None:
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
        replace(endpoint, conditions=EndpointConditions(ready=True, serving=pod.is_ready, terminating=False))
        for endpoint, pod in zip(slices.endpoints or (), made, strict=True)
    )
    view, _ = seen(deployment, NEW, *made, service, replace(slices, endpoints=published))
    assert (view.severity, view.serving, view.desired) == (Severity.DEGRADED, 2, 3)
    assert (view.ready, view.total) == (3, 3), "as in the slices"


def test_a_known_failure_is_reported_where_endpoints_are_not_readable() -> None:
    down = Situation(make.deployment(revision=2, ready=0, available=0, conditions=[THROUGH]), pods(NEW, crashing=3))
    world = World(*down.objects(), unknown=[EndpointSlice.KIND])
    view = world.queries.service_view(make.key("Service", "checkout"), NOW)
    assert view is not None
    assert (view.severity, view.serving) == (Severity.DOWN, None)


def test_pods_of_replica_sets_that_are_not_read_are_their_deployments_own() -> None:
    situation = SITUATIONS["all serve"]
    objects = [obj for obj in situation.objects() if obj.KIND != ReplicaSet.KIND]
    for unknown in ([ReplicaSet.KIND], []):  # forbidden, or not read yet
        view = World(*objects, unknown=unknown).queries.service_view(make.key("Service", "checkout"), NOW)
        assert view is not None
        assert (view.serving, view.desired, view.severity) == (3, 3, Severity.HEALTHY)
