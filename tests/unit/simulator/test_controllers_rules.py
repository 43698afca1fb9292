"""The arithmetic and rules of controllers, without a cluster."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from k9py.simulator.controllers import controller_revisions, deployment_status, rolling_update
from k9py.simulator.controllers.cronjob import last_time, matches_schedule, next_time
from k9py.simulator.controllers.hashing import comparable_template, encode, template_hash
from k9py.simulator.controllers.pod_state import sort_for_deletion
from k9py.simulator.controllers.quantities import format_quantity, parse_quantity
from k9py.simulator.registry.selectors import matches_label_selector
from k9py.simulator.scenarios.worker_nodes import worker_node
from k9py.simulator.scheduler.filters import ResourceRequests, filter_reasons, resource_requests
from tests.unit.simulator.recordings import recorded_body

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
BORN = "2026-01-01T00:00:00Z"


def deployment(replicas: int, surge: int | str, unavailable: int | str) -> dict[str, Any]:
    fenceposts = {"maxSurge": surge, "maxUnavailable": unavailable}
    return {"metadata": {}, "spec": {"replicas": replicas, "strategy": {"rollingUpdate": fenceposts}}}


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "wanted"),
    [
        (3, "25%", "25%", (1, 0)),
        (10, "25%", "25%", (3, 2)),
        (4, 0, "10%", (0, 1)),
        (4, "0%", 0, (0, 1)),
        (8, 2, 3, (2, 3)),
        (1, "100%", "50%", (1, 0)),
    ],
)
def test_surge_rounds_up_unavailable_rounds_down_and_both_zero_lets_one_be_unavailable(
    replicas: int, surge: int | str, unavailable: int | str, wanted: tuple[int, int]
) -> None:
    assert rolling_update.fenceposts(deployment(replicas, surge, unavailable)) == wanted


@pytest.mark.parametrize(("total", "present", "wanted"), [(3, 0, 1), (4, 1, 1), (2, 0, 2), (3, 2, 3)])
def test_new_replicas_fill_up_to_the_surge_and_never_past_what_is_wanted(total: int, present: int, wanted: int) -> None:
    assert rolling_update.new_replicas(deployment(3, 1, 0), total, present) == wanted


def test_unavailable_never_exceeds_the_replicas_and_is_none_for_zero() -> None:
    assert rolling_update.max_unavailable(deployment(2, 0, 5)) == 2
    assert rolling_update.max_unavailable(deployment(0, 0, 5)) == 0


def test_hash_ignores_order_nulls_and_its_own_label() -> None:
    template = {"metadata": {"labels": {"app": "a", "pod-template-hash": "x"}}, "spec": {"a": 1, "b": None}}
    other = {"spec": {"a": 1}, "metadata": {"creationTimestamp": None, "labels": {"app": "a"}, "annotations": {}}}
    assert comparable_template(template) == comparable_template(other)
    assert template_hash(template) == template_hash(other)
    assert template_hash(template, 1) != template_hash(template)


def test_hash_uses_an_alphabet_without_vowels() -> None:
    assert encode(1234567890) == "56789bcdf4"


def test_a_condition_that_stands_is_left_and_one_that_changes_moves_to_the_end() -> None:
    available = deployment_status.availability(True, NOW)
    progressing = deployment_status.condition(deployment_status.PROGRESSING, "True", "ReplicaSetUpdated", "m", NOW)
    both = [available, progressing]
    assert deployment_status.with_condition(both, {**available, "message": "other", "lastUpdateTime": "later"}) == both
    changed = deployment_status.with_condition(both, deployment_status.availability(False, NOW))
    assert [condition["type"] for condition in changed] == ["Progressing", "Available"]


def test_a_reason_that_changes_keeps_the_transition_time_of_the_status() -> None:
    old = {**deployment_status.condition("Progressing", "True", "A", "m", NOW), "lastTransitionTime": "before"}
    new = deployment_status.condition("Progressing", "True", "B", "m", NOW)
    assert deployment_status.with_condition([old], new)[0]["lastTransitionTime"] == "before"


@pytest.mark.parametrize("name", ["statefulset", "daemonset"])
def test_revision_data_has_the_shape_a_real_server_stored(name: str) -> None:
    path = "/apis/apps/v1/namespaces/shop/controllerrevisions"
    path += "?labelSelector=app%3Dcart-db" if name == "statefulset" else ""
    for recorded in recorded_body(name, path)["items"]:
        template = controller_revisions.template_of(recorded)
        assert controller_revisions.revision_data(template) == recorded["data"]


@pytest.mark.parametrize(
    ("schedule", "moment", "due"),
    [
        ("*/5 * * * *", datetime(2026, 1, 15, 12, 35, tzinfo=UTC), True),
        ("*/5 * * * *", datetime(2026, 1, 15, 12, 36, tzinfo=UTC), False),
        ("0 3 * * 1-5", datetime(2026, 1, 15, 3, 0, tzinfo=UTC), True),
        ("0 3 * * 0,6", datetime(2026, 1, 15, 3, 0, tzinfo=UTC), False),
    ],
)
def test_schedule_falls_due(schedule: str, moment: datetime, due: bool) -> None:
    assert matches_schedule(schedule, moment) is due


def test_next_time_is_after_the_moment_and_may_be_months_away() -> None:
    assert next_time("0 3 * * *", NOW) == datetime(2026, 1, 16, 3, 0, tzinfo=UTC)
    assert next_time("0 0 1 7 *", NOW) == datetime(2026, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("schedule", "after", "last"),
    [
        ("* * * * *", NOW - timedelta(days=90), NOW.replace(second=0)),
        ("0 3 * * *", NOW - timedelta(days=90), NOW.replace(hour=3, minute=0, second=0)),
        ("0 0 1 12 *", NOW - timedelta(days=90), datetime(2025, 12, 1, tzinfo=UTC)),
        ("0 0 1 12 *", NOW - timedelta(days=30), None),
        ("0 3 * * *", NOW.replace(hour=3, minute=0, second=0), None),
        ("0 3 * * *", NOW.replace(hour=2, minute=59, second=59), NOW.replace(hour=3, minute=0, second=0)),
        (
            "0 3 * * *",
            (NOW - timedelta(days=1)).astimezone(ZoneInfo("Asia/Tokyo")),
            NOW.replace(day=14, hour=18, minute=0, second=0),
        ),
    ],
)
def test_the_last_scheduled_minute_is_found_however_long_ago(
    schedule: str, after: datetime, last: datetime | None
) -> None:
    assert last_time(schedule, after, NOW) == last


@pytest.mark.parametrize(
    ("quantity", "amount"), [("100m", 0.1), ("64Mi", 64 * 2**20), ("2k", 2000), ("1", 1), (3, 3), ("1Gi", 2**30)]
)
def test_quantities_are_read(quantity: str | int, amount: float) -> None:
    assert parse_quantity(quantity) == pytest.approx(amount)


def test_quantities_are_written_as_quotas_show_them() -> None:
    assert format_quantity(0.3, "requests.cpu") == "300m"
    assert format_quantity(2, "pods") == "2"
    assert format_quantity(3 * 2**20, "limits.memory") == "3Mi"


def machine(**spec: Any) -> dict[str, Any]:
    made = worker_node("node-000", "a", 0, BORN, pods=10, cpu="2", memory="4Gi")
    return {**made, "spec": spec}


def test_a_node_refuses_for_room_taint_cordon_and_selector() -> None:
    spec = {"containers": [{"resources": {"requests": {"cpu": "3", "memory": "8Gi"}}}]}
    wanted = resource_requests(spec)
    assert filter_reasons(spec, machine(), ResourceRequests(), wanted) == ("Insufficient cpu", "Insufficient memory")
    small = {"containers": [{}], "nodeSelector": {"disk": "fast"}}
    assert filter_reasons(small, machine(), ResourceRequests(), ResourceRequests(0, 0, 1)) == (
        "node(s) didn't match Pod's node affinity/selector",
    )
    tainted = machine(taints=[{"key": "gpu", "effect": "NoSchedule"}])
    assert filter_reasons({"containers": [{}]}, tainted, ResourceRequests(), ResourceRequests(0, 0, 1)) == (
        "node(s) had untolerated taint(s)",
    )
    tolerant = {"containers": [{}], "tolerations": [{"key": "gpu", "operator": "Exists"}]}
    assert filter_reasons(tolerant, tainted, ResourceRequests(), ResourceRequests(0, 0, 1)) == ()
    cordoned = filter_reasons(
        {"containers": [{}]}, machine(unschedulable=True), ResourceRequests(), ResourceRequests(0, 0, 1)
    )
    assert cordoned == ("node(s) were unschedulable",)


def test_selectors_with_expressions() -> None:
    selector = {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]}
    assert matches_label_selector(selector, {"app": "b"})
    assert not matches_label_selector(selector, {"app": "c"})
    assert matches_label_selector({"matchExpressions": [{"key": "x", "operator": "NotIn", "values": ["1"]}]}, {})
    assert not matches_label_selector(None, {})
    assert matches_label_selector({}, {"any": "thing"})


def pod(name: str, **given: Any) -> dict[str, Any]:
    ready = {"type": "Ready", "status": given.get("ready", "True"), "lastTransitionTime": given.get("since", BORN)}
    status = {"phase": given.get("phase", "Running"), "conditions": [ready]}
    metadata = {"name": name, "creationTimestamp": given.get("created", BORN)}
    return {"metadata": metadata, "spec": {"nodeName": given.get("node", "n")}, "status": status}


def test_pods_that_serve_least_are_deleted_first() -> None:
    pods = [
        pod("old"),
        pod("new", since="2026-01-15T11:00:00Z"),
        pod("unready", ready="False"),
        pod("pending", phase="Pending", ready="False"),
        pod("unscheduled", node="", phase="Pending", ready="False"),
    ]
    order = [pod["metadata"]["name"] for pod in sort_for_deletion(pods, pods)]
    assert order == ["unscheduled", "pending", "unready", "new", "old"]


def test_a_node_with_more_siblings_gives_first() -> None:
    here, there = pod("a", node="n1"), pod("b", node="n2")
    order = sort_for_deletion([here, there], [here, there, pod("sibling", node="n2")])
    assert [pod["metadata"]["name"] for pod in order] == ["b", "a"]
