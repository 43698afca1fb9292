"""Every object a real server was recorded to send decodes, and what is decoded is what was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from k9py.api.kinds import KINDS, LAST_APPLIED, POD, AnyKind
from k9py.api.meta import KubeObject
from k9py.api.services import Service
from k9py.api.workloads import ControllerRevision, DaemonSet, Deployment, RevisionData, StatefulSet

WIRE = Path(__file__).parents[2] / "wire"
RECORDINGS = sorted(path.name for path in WIRE.glob("*.json"))
HOLDS_NO_OBJECT_OF_OURS = {
    "access-review.json",
    "apply.json",
    "discovery.json",
    "list-metadata-only.json",
    "list-table.json",
    "patch-errors.json",
    "scale.json",
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
            yield from ((kind, one) for one in (body.get("items") or [] if name.endswith("List") else [body]))


@cache
def recorded(name: str) -> tuple[tuple[AnyKind, dict[str, Any]], ...]:
    exchanges = json.loads((WIRE / name).read_text())
    return tuple(found for exchange in exchanges for found in _objects(exchange["response"]["body"]))


def decoded(kind: AnyKind, one: dict[str, Any]) -> KubeObject:
    return kind.decode(json.dumps(one).encode())


def differences(told: Any, sent: Any, path: str = "") -> Iterator[str]:
    """Yield where a decoded value says something that was not sent. Absent fields may only have their zero value."""
    if isinstance(told, dict):
        for name, value in told.items():
            yield from differences(value, sent.get(name) if isinstance(sent, dict) else None, f"{path}.{name}")
    elif isinstance(told, list):
        if len(told) != len(sent or ()):
            yield f"{path}: {len(told)} items of {len(sent or ())}"
        for number, (one, other) in enumerate(zip(told, sent or (), strict=False)):
            yield from differences(one, other, f"{path}[{number}]")
    elif sent is None:
        if told not in DEFAULTS:
            yield f"{path}: {told!r} out of nothing"
    elif told != sent and not _same_moment(told, sent):
        yield f"{path}: {told!r}, sent was {sent!r}"


DEFAULTS = (None, "", 0, False, "TCP", "ClusterIP", "RollingUpdate", "OrderedReady", "Always")
"""What an absent field may read as: nothing, or the default the API documents for it."""


def _same_moment(told: Any, sent: Any) -> bool:
    try:
        return datetime.fromisoformat(told) == datetime.fromisoformat(sent)
    except (TypeError, ValueError):
        return False


@pytest.mark.parametrize("name", RECORDINGS)
def test_every_recorded_object_decodes_to_what_was_sent(name: str) -> None:
    found = recorded(name)
    assert bool(found) is (name not in HOLDS_NO_OBJECT_OF_OURS)
    for kind, one in found:
        value = decoded(kind, one)
        sent = json.loads(json.dumps(one))
        (sent["metadata"].get("annotations") or {}).pop(LAST_APPLIED, None)
        assert value.key == kind.key(one["metadata"].get("namespace", ""), one["metadata"]["name"])
        told = msgspec.json.decode(msgspec.json.encode(value))
        told["metadata"].pop("managedFields", None)  # a part of them is kept: a test of its own
        assert not list(differences(told, sent)), f"{name}: {value.key}"


def test_the_recordings_hold_the_kinds_the_dashboard_needs() -> None:
    seen = {kind.name for name in RECORDINGS for kind, _ in recorded(name)}
    assert seen >= set(KINDS) - {"CronJob", "Job", "ResourceQuota"}


def test_of_managed_fields_only_who_wrote_what_is_told_about_is_kept() -> None:
    kept = 0
    for name in RECORDINGS:
        for kind, one in recorded(name):
            value = decoded(kind, one)
            if not isinstance(value, Deployment | StatefulSet | DaemonSet | Service):
                assert b"managedFields" not in msgspec.json.encode(value)
                continue
            told = {"f:selector"} if isinstance(value, Service) else {"f:template", "f:replicas"}
            sent = {
                (entry["manager"], entry.get("time"))
                for entry in one["metadata"].get("managedFields") or ()
                if told & set(entry["fieldsV1"].get("f:spec") or {})
            }
            own = value.metadata.managed_fields or ()
            found = {(entry.manager, entry.time and f"{entry.time:%Y-%m-%dT%H:%M:%SZ}") for entry in own}
            assert found == sent
            assert b"f:containers" not in msgspec.json.encode(value)
            kept += len(found)
    assert kept > 50


def test_controller_revisions_hold_their_pod_template() -> None:
    revisions = [
        decoded(kind, one)
        for name in ("daemonset.json", "statefulset.json")
        for kind, one in recorded(name)
        if kind.name == "ControllerRevision"
    ]
    assert revisions
    for one in revisions:
        assert isinstance(one, ControllerRevision)
        assert isinstance(one.data, RevisionData)
        assert one.data.spec.template.images


def test_a_revision_of_a_foreign_controller_has_no_template_and_is_no_error() -> None:
    meta = {"name": "x", "namespace": "shop"}
    for data in ({"data": [1, 2]}, {"data": "text"}, {}):
        one = KINDS["ControllerRevision"].decode(json.dumps({"metadata": meta, **data}).encode())
        assert isinstance(one, ControllerRevision)
        assert one.data is None


def test_paths_are_the_apis_own() -> None:
    deployment, node = KINDS["Deployment"], KINDS["Node"]
    assert POD.path() == "/api/v1/pods"
    assert POD.path("shop", "web-1", "log") == "/api/v1/namespaces/shop/pods/web-1/log"
    assert deployment.path("shop", "web", "scale") == "/apis/apps/v1/namespaces/shop/deployments/web/scale"
    assert node.path("shop", "n1") == "/api/v1/nodes/n1"
    assert node.key("shop", "n1").namespace == ""


def test_the_last_applied_annotation_is_dropped_and_the_others_stay() -> None:
    annotations = {LAST_APPLIED: "{...}", "kubernetes.io/change-cause": "because"}
    body = {"metadata": {"name": "web", "namespace": "shop", "annotations": annotations}}
    one = KINDS["Deployment"].decode(json.dumps(body).encode())
    assert one.metadata.annotations == {"kubernetes.io/change-cause": "because"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"metadata":"x"}', b'{"metadata":{"name":1}}', b"{}"])
def test_what_is_no_object_is_an_error_of_the_decoder(body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        POD.decode(body)
