"""Prepared changes end to end: preflight and dry-run over real HTTP; what is previewed is what is stored."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.api.errors import ConflictError, ForbiddenError, NotFoundError, UnavailableError
from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.write_request import WriteRequest
from k9py.kube.connection import Connection
from k9py.operations.audit import AuditLog, Identity
from k9py.operations.delete_pod import plan_delete_pod, plan_evict
from k9py.operations.dry_run import DryRun, dry_run, is_stored_as_previewed
from k9py.operations.pause import plan_pause
from k9py.operations.plan import WritePlan
from k9py.operations.preflight import preflight
from k9py.operations.restart import plan_restart
from k9py.operations.scale import plan_scale
from k9py.operations.set_image import plan_set_image
from k9py.operations.stuck_pods import stuck_pods
from k9py.operations.undo import plan_undo
from k9py.operations.write import Writer
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import (
    DEPLOYMENTS,
    HORIZONTALPODAUTOSCALERS,
    PODDISRUPTIONBUDGETS,
    RESOURCEQUOTAS,
    Resource,
)
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.integration.clusters import connected
from tests.integration.test_writes_over_http import revision
from tests.recordings import typed

CART = ObjectRef("Deployment", "shop", "cart")
DB = ObjectRef("StatefulSet", "data", "db")
AGENT = ObjectRef("DaemonSet", "monitoring", "agent")
NEWER = "registry.example.com/shop/newer:9.9.9"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator(scenario="shop", clock=ManualClock()) as running:
        yield running


@pytest.fixture
async def connection(simulator: Simulator, tmp_path: Path) -> AsyncIterator[Connection]:
    async with connected(simulator, tmp_path) as opened:
        yield opened


def writer(connection: Connection) -> Writer:
    identity = Identity(context="demo", user="admin")
    return Writer(connection, connection, read_only=False, audit=AuditLog(None), identity=identity)


async def prepared(connection: Connection, obj: dict[str, Any], change: WritePlan) -> DryRun:
    return await dry_run(writer(connection), connection, obj, change)


def put(simulator: Simulator, resource: Resource, obj: dict[str, Any]) -> None:
    def create(state: SimulatorState) -> None:
        state.storage.create(resource, obj)

    simulator.call(create)
    simulator.advance(1)


def change_metadata(simulator: Simulator, key: ObjectRef, field: str, values: dict[str, str]) -> None:
    def update(state: SimulatorState) -> None:
        obj = state.storage.get(DEPLOYMENTS, key.namespace, key.name)
        assert obj is not None
        metadata = {**obj["metadata"], field: {**(obj["metadata"].get(field) or {}), **values}}
        state.storage.update(DEPLOYMENTS, {**obj, "metadata": metadata})

    simulator.call(update)


def first_container(obj: dict[str, Any]) -> str:
    return str(obj["spec"]["template"]["spec"]["containers"][0]["name"])


async def a_pod(connection: Connection, app: str) -> dict[str, Any]:
    """Return a pod of an application, as a GET returns it."""
    pod = (await connection.list("Pod", "shop", label_selector=f"app={app}"))[0]
    return await connection.get(ObjectRef("Pod", "shop", pod["metadata"]["name"]))


# --- what is previewed is what is stored ---------------------------------------------------------------------------


@pytest.mark.parametrize("key", [CART, DB, AGENT], ids=["Deployment", "StatefulSet", "DaemonSet"])
@pytest.mark.parametrize("action", ["undo", "set-image", "restart"])
async def test_the_previewed_template_is_the_stored_one_byte_for_byte(
    key: ObjectRef, action: str, simulator: Simulator, connection: Connection
) -> None:
    obj = await connection.get(key)
    match action:
        case "undo":
            change = plan_undo(obj, await revision(connection, obj, 1))
        case "set-image":
            change = plan_set_image(obj, {first_container(obj): NEWER})
        case _:
            change = plan_restart(obj, simulator.clock.now())
    ready = await prepared(connection, obj, change)
    assert ready.is_verified
    assert ready.template_before == obj["spec"]["template"]
    assert (await connection.get(key))["spec"] == obj["spec"], "a dry-run stores nothing"
    written = await writer(connection).write(ready.plan, dry_run=False)
    assert is_stored_as_previewed(ready, written)
    assert (await connection.get(key))["spec"]["template"] == ready.template_after != ready.template_before


async def test_a_scale_leaves_the_template_and_stores_the_previewed_number(connection: Connection) -> None:
    obj = await connection.get(CART)
    ready = await prepared(connection, obj, plan_scale(obj, 7))
    assert ready.template_after == ready.template_before
    written = await writer(connection).write(ready.plan, dry_run=False)
    assert is_stored_as_previewed(ready, written)
    assert (await connection.get(CART))["spec"]["replicas"] == 7


async def test_a_deleted_pod_is_gone_and_another_comes(simulator: Simulator, connection: Connection) -> None:
    pod = await a_pod(connection, "cart")
    ready = await prepared(connection, pod, plan_delete_pod(pod))
    assert (ready.is_verified, ready.after, ready.plan.warnings) == (True, None, ())
    written = await writer(connection).write(ready.plan, dry_run=False)
    assert is_stored_as_previewed(ready, written)
    simulator.advance(60)
    with pytest.raises(NotFoundError):
        await connection.get(ready.plan.key)


@pytest.mark.parametrize("plan", [plan_delete_pod, plan_evict])
async def test_another_pod_of_the_same_name_is_left_alone(
    plan: Callable[[dict[str, Any]], WritePlan], simulator: Simulator, connection: Connection
) -> None:
    key = ObjectRef("Pod", "data", "db-0")
    change = plan(await connection.get(key))
    await connection.send(WriteRequest(key, None, verb="delete"), dry_run=False)
    simulator.advance(90)
    before = await connection.get(key)
    assert before["metadata"]["uid"] != change.uid
    with pytest.raises(ConflictError, match="was deleted and recreated"):
        await writer(connection).write(change, dry_run=False)
    assert (await connection.get(key))["metadata"].get("deletionTimestamp") is None


# --- someone else in between ---------------------------------------------------------------------------------------


async def test_a_change_between_preview_and_confirm_aborts_and_says_who_and_when(
    simulator: Simulator, connection: Connection
) -> None:
    obj = await connection.get(CART)
    ready = await prepared(connection, obj, plan_undo(obj, await revision(connection, obj, 1)))
    simulator.advance(5)
    other: dict[str, Any] = {"spec": {"template": {"metadata": {"labels": {"hotfix": "yes"}}}}}
    await connection.send(WriteRequest(CART, other, "strategic"), dry_run=False)
    at = simulator.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    simulator.advance(5)
    with pytest.raises(ConflictError) as caught:
        await writer(connection).write(ready.plan, dry_run=False)
    assert caught.value.message == f"Deployment shop/cart was changed since you confirmed (by kdash at {at})"
    assert (await connection.get(CART))["spec"]["template"]["metadata"]["labels"]["hotfix"] == "yes"


async def test_a_change_before_the_preview_is_refused_by_the_preview(connection: Connection) -> None:
    obj = await connection.get(CART)
    await connection.send(WriteRequest(CART, {"spec": {"replicas": 9}}, "merge"), dry_run=False)
    with pytest.raises(ConflictError, match="was changed since"):
        await prepared(connection, obj, plan_scale(obj, 7))


# --- without warnings, and with some ---------------------------------------------------------------------------------


async def test_objects_nobody_else_manages_get_no_warning(simulator: Simulator, connection: Connection) -> None:
    for key in (CART, AGENT):
        obj = await connection.get(key)
        changes = [
            plan_restart(obj, simulator.clock.now()),
            plan_set_image(obj, {first_container(obj): NEWER}),
            plan_undo(obj, await revision(connection, obj, 1)),
        ]
        if key is CART:
            changes += [plan_scale(obj, 9), plan_pause(obj)]
        for change in changes:
            assert (await prepared(connection, obj, change)).plan.warnings == (), change.summary
    pod = await a_pod(connection, "cart")
    for change in (plan_delete_pod(pod), plan_evict(pod)):
        assert (await prepared(connection, pod, change)).plan.warnings == ()


async def test_an_autoscaler_is_reported_once_with_its_bounds(connection: Connection) -> None:
    obj = await connection.get(ObjectRef("Deployment", "shop", "frontend"))
    [warning] = (await prepared(connection, obj, plan_scale(obj, 20))).plan.warnings
    message = "HPA frontend (3-10) will set it back to 10"
    assert (warning.code, warning.message) == ("autoscaler", message)


async def test_a_keda_autoscaler_is_reported(simulator: Simulator, connection: Connection) -> None:
    owner = {"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject", "name": "cart", "uid": "k", "controller": True}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "cart"}
    # Objects with missing owners are garbage-collected; KEDA's label stays.
    labels = {"scaledobject.keda.sh/name": owner["name"]}
    scaler = {
        "metadata": {"name": "keda-hpa-cart", "namespace": "shop", "labels": labels},
        "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 40},
    }
    put(simulator, HORIZONTALPODAUTOSCALERS, scaler)
    obj = await connection.get(CART)
    [warning] = await preflight(connection, obj, plan_scale(obj, 7))
    assert warning.message.startswith("HPA keda-hpa-cart (of KEDA's ScaledObject cart, 1-40)")


@pytest.mark.parametrize(
    ("field", "values", "code", "message"),
    [
        (
            "annotations",
            {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/cart"},
            "gitops",
            "managed by Argo CD",
        ),
        ("labels", {"kustomize.toolkit.fluxcd.io/name": "shop"}, "gitops", "managed by Flux"),
        ("annotations", {"meta.helm.sh/release-name": "shop"}, "helm", "managed by Helm"),
        (
            "annotations",
            {"kubectl.kubernetes.io/last-applied-configuration": '{"spec":{"template":{}}}'},
            "applied",
            "managed with kubectl apply",
        ),
    ],
)
async def test_the_manager_that_will_revert_it_is_reported(
    field: str, values: dict[str, str], code: str, message: str, simulator: Simulator, connection: Connection
) -> None:
    change_metadata(simulator, CART, field, values)
    obj = await connection.get(CART)
    [warning] = (await prepared(connection, obj, plan_set_image(obj, {first_container(obj): NEWER}))).plan.warnings
    assert (warning.code, warning.message.startswith(message)) == (code, True)


async def test_a_quota_without_room_for_the_surge_is_reported_and_blocks_the_rollout(
    simulator: Simulator, connection: Connection
) -> None:
    pods = len([pod for pod in await connection.list("Pod", "shop") if pod["status"].get("phase") == "Running"])
    quota = {"metadata": {"name": "pods", "namespace": "shop"}, "spec": {"hard": {"pods": str(pods)}}}
    put(simulator, RESOURCEQUOTAS, quota)
    other: dict[str, Any] = {"spec": {"strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}}
    await connection.send(WriteRequest(CART, other, "strategic"), dry_run=False)
    simulator.advance(1)
    obj = await connection.get(CART)
    [warning] = (await prepared(connection, obj, plan_restart(obj, simulator.clock.now()))).plan.warnings
    message = f"quota pods has no room for a surge pod (pods: {pods} of {pods} used), and maxUnavailable is 0"
    assert (warning.code, warning.message) == ("no-room", f"the rollout cannot start: {message}")
    [warning] = (await prepared(connection, obj, plan_scale(obj, 9))).plan.warnings
    assert (warning.code, "is full: 0 of" in warning.message) == ("quota", True)


# --- budgets -------------------------------------------------------------------------------------------------------


async def spend_budget(simulator: Simulator, connection: Connection, app: str) -> tuple[int, int]:
    """Give an application a budget without disruptions left; return its desired and current healthy pods."""
    for budget in await connection.list("PodDisruptionBudget", "shop"):
        if budget["spec"]["selector"]["matchLabels"].get("app") == app:
            await connection.send(
                WriteRequest(ObjectRef("PodDisruptionBudget", "shop", budget["metadata"]["name"]), None, verb="delete"),
                dry_run=False,
            )
    spec = {"minAvailable": "100%", "selector": {"matchLabels": {"app": app}}}
    put(simulator, PODDISRUPTIONBUDGETS, {"metadata": {"name": "strict", "namespace": "shop"}, "spec": spec})
    simulator.advance(5)
    status = (await connection.get(ObjectRef("PodDisruptionBudget", "shop", "strict")))["status"]
    return status["desiredHealthy"], status["currentHealthy"]


async def test_an_eviction_the_budget_refuses_says_which_what_it_needs_and_has(
    simulator: Simulator, connection: Connection
) -> None:
    needs, has = await spend_budget(simulator, connection, "cart")
    pod = await a_pod(connection, "cart")
    change = plan_evict(pod)
    [warning] = await preflight(connection, pod, change)
    spent = f"PDB strict allows 0 disruptions ({has} healthy, {needs} required)"
    assert (warning.code, warning.message) == ("budget", f"{spent}: it will refuse the eviction")
    with pytest.raises(UnavailableError) as caught:
        await prepared(connection, pod, change)
    refusal = f"PodDisruptionBudget strict allows no disruptions: it requires {needs} healthy pods and has {has}"
    assert caught.value.message == refusal
    with pytest.raises(UnavailableError) as caught:
        await writer(connection).write(change, dry_run=False)
    assert caught.value.message == refusal
    assert "not known" not in caught.value.hint
    [warning] = (await prepared(connection, pod, plan_delete_pod(pod))).plan.warnings
    assert warning.message == f"{spent}: a delete ignores it"


async def test_an_eviction_the_budget_allows_is_done(simulator: Simulator, connection: Connection) -> None:
    pod = await a_pod(connection, "cart")
    ready = await prepared(connection, pod, plan_evict(pod))
    assert (ready.is_verified, ready.after) == (True, None)
    await writer(connection).write(ready.plan, dry_run=False)
    simulator.advance(60)
    with pytest.raises(NotFoundError):
        await connection.get(ready.plan.key)


# --- rights --------------------------------------------------------------------------------------------------------


async def test_a_viewer_sees_the_missing_permission_and_what_is_unknown(simulator: Simulator, tmp_path: Path) -> None:
    async with connected(simulator, tmp_path, "viewer") as viewer:
        obj = await viewer.get(CART)
        change = plan_restart(obj, simulator.clock.now())
        warnings = [(warning.code, warning.message) for warning in await preflight(viewer, obj, change)]
        budgets = "PodDisruptionBudgets: unknown (you may not list poddisruptionbudgets)"
        assert warnings == [
            ("rights", "you may not patch deployments in the namespace shop: the server will refuse it"),
            ("unknown", f"{budgets}; how many pods must stay up is not known"),
            ("unknown", "quotas: unknown (you may not list resourcequotas); one may refuse the new pods"),
        ]
        with pytest.raises(ForbiddenError):
            await prepared(viewer, obj, change)
        scaled = await prepared(viewer, obj, plan_scale(obj, 7))
        assert [warning.code for warning in scaled.plan.warnings] == ["unknown", "unknown"], "it may scale, and no more"


# --- forced rollback -----------------------------------------------------------------------------------------------


async def test_a_stateful_set_left_stuck_by_an_undo_recovers_when_the_named_pods_are_deleted(
    simulator: Simulator, connection: Connection
) -> None:
    obj = await connection.get(DB)
    good = await revision(connection, obj, 2)
    bad = plan_set_image(obj, {first_container(obj): "registry.example.com/postgres:17.7-crash"})
    await writer(connection).write(bad, dry_run=False)
    simulator.advance(120)
    obj = await connection.get(DB)
    pods = [typed(POD, pod) for pod in await connection.list("Pod", "data", label_selector="app=db")]
    name = good["metadata"]["name"]
    stuck = stuck_pods(obj, name, pods)
    assert [pod.is_ready for pod in stuck] == [False]
    change = plan_undo(obj, good, pods=pods, present_number=3)
    assert change.before_after[0] == ("revision", "3", "2")
    assert [warning.code for warning in change.warnings] == ["stuck-pods"]
    await writer(connection).write(change, dry_run=False)
    simulator.advance(120)
    assert (await connection.get(stuck[0].key))["metadata"]["uid"] == stuck[0].uid, "a rollback alone leaves it"
    for pod in stuck:
        gone = plan_delete_pod(await connection.get(pod.key))
        await writer(connection).write(gone, dry_run=False)
    simulator.advance(180)
    status = (await connection.get(DB))["status"]
    assert status["readyReplicas"] == status["replicas"] == obj["spec"]["replicas"]
