"""What a deletion takes along: over every type of discovery, at any depth, and never none for what was not read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from k9py.api.discovery import Discovered
from k9py.api.errors import ConnectionFailedError, ForbiddenError, UnavailableError
from k9py.api.owners import OwnedObject, OwnerList, decode_owner_page
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import STANDARD, ResourceTypes
from k9py.operations.delete import DeleteInputs, plan_delete
from k9py.operations.plan import PreflightWarning, WarningLevel
from k9py.operations.preflight import dependents
from k9py.operations.preflight.dependents import read_dependents, takes_along
from tests.unit.operations.preflights import FakeReader
from tests.unit.operations.raw import raw_pod

GROUP = "example.com"
WIDGET = ResourceType(GROUP, "v1", "widgets", "Widget", ref_group=GROUP)
CUSTOM_SERVICE = ResourceType(GROUP, "v1", "services", "Service", ref_group=GROUP)
CLUSTER_WIDGET = ResourceType(GROUP, "v1", "clusterwidgets", "ClusterWidget", namespaced=False, ref_group=GROUP)
TYPES = Discovered(ResourceTypes((*STANDARD, WIDGET, CUSTOM_SERVICE, CLUSTER_WIDGET)))


def raw(kind: str, api_version: str = "v1", namespace: str = "shop") -> dict[str, Any]:
    metadata = {"name": "app", "namespace": namespace, "uid": "uid-app", "resourceVersion": "7"}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}


def owned(name: str, *owners: str) -> OwnedObject:
    return OwnedObject(f"uid-{name}", tuple(f"uid-{owner}" for owner in owners))


async def warnings(reader: FakeReader, obj: dict[str, Any], **inputs: Any) -> list[PreflightWarning]:
    return [*takes_along(plan_delete(obj, DeleteInputs(**inputs)), await read_dependents(reader, obj))]


async def messages(reader: FakeReader, obj: dict[str, Any], **inputs: Any) -> list[str]:
    return [warning.message for warning in await warnings(reader, obj, **inputs)]


async def test_dependents_are_counted_at_any_depth() -> None:
    reader = FakeReader(
        owned={
            "replicasets.apps": [owned("rs-1", "app"), owned("rs-2", "app"), owned("other", "else")],
            "pods": [owned("p-1", "rs-1"), owned("p-2", "rs-1"), owned("q", "other")],
        }
    )
    deployment = raw("Deployment", "apps/v1")
    assert await messages(reader, deployment) == ["deletes what it owns: 2 ReplicaSets, 2 Pods"]
    assert await messages(reader, deployment, cascade="orphan") == ["leaves 2 ReplicaSets, 2 Pods without an owner"]


@pytest.mark.parametrize(("kind", "api_version"), [("ConfigMap", "v1"), ("Deployment", f"{GROUP}/v1")])
async def test_any_kind_may_own_objects_of_any_type(kind: str, api_version: str) -> None:
    reader = FakeReader(
        owned={
            "secrets": [owned("s", "app")],
            "services": [owned("svc", "app")],
            f"services.{GROUP}": [owned("custom", "svc")],
            f"widgets.{GROUP}": [owned("w", "custom"), owned("x", "else")],
        },
        discovered=TYPES,
    )
    [message] = await messages(reader, raw(kind, api_version))
    assert message == "deletes what it owns: 1 services, 1 Secret, 1 Widget, 1 services.example.com"


async def test_a_cluster_scoped_owner_is_looked_for_in_all_namespaces() -> None:
    reader = FakeReader(
        owned={"leases.coordination.k8s.io": [owned("l", "app")], "clusterwidgets.example.com": [owned("w", "app")]},
        discovered=TYPES,
    )
    [message] = await messages(reader, raw("Node", namespace=""))
    assert message == "deletes what it owns: 1 Lease, 1 ClusterWidget"
    assert {asked[2] for asked in reader.asked} == {""}


async def test_a_namespace_is_counted_over_every_type_with_what_it_owns_beside_it() -> None:
    reader = FakeReader(
        owned={
            "roles.rbac.authorization.k8s.io": [owned("r")],
            f"widgets.{GROUP}": [owned("w"), owned("x")],
            f"clusterwidgets.{GROUP}": [owned("c", "app"), owned("d")],
        },
        discovered=TYPES,
    )
    found = await warnings(reader, raw("Namespace", namespace=""))
    assert [(warning.level, warning.message) for warning in found] == [
        (WarningLevel.DANGER, "everything in it is deleted: 1 Role, 2 Widgets"),
        (WarningLevel.CAUTION, "deletes what it owns: 1 ClusterWidget"),
    ]
    assert ("owners", "widgets.example.com", "app") in reader.asked


@pytest.mark.parametrize(
    ("obj", "message"),
    [
        (raw("Widget", f"{GROUP}/v1"), "owns no other object"),
        (raw("Namespace", namespace=""), "there is nothing in it"),
    ],
)
async def test_none_is_said_only_when_every_type_was_read(obj: dict[str, Any], message: str) -> None:
    assert await messages(FakeReader(discovered=TYPES), obj) == [message]
    forbidden = FakeReader(owned={f"widgets.{GROUP}": ForbiddenError("no", code=403)}, discovered=TYPES)
    assert await messages(forbidden, obj) == [
        "not read: widgets.example.com (you may not list them); they may be deleted too"
    ]
    broken = {"apps.example.com/v1": UnavailableError("503", code=503), "metrics.k8s.io/v1beta1": UnavailableError("")}
    partial = FakeReader(discovered=Discovered(errors=broken))
    assert await messages(partial, obj) == ["not read: apps.example.com/v1 (discovery failed); they may be deleted too"]


async def test_many_types_that_were_not_read_are_counted() -> None:
    refusals = {listed.qualified_name: ForbiddenError("no", code=403) for listed in STANDARD}
    [message] = await messages(FakeReader(owned=refusals), raw("ConfigMap"))
    assert message.startswith("not read: deployments.apps, statefulsets.apps, ")
    assert " more types (you may not list them)" in message


async def test_a_type_with_too_many_objects_is_not_read_completely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dependents, "MOST", 1)
    reader = FakeReader(owned={"secrets": [owned("a", "app"), owned("b")]})
    assert await messages(reader, raw("ConfigMap")) == [
        "deletes what it owns: 1 Secret",
        "not read: secrets (too many to read all); they may be deleted too",
    ]


async def test_a_scope_whose_number_of_objects_the_server_does_not_give_is_not_counted_as_known() -> None:
    class Vague(FakeReader):
        async def list_owners(self, resource_type: ResourceType, namespace: str, *, most: int) -> OwnerList:
            return OwnerList((owned("s"),), None) if resource_type.plural == "secrets" else OwnerList(())

    assert await messages(Vague(), raw("Namespace", namespace="")) == [
        "everything in it is deleted: 1 Secret",
        "not read: secrets (too many to read all); they may be deleted too",
    ]


async def test_a_type_that_does_not_answer_in_time_is_not_read() -> None:
    class Slow(FakeReader):
        async def list_owners(self, resource_type: ResourceType, namespace: str, *, most: int) -> OwnerList:
            if resource_type.plural == "secrets":
                await asyncio.Event().wait()
            return await super().list_owners(resource_type, namespace, most=most)

    found = await read_dependents(Slow(), raw("ConfigMap"), seconds=0.05)
    assert found.unread == {"secrets": "no answer yet"}


async def test_a_lost_connection_ends_it() -> None:
    reader = FakeReader(owned={"secrets": ConnectionFailedError("lost")})
    with pytest.raises(ConnectionFailedError):
        await read_dependents(reader, raw("ConfigMap"))


async def test_of_a_pod_only_what_was_found_is_reported() -> None:
    refused = {"secrets": ForbiddenError("no", code=403)}
    assert [*takes_along(plan_delete(raw_pod(), DeleteInputs()), await read_dependents(FakeReader(), raw_pod()))] == []
    uid = str(raw_pod()["metadata"]["uid"])
    reader = FakeReader(owned={**refused, "pods": [OwnedObject("executor", (uid,))]})
    assert await messages(reader, raw_pod()) == ["deletes what it owns: 1 Pod"]


async def test_a_definition_takes_all_its_objects_along() -> None:
    names = {"plural": "widgets", "kind": "Widget"}
    spec = {"group": GROUP, "names": names, "scope": "Namespaced", "versions": [{"name": "v1", "served": True}]}
    definition = raw("CustomResourceDefinition", "apiextensions.k8s.io/v1", "") | {"spec": spec}
    reader = FakeReader(owned={f"widgets.{GROUP}": [owned("a"), owned("b")]})
    assert await messages(reader, definition) == ["everything in it is deleted: 2 Widgets"]


def test_a_page_has_uids_owners_and_what_is_left() -> None:
    item = b'{"metadata": {"name": "a", "uid": "u", "managedFields": [{}], "ownerReferences": [{"uid": "o"}]}}'
    body = b'{"metadata": {"continue": "t", "remainingItemCount": 7}, "items": [%b]}' % item
    assert decode_owner_page(body) == (OwnerList((OwnedObject("u", ("o",)),), 7), "t")
    unknown = body.replace(b', "remainingItemCount": 7', b"")
    assert decode_owner_page(unknown)[0].left_out is None
    assert decode_owner_page(b'{"metadata": {}, "items": null}') == (OwnerList(()), "")
