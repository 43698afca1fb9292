"""Every recorded object of a real server decodes, and the decoded value equals what was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from k9py.api.batch import CronJob, Job
from k9py.api.kinds import KINDS, LAST_APPLIED, POD, AnyKind
from k9py.api.meta import KubeObject
from k9py.api.nodes import Node
from k9py.api.services import Service
from k9py.api.workloads import ControllerRevision, DaemonSet, Deployment, RevisionData, StatefulSet

WIRE = Path(__file__).parents[2] / "wire"
RECORDINGS = sorted(path.name for path in WIRE.glob("*.json"))
WITHOUT_KNOWN_OBJECTS = {
    "access-review.json",
    "apply.json",
    "discovery.json",
    "list-metadata-only.json",
    "list-table.json",
    "patch-errors.json",
    "scale.json",
    "server-side-apply-custom.json",
    "streams.json",
    "unauthenticated.json",
    "watch-bad-rv.json",
    "watch-too-old.json",
}


def _objects(body: Any) -> Iterator[tuple[AnyKind, dict[str, Any]]]:
    """Yield every object of a known kind in a response: alone, in a list, in watch events."""
    if isinstance(body, list):
        for event in body:
            if isinstance(event, dict) and event.get("type") in ("ADDED", "MODIFIED", "DELETED"):
                yield from _objects(event["object"])
    elif isinstance(body, dict):
        name = str(body.get("kind", ""))
        kind = KINDS.get(name) or KINDS.get(name.removesuffix("List"))
        if kind is not None and body.get("apiVersion") == kind.api_version:
            yield from ((kind, obj) for obj in (body.get("items") or [] if name.endswith("List") else [body]))


@cache
def recorded(name: str) -> tuple[tuple[AnyKind, dict[str, Any]], ...]:
    exchanges = json.loads((WIRE / name).read_text())
    return tuple(entry for exchange in exchanges for entry in _objects(exchange["response"]["body"]))


def decoded(kind: AnyKind, obj: dict[str, Any]) -> KubeObject:
    value: KubeObject = kind.decode(json.dumps(obj).encode())
    return value


def differences(actual: Any, sent: Any, path: str = "") -> Iterator[str]:
    """Yield where a decoded value differs from what was sent. An absent field may only have its default."""
    if isinstance(actual, dict):
        for name, value in actual.items():
            yield from differences(value, sent.get(name) if isinstance(sent, dict) else None, f"{path}.{name}")
    elif isinstance(actual, list):
        if len(actual) != len(sent or ()):
            yield f"{path}: {len(actual)} items of {len(sent or ())}"
        for number, (item, sent_item) in enumerate(zip(actual, sent or (), strict=False)):
            yield from differences(item, sent_item, f"{path}[{number}]")
    elif sent is None:
        if actual not in DEFAULTS:
            yield f"{path}: {actual!r}, sent was nothing"
    elif actual != sent and not _same_moment(actual, sent):
        yield f"{path}: {actual!r}, sent was {sent!r}"


DEFAULTS = (None, "", 0, False, "TCP", "ClusterIP", "RollingUpdate", "OrderedReady", "Always")
"""Values of absent fields: none, or the default that the API documents."""


VALUES = ("data", "sizes")
"""Fields of ConfigMaps and Secrets that are not kept, or made of those."""


def _same_moment(actual: Any, sent: Any) -> bool:
    try:
        return datetime.fromisoformat(actual) == datetime.fromisoformat(sent)
    except (TypeError, ValueError):
        return False


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_recorded_object_decodes_to_what_was_sent(name: str) -> None:
    objects = recorded(name)
    assert bool(objects) is (name not in WITHOUT_KNOWN_OBJECTS)
    for kind, obj in objects:
        value = decoded(kind, obj)
        sent = json.loads(json.dumps(obj))
        (sent["metadata"].get("annotations") or {}).pop(LAST_APPLIED, None)
        assert value.key == kind.key(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])
        decoded_json = msgspec.json.decode(msgspec.json.encode(value))
        decoded_json["metadata"].pop("managedFields", None)  # the kept part has a test of its own
        for derived in VALUES if kind.name in ("ConfigMap", "Secret") else ():  # these have a test of their own
            decoded_json.pop(derived)
        assert not list(differences(decoded_json, sent)), f"{name}: {value.key}"


def test_the_recordings_hold_the_kinds_the_dashboard_needs() -> None:
    seen = {kind.name for name in RECORDINGS for kind, _ in recorded(name)}
    recorded_elsewhere = {
        *("CronJob", "Job", "LimitRange", "ResourceQuota", "Secret", "ServiceAccount"),
        *("Ingress", "IngressClass", "NetworkPolicy"),
    }
    assert seen >= set(KINDS) - recorded_elsewhere


CONTROLLERS = {"kubelet", "kube-controller-manager", "cloud-controller-manager"}


def _owned(fields: dict[str, Any]) -> set[str]:
    return {*(fields.get("f:spec") or {}), *(fields.get("f:metadata") or {})}


def test_managed_fields_keep_only_the_owners_of_reported_fields() -> None:
    kept = 0
    for name in RECORDINGS:
        for kind, obj in recorded(name):
            value = decoded(kind, obj)
            if not isinstance(value, Deployment | StatefulSet | DaemonSet | Job | CronJob | Service | Node):
                assert getattr(value.metadata, "managed_fields", None) is None
                continue
            of_workload = {"f:template", "f:replicas", "f:paused", "f:suspend"}
            by_kind = {Service: {"f:selector", "f:ports"}, Node: {"f:unschedulable"}}
            of_node = {"f:taints", "f:labels"} if isinstance(value, Node) else set()
            reported = by_kind.get(type(value), of_workload)
            sent = {
                (entry["manager"], entry.get("time"))
                for entry in obj["metadata"].get("managedFields") or ()
                if reported & set(entry["fieldsV1"].get("f:spec") or {})
                or (entry["manager"] not in CONTROLLERS and of_node & _owned(entry["fieldsV1"]))
            }
            managed = value.metadata.managed_fields or ()
            actual = {(entry.manager, entry.time and f"{entry.time:%Y-%m-%dT%H:%M:%SZ}") for entry in managed}
            assert actual == sent
            assert b"f:containers" not in msgspec.json.encode(value)
            kept += len(actual)
    assert kept > 50


def test_controller_revisions_hold_their_pod_template() -> None:
    revisions = [
        decoded(kind, obj)
        for name in ("daemonset.json", "statefulset.json")
        for kind, obj in recorded(name)
        if kind.name == "ControllerRevision"
    ]
    assert revisions
    for revision in revisions:
        assert isinstance(revision, ControllerRevision)
        assert isinstance(revision.data, RevisionData)
        assert revision.data.spec.template.images


def test_a_revision_of_a_foreign_controller_has_no_template_and_is_no_error() -> None:
    meta = {"name": "x", "namespace": "shop"}
    for data in ({"data": [1, 2]}, {"data": "text"}, {}):
        revision = KINDS["ControllerRevision"].decode(json.dumps({"metadata": meta, **data}).encode())
        assert isinstance(revision, ControllerRevision)
        assert revision.data is None


def test_paths_are_those_of_the_api() -> None:
    deployment, node = KINDS["Deployment"], KINDS["Node"]
    assert POD.path() == "/api/v1/pods"
    assert POD.path("shop", "web-1", "log") == "/api/v1/namespaces/shop/pods/web-1/log"
    assert deployment.path("shop", "web", "scale") == "/apis/apps/v1/namespaces/shop/deployments/web/scale"
    assert node.path("shop", "n1") == "/api/v1/nodes/n1"
    assert node.key("shop", "n1").namespace == ""


def test_the_last_applied_annotation_is_dropped_and_the_others_stay() -> None:
    annotations = {LAST_APPLIED: "{...}", "kubernetes.io/change-cause": "because"}
    body = {"metadata": {"name": "web", "namespace": "shop", "annotations": annotations}}
    deployment = KINDS["Deployment"].decode(json.dumps(body).encode())
    assert deployment.metadata.annotations == {"kubernetes.io/change-cause": "because"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"metadata":"x"}', b'{"metadata":{"name":1}}', b"{}"])
def test_json_that_is_no_object_is_a_decode_error(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        POD.decode(body)
