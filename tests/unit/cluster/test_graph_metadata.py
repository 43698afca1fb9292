"""The metadata that checks read of objects of any kind: managers, times and what each owns."""

from __future__ import annotations

from k9py.api.meta import ObjectRef
from k9py.api.standard_types import standard_type
from k9py.diagnosis.graph import FieldManager, ObjectMetadata, Unread
from tests.factories.graph import GraphOfObjects
from tests.factories.meta import before

CONFIG_MAP = standard_type("", "ConfigMap")


def config_map(name: str, namespace: str = "shop", managed: object = ()) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace, "uid": f"cm-{name}", "managedFields": managed},
        "data": {"DB_URL": "x"},
    }


def entry(manager: str, seconds: float, fields: object, subresource: str = "") -> dict[str, object]:
    at = before(seconds).isoformat().replace("+00:00", "Z")
    return {"manager": manager, "time": at, "fieldsV1": fields, "subresource": subresource, "operation": "Update"}


def test_managers_come_with_time_and_fields_the_last_writer_first() -> None:
    managed = [
        entry("kubectl-create", 600, {"f:data": {".": {}, "f:DB_URL": {}}}),
        entry("argocd", 60, {"f:metadata": {"f:labels": {"f:app": {}}}, "f:spec": {"f:replicas": {}}}, "scale"),
    ]
    found = GraphOfObjects(config_map("app", managed=managed)).metadata(ObjectRef("ConfigMap", "shop", "app"))

    assert isinstance(found, ObjectMetadata)
    assert found.managers == (
        FieldManager("argocd", before(60), "scale", ("metadata.labels", "spec.replicas")),
        FieldManager("kubectl-create", before(600), "", ("data",)),
    )


def test_fields_of_another_form_are_no_error() -> None:
    managed = [{"manager": "odd", "fieldsV1": {"f:data": 1}}, {"manager": "none"}]
    found = GraphOfObjects(config_map("app", managed=managed)).metadata(ObjectRef("ConfigMap", "shop", "app"))

    assert isinstance(found, ObjectMetadata)
    assert {manager.manager: manager.fields for manager in found.managers} == {"odd": (), "none": ()}


def test_all_metadata_of_a_type_is_that_of_a_namespace_or_of_the_scope() -> None:
    graph = GraphOfObjects(config_map("a"), config_map("b", "other"))

    of_namespace, of_scope = graph.metadata_of(CONFIG_MAP, "other"), graph.metadata_of(CONFIG_MAP, None)

    assert not isinstance(of_namespace, Unread)
    assert not isinstance(of_scope, Unread)
    assert [each.ref.name for each in of_namespace] == ["b"]
    assert sorted(each.ref.name for each in of_scope) == ["a", "b"]
    assert GraphOfObjects(unread={"ConfigMap": "forbidden"}).metadata_of(CONFIG_MAP, None) == Unread("forbidden")
