"""Objects as JSON for tests of the timeline: a Deployment with two revisions, pods, what it uses, and who wrote it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tests.factories.meta import before

JsonObject = dict[str, Any]


def stamp(seconds: float) -> str:
    """Return the time that many seconds ago, as the API writes it."""
    return text_of(before(seconds))


def text_of(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def manager(name: str, seconds: float, *fields: str, subresource: str = "") -> JsonObject:
    """Return an entry of managedFields; fields are paths such as `spec.template`."""
    owned: JsonObject = {}
    for field in fields:
        top, _, below = field.partition(".")
        owned.setdefault(f"f:{top}", {}).update({f"f:{below}": {}} if below else {})
    return {
        "manager": name,
        "operation": "Update",
        "time": stamp(seconds),
        "fieldsV1": owned,
        **({"subresource": subresource} if subresource else {}),
    }


def any_object(
    api_version: str,
    kind: str,
    name: str,
    *managers: JsonObject,
    created: float = 86_400,
    namespace: str = "shop",
    owner: tuple[str, str, str] | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **body: Any,
) -> JsonObject:
    """Return an object; `owner` is (apiVersion, kind, name) of its controller."""
    metadata: JsonObject = {
        "name": name,
        "uid": f"{kind}-{name}".lower(),
        "creationTimestamp": stamp(created),
        "labels": dict(labels or {}),
        "annotations": dict(annotations or {}),
        "managedFields": list(managers),
    }
    if namespace:
        metadata["namespace"] = namespace
    if owner is not None:
        owner_version, owner_kind, owner_name = owner
        metadata["ownerReferences"] = [
            {
                "apiVersion": owner_version,
                "kind": owner_kind,
                "name": owner_name,
                "uid": f"{owner_kind}-{owner_name}".lower(),
                "controller": True,
            }
        ]
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


def template(image: str, env: Mapping[str, str] | None = None, config_map: str = "") -> JsonObject:
    container: JsonObject = {"name": "app", "image": image}
    if env:
        container["env"] = [{"name": name, "value": value} for name, value in env.items()]
    if config_map:
        container["envFrom"] = [{"configMapRef": {"name": config_map}}]
    return {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}


def deployment(
    *managers: JsonObject,
    image: str = "reg/web:1.5",
    revision: int = 2,
    created: float = 86_400,
    replicas: int = 2,
    **template_parts: Any,
) -> JsonObject:
    return any_object(
        "apps/v1",
        "Deployment",
        "web",
        *managers,
        created=created,
        annotations={"deployment.kubernetes.io/revision": str(revision)},
        spec={
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "web"}},
            "template": template(image, **template_parts),
        },
        status={"observedGeneration": 1, "replicas": replicas, "readyReplicas": replicas},
    )


def replica_set(
    suffix: str, revision: int, image: str, created: float, *, former: str = "", replicas: int = 0, **parts: Any
) -> JsonObject:
    annotations = {"deployment.kubernetes.io/revision": str(revision)}
    if former:
        annotations["deployment.kubernetes.io/revision-history"] = former
    body = template(image, **parts)
    body["metadata"]["labels"]["pod-template-hash"] = suffix
    return any_object(
        "apps/v1",
        "ReplicaSet",
        f"web-{suffix}",
        created=created,
        owner=("apps/v1", "Deployment", "web"),
        labels={"app": "web", "pod-template-hash": suffix},
        annotations=annotations,
        spec={"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": body},
    )


def pod(
    name: str,
    owner: str,
    created: float,
    *,
    statuses: Sequence[JsonObject] = (),
    node: str = "n1",
    ready: bool = True,
    image: str = "reg/web:1.5",
    **parts: Any,
) -> JsonObject:
    return any_object(
        "v1",
        "Pod",
        name,
        created=created,
        owner=("apps/v1", "ReplicaSet", owner),
        labels={"app": "web", "pod-template-hash": owner.rpartition("-")[2]},
        spec={**template(image, **parts)["spec"], "nodeName": node},
        status={
            "phase": "Running",
            "conditions": [
                {"type": "Ready", "status": "True" if ready else "False", "lastTransitionTime": stamp(created - 5)}
            ],
            "containerStatuses": list(statuses),
        },
    )


def event(
    kind: str, about: str, reason: str, message: str, seconds: float, *, type_: str = "Normal", count: int = 1
) -> JsonObject:
    return any_object(
        "v1",
        "Event",
        f"{about}.{reason}.{seconds}.{len(message)}".lower(),
        created=seconds,
        involvedObject={"kind": kind, "namespace": "shop", "name": about, "uid": f"{kind}-{about}".lower()},
        reason=reason,
        message=message,
        type=type_,
        count=count,
        firstTimestamp=stamp(seconds + 60 * (count - 1)),
        lastTimestamp=stamp(seconds),
        source={"component": "deployment-controller"},
    )
