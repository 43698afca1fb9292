"""The preflight checks against the cluster, one by one: permission, autoscaler, budget; and how the facts are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from k9py.api.errors import ConnectionFailedError, ForbiddenError, NotFoundError, UnavailableError
from k9py.api.pods import Pod
from k9py.operations.delete_pod import plan_delete_pod, plan_evict
from k9py.operations.pause import plan_pause, plan_resume
from k9py.operations.plan import WarningLevel, WritePlan
from k9py.operations.preflight import preflight
from k9py.operations.preflight.facts import Unknown, gather
from k9py.operations.restart import plan_restart
from k9py.operations.scale import plan_scale
from k9py.operations.set_image import plan_set_image
from tests import factories as make
from tests.unit.operations.preflights import FakeReader, autoscaler, budget, preflight_messages
from tests.unit.operations.raw import raw_pod

BUDGETS_UNKNOWN = "PodDisruptionBudgets: unknown (you may not list poddisruptionbudgets)"
NEWER = "registry.example.com/checkout:1.1.0"


def restart(obj: dict[str, Any]) -> WritePlan:
    return plan_restart(obj, make.NOW)


def rolling(replicas: int = 3, **limits: Any) -> dict[str, Any]:
    obj = make.raw_deployment(replicas=replicas)
    obj["spec"]["strategy"] = {"type": "RollingUpdate", "rollingUpdate": limits}
    return obj


def ready_pod(ready: bool = True) -> dict[str, Any]:
    pod = raw_pod()
    pod["status"]["conditions"] = [{"type": "Ready", "status": "True" if ready else "False"}]
    return pod


# --- how it is read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "right", "kinds"),
    [
        (
            plan_scale(make.raw_deployment(), 5),
            ("patch", "Deployment", "scale", "shop", "checkout"),
            ["HorizontalPodAutoscaler", "ResourceQuota", "Pod"],
        ),
        (
            restart(make.raw_deployment()),
            ("patch", "Deployment", "", "shop", "checkout"),
            ["PodDisruptionBudget", "ResourceQuota", "Pod"],
        ),
        (plan_pause(make.raw_deployment()), ("patch", "Deployment", "", "shop", "checkout"), []),
        (
            plan_delete_pod(raw_pod()),
            ("delete", "Pod", "", "shop", "checkout-abc-1"),
            ["PodDisruptionBudget"],
        ),
        (
            plan_evict(raw_pod()),
            ("create", "Pod", "eviction", "shop", "checkout-abc-1"),
            ["PodDisruptionBudget"],
        ),
    ],
    ids=["scale", "restart", "pause", "delete-pod", "evict"],
)
async def test_what_matters_is_read_once_in_the_namespace_and_nothing_else(
    change: WritePlan, right: tuple[str, ...], kinds: list[str]
) -> None:
    reader = FakeReader()
    obj = raw_pod() if change.key.kind == "Pod" else make.raw_deployment()
    assert await preflight(reader, obj, change) == ()
    lists = [("list", kind, "shop", *(("app=checkout",) if kind == "Pod" else ())) for kind in kinds]
    owners = [request for request in reader.asked if request[0] == "owners"]
    assert sorted(reader.asked) == sorted([right, *lists, *owners])
    assert bool(owners) is change.removes_pod
    assert {request[2] for request in owners} <= {"shop"}
    assert len(set(owners)) == len(owners)


async def test_a_paused_deployment_needs_only_the_permission_check() -> None:
    paused = make.raw_deployment(paused=True)
    reader = FakeReader()
    assert await preflight(reader, paused, plan_set_image(paused, {"app": NEWER})) == ()
    assert [request[0] for request in reader.asked] == ["patch"]
    paused["status"]["updatedReplicas"] = 1
    reader = FakeReader()
    await preflight(reader, paused, plan_resume(paused))
    assert len(reader.asked) == 3, "the right, budgets and quotas"


async def test_each_unreadable_kind_is_reported_and_the_others_still_count() -> None:
    obj = rolling(maxSurge=0, maxUnavailable=2)
    lists: dict[str, Any] = {
        "ResourceQuota": ForbiddenError("no", code=403),
        "PodDisruptionBudget": [budget(needs=2, expected=3)],
    }
    surging = {**obj, "spec": {**obj["spec"], "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    warnings = await preflight(FakeReader(lists), surging, restart(surging))
    assert [(warning.code, warning.message) for warning in warnings] == [
        ("unknown", "quotas: unknown (you may not list resourcequotas); one may refuse the new pods")
    ]
    warnings = await preflight(FakeReader(lists), obj, restart(obj))
    assert [warning.code for warning in warnings] == ["budget"], "without a surge no quota is asked for"


@pytest.mark.parametrize(
    ("plan", "kind", "message"),
    [
        (
            lambda: plan_scale(make.raw_deployment(), 2),
            "HorizontalPodAutoscaler",
            "HPAs: unknown (you may not list horizontalpodautoscalers); one may overwrite this",
        ),
        (
            lambda: restart(make.raw_deployment()),
            "PodDisruptionBudget",
            f"{BUDGETS_UNKNOWN}; how many pods must stay up is not known",
        ),
        (
            lambda: plan_evict(raw_pod()),
            "PodDisruptionBudget",
            f"{BUDGETS_UNKNOWN}; one may refuse it",
        ),
        (
            lambda: plan_delete_pod(raw_pod()),
            "PodDisruptionBudget",
            f"{BUDGETS_UNKNOWN}; a delete ignores them",
        ),
    ],
    ids=["scale", "restart", "evict", "delete-pod"],
)
async def test_unknown_is_named_with_what_it_may_mean(plan: Any, kind: str, message: str) -> None:
    change = plan()
    obj = raw_pod() if change.key.kind == "Pod" else make.raw_deployment()
    [warning] = await preflight(FakeReader({kind: ForbiddenError("no", code=403)}), obj, change)
    assert (warning.level, warning.code, warning.message) == (WarningLevel.CAUTION, "unknown", message)


async def test_a_server_in_trouble_is_unknown() -> None:
    obj = make.raw_deployment()
    troubled = FakeReader({"HorizontalPodAutoscaler": UnavailableError("in\x1b[2J trouble", code=503)})
    [warning] = await preflight(troubled, obj, plan_scale(obj, 2))
    assert warning.message == "HPAs: unknown (in trouble); one may overwrite this"


@pytest.mark.parametrize(
    ("kind", "plan", "message"),
    [
        (
            "HorizontalPodAutoscaler",
            lambda obj: plan_scale(obj, 2),
            "HPAs: unknown (this server has no autoscaling/v2); one may overwrite this",
        ),
        (
            "PodDisruptionBudget",
            lambda obj: plan_restart(obj, make.NOW),
            "PodDisruptionBudgets: unknown (this server has no policy/v1); how many pods must stay up is not known",
        ),
    ],
)
async def test_a_missing_api_is_unknown_and_not_that_there_are_none(
    kind: str, plan: Callable[[Any], WritePlan], message: str
) -> None:
    obj = make.raw_deployment()
    older = FakeReader({kind: NotFoundError("no such API", code=404)})
    [warning] = await preflight(older, obj, plan(obj))
    assert (warning.level, warning.code, warning.message) == (WarningLevel.CAUTION, "unknown", message)


async def test_an_answer_that_is_not_understood_is_unknown() -> None:
    obj = make.raw_deployment()
    broken = autoscaler()
    broken["spec"]["maxReplicas"] = "many"
    [warning] = await preflight(FakeReader({"HorizontalPodAutoscaler": [broken]}), obj, plan_scale(obj, 2))
    assert (warning.code, "unexpected response" in warning.message) == ("unknown", True)


async def test_a_lost_connection_is_raised_and_not_taken_for_unknown() -> None:
    obj = make.raw_deployment()
    lost = FakeReader({"HorizontalPodAutoscaler": ConnectionFailedError("cut off")})
    with pytest.raises(ConnectionFailedError):
        await preflight(lost, obj, plan_scale(obj, 2))


async def test_facts_that_do_not_matter_are_none() -> None:
    obj = make.raw_deployment()
    context = await gather(FakeReader(), obj, plan_pause(obj))
    assert (context.autoscalers, context.budgets, context.quotas) == (None, None, None)


# --- rights --------------------------------------------------------------------------------------------------------


def test_a_missing_permission_is_named_in_rbac_terms() -> None:
    obj = make.raw_deployment()
    assert preflight_messages(obj, plan_scale(obj, 2), allowed=False) == [
        ("rights", "you may not patch deployments/scale in the namespace shop: the server will refuse it")
    ]
    assert preflight_messages(raw_pod(), plan_evict(raw_pod()), allowed=False) == [
        ("rights", "you may not create pods/eviction in the namespace shop: the server will refuse it")
    ]


@pytest.mark.parametrize(
    ("answer", "why"), [(None, "the server did not answer"), (UnavailableError("in trouble", code=503), "in trouble")]
)
async def test_an_undetermined_permission_is_unknown(answer: Any, why: str) -> None:
    obj = make.raw_deployment()
    [warning] = await preflight(FakeReader(allowed=answer), obj, plan_pause(obj))
    expected = f"your permission to patch deployments in the namespace shop: unknown ({why}); it may be refused"
    assert (warning.code, warning.message) == ("unknown", expected)


# --- autoscalers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "ends"),
    [
        (4, "(2-6) will overwrite this"),
        (1, "(2-6) will set it back to 2"),
        (9, "(2-6) will set it back to 6"),
        (0, "(2-6) does nothing at 0 replicas until you scale up again"),
    ],
)
def test_an_autoscaler_is_named_with_its_bounds_and_what_it_will_do(wanted: int, ends: str) -> None:
    obj = make.raw_deployment()
    assert preflight_messages(obj, plan_scale(obj, wanted), autoscalers=[autoscaler()]) == [
        ("autoscaler", f"HPA checkout {ends}")
    ]


def test_an_autoscaler_of_another_workload_or_group_gives_no_warning() -> None:
    obj = make.raw_deployment()
    foreign = autoscaler()
    foreign["spec"]["scaleTargetRef"]["apiVersion"] = "example.com/v1"
    assert preflight_messages(obj, plan_scale(obj, 5), autoscalers=[autoscaler(target="other"), foreign]) == []


@pytest.mark.parametrize(
    "metadata",
    [
        {"ownerReferences": [{"kind": "ScaledObject", "name": "orders", "uid": "u", "controller": True}]},
        {"labels": {"scaledobject.keda.sh/name": "orders"}},
    ],
    ids=["owner", "label"],
)
def test_kedas_autoscaler_is_one_too_and_wakes_from_zero(metadata: dict[str, Any]) -> None:
    obj = make.raw_deployment()
    scaler = autoscaler(name="keda-hpa-orders", **metadata)
    [(_, message)] = preflight_messages(obj, plan_scale(obj, 0), autoscalers=[scaler])
    assert message == (
        "HPA keda-hpa-orders (of KEDA's ScaledObject orders, 2-6): "
        "from 0 KEDA scales up again as soon as a trigger fires"
    )


# --- disruption budgets --------------------------------------------------------------------------------------------


def test_a_rollout_within_its_budget_gets_no_warning() -> None:
    obj = rolling(4, maxSurge=1, maxUnavailable=1)
    assert preflight_messages(obj, restart(obj), budgets=[budget(allowed=0, needs=3, has=2, expected=4)]) == []
    assert preflight_messages(obj, restart(obj), budgets=[budget(app="other", needs=9)]) == []


def test_a_rollout_that_may_take_more_down_than_its_budget_tolerates_says_how_little_room_there_is() -> None:
    obj = rolling(4, maxSurge=1, maxUnavailable=2)
    message = "PDB checkout allows 0 disruptions (4 healthy, 4 required)"
    assert preflight_messages(obj, restart(obj), budgets=[budget(allowed=0, needs=4, has=4, expected=4)]) == [
        ("budget", f"{message}, but a rollout ignores it: up to 2 pods are unavailable")
    ]


def test_an_exhausted_budget_blocks_evictions_and_is_bypassed_by_deletes() -> None:
    spent = [budget(allowed=0, needs=3, has=3)]
    assert preflight_messages(ready_pod(), plan_evict(ready_pod()), budgets=spent) == [
        ("budget", "PDB checkout allows 0 disruptions (3 healthy, 3 required): it will refuse the eviction")
    ]
    assert preflight_messages(ready_pod(), plan_delete_pod(ready_pod()), budgets=spent) == [
        ("budget", "PDB checkout allows 0 disruptions (3 healthy, 3 required): a delete ignores it")
    ]


@pytest.mark.parametrize("plan", [plan_evict, plan_delete_pod])
def test_a_budget_with_disruptions_left_gives_no_warning(plan: Any) -> None:
    assert preflight_messages(ready_pod(), plan(ready_pod()), budgets=[budget(allowed=1)]) == []
    unready = ready_pod(False)
    assert preflight_messages(unready, plan(unready), budgets=[budget(allowed=0, needs=2, has=2)]) == []
    pending = {**ready_pod(False), "status": {"phase": "Pending"}}
    assert preflight_messages(pending, plan(pending), budgets=[budget(allowed=0, needs=2, has=1)]) == []


def test_an_eviction_under_two_budgets_will_be_refused() -> None:
    pod = ready_pod()
    both = [budget(name="a"), budget(name="b")]
    assert preflight_messages(pod, plan_evict(pod), budgets=both) == [
        ("budget", "several PodDisruptionBudgets select it (a, b): the server refuses to evict such a pod")
    ]
    assert preflight_messages(pod, plan_delete_pod(pod), budgets=both) == []


# --- nodes ---------------------------------------------------------------------------------------------------------


def waiting_pod(**changes: Any) -> Pod:
    condition = make.condition("PodScheduled", "False", "Unschedulable", "0/3 nodes are available")
    return make.pod("checkout-x", phase="Pending", ready=False, statuses=(), conditions=[condition], **changes)


def test_where_a_pod_of_the_same_finds_no_node_the_new_ones_may_wait_too() -> None:
    obj = rolling(3, maxSurge=1, maxUnavailable=1)
    message = "no node fits pod checkout-x now: new pods may wait too"
    assert preflight_messages(obj, restart(obj), pods=(waiting_pod(),)) == [("nodes", message)]
    assert preflight_messages(obj, plan_scale(obj, 5), pods=(waiting_pod(),)) == [("nodes", message)]
    assert preflight_messages(obj, plan_scale(obj, 2), pods=(waiting_pod(),)) == []
    assert preflight_messages(obj, restart(obj), pods=(make.pod(), waiting_pod(deleted=make.NOW))) == []


def test_with_nothing_unavailable_and_no_node_a_rollout_would_wait() -> None:
    obj = rolling(3, maxSurge=1, maxUnavailable=0)
    assert preflight_messages(obj, restart(obj), pods=(waiting_pod(),)) == [
        ("no-room", "the rollout would wait: no node fits pod checkout-x now, and maxUnavailable is 0")
    ]


NOT_FOUND = make.container_status(ready=False, state=make.waiting("ImagePullBackOff", "not found"))
CRASHED = make.container_status(
    ready=False, state=make.waiting("CrashLoopBackOff", "back-off 5m0s"), last=make.terminated(1)
)


@pytest.mark.parametrize(
    ("plan", "pods", "cause"),
    [
        (restart, [make.pod(ready=False, statuses=[NOT_FOUND])], "image"),
        (restart, [make.pod("a"), make.pod("b", ready=False, statuses=[CRASHED])], "container app is crash-looping"),
        (lambda obj: plan_scale(obj, 7), [make.pod(ready=False, statuses=[CRASHED])], "container app is crash-looping"),
        (lambda obj: plan_scale(obj, 1), [make.pod(ready=False, statuses=[CRASHED])], ""),
        (restart, [make.pod(ready=False, statuses=[replace(CRASHED, image="reg/app:old")])], ""),
        (restart, [make.pod(ready=False, statuses=[CRASHED, make.container_status("proxy")])], "container app is"),
        (restart, [make.pod()], ""),
        (lambda obj: plan_set_image(obj, {"app": NEWER}), [make.pod(ready=False, statuses=[NOT_FOUND])], ""),
    ],
    ids=["image", "crash", "more pods", "fewer pods", "only old pods", "a container more", "healthy", "another image"],
)
def test_new_pods_of_a_template_whose_pods_fail_will_fail_the_same_way(
    plan: Callable[[dict[str, Any]], WritePlan], pods: list[Pod], cause: str
) -> None:
    obj = rolling()
    message = dict(preflight_messages(obj, plan(obj), pods=tuple(pods))).get("fails-alike", "")
    if cause:
        assert message.startswith(f"new pods will fail the same way: {cause}")
        assert message.endswith("; an undo rolls back to an earlier revision")
    else:
        assert not message


def test_pods_that_may_not_be_listed_are_unknown() -> None:
    obj = make.raw_deployment()
    assert preflight_messages(obj, restart(obj), pods=Unknown("you may not list pods")) == [
        ("unknown", "its pods: unknown (you may not list pods); the new ones may find no node")
    ]


def test_a_new_template_of_a_stateful_set_waits_for_its_pods_that_are_not_ready() -> None:
    owner = make.stateful_set("db")
    meta = {"name": "db", "namespace": "shop", "uid": owner.uid, "resourceVersion": "100", "generation": 1}
    template = {"spec": {"containers": [{"name": "app", "image": "registry.example.com/shop/db:1.0"}]}}
    obj = {"kind": "StatefulSet", "metadata": meta, "spec": {"replicas": 2, "template": template}}
    made = [make.pod(f"db-{n}", owner=owner, revision_hash="db-bad", ready=n == 1) for n in (0, 1)]
    other = make.pod("other-0", revision_hash="other", ready=False)
    message = "pod db-0 is not ready: a StatefulSet waits for it first, even if broken; delete it afterwards if so"
    for change in (restart(obj), plan_set_image(obj, {"app": NEWER})):
        assert preflight_messages(obj, change, pods=(*made, other)) == [("stuck-pods", message)]
        assert preflight_messages({**obj, "kind": "Deployment"}, change, pods=tuple(made)) == []
    assert preflight_messages(obj, plan_scale(obj, 3), pods=tuple(made)) == []


def test_facts_known_and_empty_mean_no_warning_for_every_change() -> None:
    obj, pod = make.raw_deployment(), raw_pod()
    for change in (plan_scale(obj, 9), restart(obj), plan_set_image(obj, {"app": NEWER}), plan_pause(obj)):
        assert preflight_messages(obj, change) == []
        assert change.warnings == ()
    assert preflight_messages(pod, plan_evict(pod)) == preflight_messages(pod, plan_delete_pod(pod)) == []


def test_texts_of_the_cluster_are_made_printable() -> None:
    pod = ready_pod()
    [(_, message)] = preflight_messages(
        pod, plan_evict(pod), budgets=[budget(allowed=0, needs=3, name="a\x1b[31mb\u202e")]
    )
    assert message.isprintable()
