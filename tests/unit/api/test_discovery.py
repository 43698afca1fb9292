"""Discovery documents as resource types: both forms, several versions, what is stale, what is missing."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from k9py.api.discovery import Discovered, combine, read_group_version, read_root, unknown_type_error
from k9py.api.errors import ForbiddenError, UnavailableError
from k9py.api.meta import ObjectRef
from k9py.api.standard_types import STANDARD_TYPES, standard_type


def resource(plural: str, kind: str, *subresources: str, scope: str = "Namespaced", **fields: Any) -> dict[str, Any]:
    entry = {
        "resource": plural,
        "responseKind": {"group": "", "version": "", "kind": kind},
        "scope": scope,
        "singularResource": kind.lower(),
        "verbs": ["get", "list", "watch"],
        **fields,
    }
    if subresources:
        entry["subresources"] = [{"subresource": name, "responseKind": {}, "verbs": ["get"]} for name in subresources]
    return entry


def aggregated(groups: dict[str, dict[str, list[dict[str, Any]] | None]]) -> bytes:
    """Return a document; a version without resources (None) is stale."""
    items = [
        {
            "metadata": {"name": group} if group else {},
            "versions": [
                {"version": version, "freshness": "Stale"}
                if resources is None
                else {"version": version, "resources": resources, "freshness": "Current"}
                for version, resources in versions.items()
            ],
        }
        for group, versions in groups.items()
    ]
    return json.dumps({"kind": "APIGroupDiscoveryList", "items": items}).encode()


def discovered(groups: dict[str, dict[str, list[dict[str, Any]] | None]], **errors: Any) -> Discovered:
    parts, missing = read_root(aggregated(groups))
    assert not missing
    return combine(parts, errors)


def test_an_added_type_has_everything_that_the_server_says() -> None:
    entry = resource("widgets", "Widget", "status", "scale", shortNames=["wd"], categories=["all"])
    types = discovered({"example.com": {"v1": [entry]}}).types
    widget = types.find("wd")
    assert widget is not None
    assert (widget.api_version, widget.namespaced, widget.singular) == ("example.com/v1", True, "widget")
    assert widget.subresources == {"status", "scale"}
    assert widget.verbs == {"get", "list", "watch"}
    assert widget.ref("shop", "w") == ObjectRef("Widget", "shop", "w", "example.com")
    assert widget in types.in_category("all")


def test_a_standard_type_comes_first_and_keeps_the_version_that_is_decoded() -> None:
    found = discovered(
        {
            "autoscaling": {
                "v3": [resource("horizontalpodautoscalers", "HorizontalPodAutoscaler")],
                "v2": [resource("horizontalpodautoscalers", "HorizontalPodAutoscaler")],
            },
            "serving.example.com": {"v1": [resource("services", "Service")]},
            "": {"v1": [resource("services", "Service")]},
        }
    )
    autoscaler, service = found.types.find("HorizontalPodAutoscaler"), found.types.find("services")
    assert autoscaler is not None
    assert service is not None
    assert autoscaler == standard_type("autoscaling", "HorizontalPodAutoscaler")
    assert service.group == ""
    assert found.types.of_ref(ObjectRef("Service", "shop", "x", "serving.example.com")) is not None
    assert found.versions["autoscaling", "horizontalpodautoscalers"] == ("v3", "v2")


def test_a_type_in_an_older_version_has_that_version() -> None:
    found = discovered({"autoscaling": {"v1": [resource("horizontalpodautoscalers", "HorizontalPodAutoscaler")]}})
    autoscaler = found.types.find("horizontalpodautoscalers")
    assert autoscaler is not None
    assert autoscaler.version == "v1"


def test_what_a_server_does_not_have_is_not_offered_but_what_is_unread_is() -> None:
    everything = discovered({"": {"v1": [resource("pods", "Pod")]}})
    assert everything.types.find("storageclasses") is None
    assert everything.types.find("deployments") is not None, "kdash reads it itself, and says what is missing"
    assert everything.serves(standard_type("storage.k8s.io", "StorageClass")) is False
    assert everything.serves(standard_type("", "Pod")) is True
    unread = discovered({"": {"v1": []}}, **{"/apis": ForbiddenError("no")})
    assert unread.types.find("storageclasses") is not None
    assert unread.serves(standard_type("storage.k8s.io", "StorageClass")) is None


def test_a_stale_version_is_an_error_of_its_own() -> None:
    found = discovered({"metrics.k8s.io": {"v1beta1": None}, "example.com": {"v1": [resource("widgets", "Widget")]}})
    (error,) = found.errors.items()
    assert error[0] == "metrics.k8s.io/v1beta1"
    assert isinstance(error[1], UnavailableError)
    assert found.types.find("widgets") is not None


def test_the_older_form_says_what_to_request_and_leads_to_the_same_types() -> None:
    groups = [
        {
            "name": "apps",
            "versions": [{"groupVersion": "apps/v1beta1", "version": "v1beta1"}, {"version": "v1"}],
            "preferredVersion": {"groupVersion": "apps/v1", "version": "v1"},
        }
    ]
    body = json.dumps({"kind": "APIGroupList", "groups": groups}).encode()
    assert read_root(body) == ((), (("apps", "v1"), ("apps", "v1beta1")))
    assert read_root(b'{"kind":"APIVersions","versions":["v1"]}') == ((), (("", "v1"),))
    names = [
        {"name": "deployments", "singularName": "deployment", "namespaced": True, "kind": "Deployment"},
        {"name": "deployments/scale", "kind": "Scale", "group": "autoscaling", "namespaced": True},
    ]
    names[0].update(verbs=["list", "watch"], shortNames=["deploy"], categories=["all"])
    listed = read_group_version("apps", "v1", json.dumps({"resources": names}).encode())
    entry = resource("deployments", "Deployment", "scale", shortNames=["deploy"], categories=["all"])
    (same,), _ = read_root(aggregated({"apps": {"v1": [{**entry, "verbs": ["list", "watch"]}]}}))
    assert listed == same


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"kind":"Status"}', b'{"kind":"APIGroupDiscoveryList","items":[{"x":1},3]}']
)
def test_anything_else_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_root(body)


def test_a_name_that_is_not_known_names_the_nearest_and_what_was_not_read() -> None:
    error = unknown_type_error("deploments", Discovered(errors={"metrics.k8s.io/v1beta1": ForbiddenError("no")}))
    assert error.message == 'the server has no resource type "deploments"'
    assert "deployments" in error.hint
    assert "metrics.k8s.io/v1beta1" in error.hint
    assert "Widget.example.com" in unknown_type_error(ObjectRef("Widget", "", "w", "example.com"), Discovered()).message


def test_without_discovery_the_standard_types_are_known() -> None:
    assert list(Discovered().types) == list(STANDARD_TYPES)
    assert Discovered().serves(STANDARD_TYPES[0]) is False or not Discovered().versions
