"""Pods as controllers create them and admission completes them.

Invariant: a pod has everything a real API server would add: generated name, token volume and mounts, tolerations,
priority, QoS class. It is done here and not in the API because controllers write to storage directly.
"""

from collections.abc import Mapping
from random import Random
from typing import Any

from k9py.simulator.controllers.owner_references import owner_reference
from k9py.simulator.registry.defaults import quality_of_service
from k9py.simulator.registry.resources import Resource
from k9py.simulator.registry.storage import SUFFIX_ALPHABET

Object = dict[str, Any]

_TOKEN_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
_LOST_NODE_SECONDS = 300


def random_suffix(rng: Random, length: int = 5) -> str:
    """Return random characters as generateName appends them."""
    return "".join(rng.choice(SUFFIX_ALPHABET) for _ in range(length))


def pod_from_template(
    template: Mapping[str, Any],
    *,
    owner_resource: Resource,
    owner: Mapping[str, Any],
    rng: Random,
    name: str | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    tolerations: tuple[Object, ...] = (),
    spec: Mapping[str, Any] | None = None,
) -> Object:
    """Return a new, unscheduled pod of an owner, after admission.

    Args:
        template: the owner's pod template.
        owner_resource: the owner's kind.
        owner: the controller; provides namespace, name and uid.
        rng: for generated names.
        name: the pod's name; None generates one from the owner's.
        labels: override the template's.
        annotations: override the template's.
        tolerations: replace the default tolerations for unreachable nodes.
        spec: overrides fields of the template's spec.
    """
    prefix = f"{owner['metadata']['name']}-"
    metadata: Object = {"name": name or prefix + random_suffix(rng), "generateName": prefix}
    if name is not None:
        del metadata["generateName"]
    metadata["namespace"] = owner["metadata"]["namespace"]
    from_template = template.get("metadata") or {}
    all_labels = {**(from_template.get("labels") or {}), **(labels or {})}
    all_annotations = {**(from_template.get("annotations") or {}), **(annotations or {})}
    if all_labels:
        metadata["labels"] = all_labels
    if all_annotations:
        metadata["annotations"] = all_annotations
    metadata["ownerReferences"] = [owner_reference(owner_resource, owner)]
    pod = {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": {**template["spec"], **(spec or {})}}
    return admit_pod(pod, rng, tolerations=tolerations)


def admit_pod(pod: Object, rng: Random, *, tolerations: tuple[Object, ...] = ()) -> Object:
    """Return a pod with the fields admission adds, in phase Pending."""
    spec = dict(pod["spec"])
    volume = f"kube-api-access-{random_suffix(rng)}"
    spec["volumes"] = [*(spec.get("volumes") or ()), _token_volume(volume)]
    mount = {"name": volume, "readOnly": True, "mountPath": _TOKEN_PATH}
    for part in ("initContainers", "containers"):
        if spec.get(part):
            spec[part] = [{**c, "volumeMounts": [*(c.get("volumeMounts") or ()), mount]} for c in spec[part]]
    spec.setdefault("serviceAccountName", "default")
    spec.setdefault("serviceAccount", spec["serviceAccountName"])
    spec["tolerations"] = [*(spec.get("tolerations") or ()), *(tolerations or _default_tolerations())]
    spec.setdefault("priority", 0)
    spec.setdefault("enableServiceLinks", True)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    return {**pod, "spec": spec, "status": {"phase": "Pending", "qosClass": quality_of_service(spec)}}


def _token_volume(name: str) -> Object:
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"name": name, "projected": {"sources": sources, "defaultMode": 420}}


def _default_tolerations() -> tuple[Object, ...]:
    return tuple(
        {
            "key": f"node.kubernetes.io/{condition}",
            "operator": "Exists",
            "effect": "NoExecute",
            "tolerationSeconds": _LOST_NODE_SECONDS,
        }
        for condition in ("not-ready", "unreachable")
    )
