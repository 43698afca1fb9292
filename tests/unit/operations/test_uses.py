"""What uses an object that is about to be deleted."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.errors import ForbiddenError
from k9py.operations.delete import DeleteInputs, plan_delete
from k9py.operations.preflight import preflight
from tests.unit.operations.preflights import FakeReader

Raw = dict[str, Any]


def named(kind: str, name: str = "settings", namespace: str = "shop", **fields: Any) -> Raw:
    metadata = {"name": name, "namespace": namespace, "uid": f"{kind}-{name}", "resourceVersion": "1"}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **fields}


def pod(name: str, spec: Raw, owner: tuple[str, str] | None = None, phase: str = "Running") -> Raw:
    made = named("Pod", name, spec=spec, status={"phase": phase})
    if owner:
        made["metadata"]["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "controller": True}]
    return made


def workload(kind: str, name: str, spec: Raw) -> Raw:
    template = {"template": {"spec": spec}}
    return named(kind, name, spec={"jobTemplate": {"spec": template}} if kind == "CronJob" else template)


async def warned(obj: Raw, lists: dict[str, Any]) -> list[str]:
    """Return the warnings about uses; "?" before those about what is unknown."""
    found = await preflight(FakeReader(lists), obj, plan_delete(obj, DeleteInputs()))
    messages = [("?" if warning.code == "unknown" else "", warning) for warning in found]
    return [f"{mark}{warning.message}" for mark, warning in messages if "use" in warning.message or mark]


CONTAINER: dict[str, Raw] = {
    "env of a ConfigMap": {"env": [{"valueFrom": {"configMapKeyRef": {"name": "settings"}}}]},
    "envFrom of a ConfigMap": {"envFrom": [{"configMapRef": {"name": "settings"}}]},
    "env of a Secret": {"env": [{"valueFrom": {"secretKeyRef": {"name": "settings"}}}]},
    "envFrom of a Secret": {"envFrom": [{"secretRef": {"name": "settings"}}]},
}
POD: dict[str, Raw] = {
    "volume of a ConfigMap": {"volumes": [{"configMap": {"name": "settings"}}]},
    "projected volume of a ConfigMap": {"volumes": [{"projected": {"sources": [{"configMap": {"name": "settings"}}]}}]},
    "volume of a Secret": {"volumes": [{"secret": {"secretName": "settings"}}]},
    "projected volume of a Secret": {"volumes": [{"projected": {"sources": [{"secret": {"name": "settings"}}]}}]},
    "pull secret of a Secret": {"imagePullSecrets": [{"name": "settings"}]},
    "claim of a PersistentVolumeClaim": {"volumes": [{"persistentVolumeClaim": {"claimName": "settings"}}]},
    "account of a ServiceAccount": {"serviceAccountName": "settings"},
    **{name: {"initContainers": [container]} for name, container in CONTAINER.items()},
}


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"])
@pytest.mark.parametrize("how", POD)
async def test_the_workload_that_names_an_object_is_named(kind: str, how: str) -> None:
    used = how.rpartition(" ")[2]
    other = "Secret" if used == "ConfigMap" else "ConfigMap"
    lists = {kind: [workload(kind, "web", POD[how]), workload(kind, "idle", {"containers": [{"name": "a"}]})]}
    [warning] = await warned(named(used), lists)
    assert warning.startswith(f"used by {kind} web: ")
    assert await warned(named(other), lists) == []


async def test_pods_are_counted_and_named_where_no_workload_explains_them() -> None:
    spec = POD["volume of a ConfigMap"]
    lists = {
        "Deployment": [workload("Deployment", "web", spec)],
        "Pod": [
            pod("web-5d4-a", spec, ("ReplicaSet", "web-5d4")),
            pod("web-5d4-b", spec, ("ReplicaSet", "web-5d4")),
            pod("debug", spec),
            pod("done", spec, phase="Succeeded"),
        ],
    }
    assert await warned(named("ConfigMap"), lists) == [
        "used by Deployment web, Pod debug (3 pods): their next pods may not start"
    ]


async def test_an_ingress_and_a_service_account_use_a_secret() -> None:
    lists = {
        "Ingress": [named("Ingress", "shop", spec={"tls": [{"secretName": "settings"}]})],
        "ServiceAccount": [named("ServiceAccount", "puller", imagePullSecrets=[{"name": "settings"}])],
    }
    [warning] = await warned(named("Secret"), lists)
    assert warning.startswith("used by Ingress shop, ServiceAccount puller: ")


async def test_what_cannot_be_listed_is_unknown_and_not_none() -> None:
    lists = {"Pod": ForbiddenError("no", code=403), "Deployment": ForbiddenError("no", code=403)}
    assert await warned(named("ConfigMap"), lists) == [
        "?whether Deployments, Pods use it: unknown; they could not be listed"
    ]


async def test_the_pods_of_a_node_are_counted_and_named() -> None:
    node = named("Node", "node-1", namespace="", spec={})
    pods = [pod(f"web-{number}", {}) for number in range(5)]
    found = await preflight(FakeReader({"Pod": pods}), node, plan_delete(node, DeleteInputs()))
    assert [warning.message for warning in found if warning.code == "used"] == [
        "5 pods run on it: shop/web-0, shop/web-1, shop/web-2 and 2 more; deleting it deletes them without a drain"
    ]


async def test_pods_of_a_node_that_cannot_be_listed_are_unknown() -> None:
    node = named("Node", "node-1", namespace="", spec={})
    lists = {"Pod": ForbiddenError("no", code=403)}
    found = await preflight(FakeReader(lists), node, plan_delete(node, DeleteInputs()))
    assert "number of pods on it: unknown; they could not be listed" in [warning.message for warning in found]


async def test_what_nothing_uses_has_no_warning() -> None:
    assert await warned(named("ConfigMap"), {}) == []
    assert await warned(named("Service"), {}) == []


async def test_a_template_without_an_account_uses_the_default_one() -> None:
    account = named("ServiceAccount", "default")
    lists = {"Deployment": [workload("Deployment", "cart", {})], "Ingress": [named("Ingress", "web", spec={})]}
    assert any("used by Deployment cart" in message for message in await warned(account, lists))
