"""Raw objects in the server's JSON form, for planning writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def raw_pod(
    name: str = "checkout-abc-1",
    namespace: str = "shop",
    *,
    owner: tuple[str, str] | None = ("ReplicaSet", "checkout-abc"),
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    resource_version: str = "100",
) -> dict[str, Any]:
    """A running pod; `owner` is its controller's kind and name."""
    owners = [{"kind": owner[0], "name": owner[1], "uid": f"uid-{owner[1]}", "controller": True}] if owner else []
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"pod-{name}",
            "resourceVersion": resource_version,
            "generation": 1,
            "labels": dict(labels or {"app": "checkout"}),
            "annotations": dict(annotations or {}),
            "ownerReferences": owners,
        },
        "spec": {"containers": [{"name": "app", "image": "registry.example.com/checkout:1.0.0"}]},
        "status": {"phase": "Running"},
    }
