"""Defaults of the kinds that are not workloads.

Invariant: as in `defaults.py`: idempotent, and a given value never changes. To default another kind, add a function to
`OBJECT_DEFAULTS`.
"""

from collections.abc import Callable
from typing import Any

from k9py.simulator.registry.cache import Object


def set_missing(holder: dict[str, Any], **values: Any) -> None:
    """Set the fields that are missing or null."""
    for key, value in values.items():
        if holder.get(key) is None:
            holder[key] = value


def part(holder: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a nested dict, created if missing."""
    if not isinstance(holder.get(key), dict):
        holder[key] = {}
    part: dict[str, Any] = holder[key]
    return part


def _namespace(obj: Object) -> None:
    labels = part(part(obj, "metadata"), "labels")
    labels.setdefault("kubernetes.io/metadata.name", obj["metadata"].get("name", ""))
    set_missing(part(obj, "spec"), finalizers=["kubernetes"])
    set_missing(part(obj, "status"), phase="Active")


def _secret(obj: Object) -> None:
    set_missing(obj, type="Opaque")


def _autoscaler(obj: Object) -> None:
    utilization = {"type": "Utilization", "averageUtilization": 80}
    cpu = {"type": "Resource", "resource": {"name": "cpu", "target": utilization}}
    set_missing(part(obj, "spec"), minReplicas=1, metrics=[cpu])
    set_missing(obj, status={"desiredReplicas": 0, "currentMetrics": None})


def _disruption_budget(obj: Object) -> None:
    counts = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
    set_missing(obj, status=dict.fromkeys(counts, 0))


def _custom_resource_definition(obj: Object) -> None:
    spec = part(obj, "spec")
    names = part(spec, "names")
    if names.get("kind"):
        set_missing(names, singular=names["kind"].lower(), listKind=f"{names['kind']}List")
    set_missing(part(spec, "conversion"), strategy="None")
    stored = [version.get("name") for version in spec.get("versions") or () if version.get("storage")]
    set_missing(obj, status={"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored})


def _ingress(obj: Object) -> None:
    part(obj, "spec")
    set_missing(obj, status={"loadBalancer": {}})


def _network_policy(obj: Object) -> None:
    spec = part(obj, "spec")
    set_missing(spec, podSelector={}, policyTypes=["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
    for rule in (*(spec.get("ingress") or ()), *(spec.get("egress") or ())):
        for port in rule.get("ports") or ():
            set_missing(port, protocol="TCP")


def _claim(obj: Object) -> None:
    set_missing(part(obj, "spec"), volumeMode="Filesystem")
    set_missing(obj, status={"phase": "Pending"})


def _volume(obj: Object) -> None:
    set_missing(part(obj, "spec"), persistentVolumeReclaimPolicy="Retain", volumeMode="Filesystem")
    set_missing(obj, status={"phase": "Pending"})


def _storage_class(obj: Object) -> None:
    set_missing(obj, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def _priority_class(obj: Object) -> None:
    set_missing(obj, preemptionPolicy="PreemptLowerPriority")


def _role_binding(obj: Object) -> None:
    set_missing(part(obj, "roleRef"), apiGroup="rbac.authorization.k8s.io")
    for subject in obj.get("subjects") or ():
        set_missing(
            subject, **({} if subject.get("kind") == "ServiceAccount" else {"apiGroup": "rbac.authorization.k8s.io"})
        )


def _webhooks(obj: Object) -> None:
    for webhook in obj.get("webhooks") or ():
        set_missing(webhook, failurePolicy="Fail", matchPolicy="Equivalent", timeoutSeconds=10)
        set_missing(webhook, namespaceSelector={}, objectSelector={})
        if obj.get("kind") == "MutatingWebhookConfiguration":
            set_missing(webhook, reinvocationPolicy="Never")
        service = (webhook.get("clientConfig") or {}).get("service")
        if isinstance(service, dict):
            set_missing(service, port=443)
        for rule in webhook.get("rules") or ():
            set_missing(rule, scope="*")


def _role(obj: Object) -> None:
    obj.setdefault("rules", None)


def _endpoints(obj: Object) -> None:
    for subset in obj.get("subsets") or ():
        for port in subset.get("ports") or ():
            set_missing(port, protocol="TCP")


def _endpoint_slice(obj: Object) -> None:
    for port in obj.get("ports") or ():
        set_missing(port, name="", protocol="TCP")
    for endpoint in obj.get("endpoints") or ():
        set_missing(endpoint, conditions={})


def _limit_range(obj: Object) -> None:
    for limit in part(obj, "spec").get("limits") or ():
        if limit.get("type") != "Container":
            continue
        if limit.get("max"):
            limit["default"] = {**limit["max"], **(limit.get("default") or {})}
        lowest, usual = limit.get("min") or {}, limit.get("default") or {}
        if lowest or usual:
            limit["defaultRequest"] = {**lowest, **usual, **(limit.get("defaultRequest") or {})}


def _resource_quota(obj: Object) -> None:
    set_missing(obj, status={})


OBJECT_DEFAULTS: dict[str, Callable[[Object], None]] = {
    "Namespace": _namespace,
    "Secret": _secret,
    "HorizontalPodAutoscaler": _autoscaler,
    "PodDisruptionBudget": _disruption_budget,
    "CustomResourceDefinition": _custom_resource_definition,
    "Ingress": _ingress,
    "NetworkPolicy": _network_policy,
    "PersistentVolumeClaim": _claim,
    "PersistentVolume": _volume,
    "StorageClass": _storage_class,
    "PriorityClass": _priority_class,
    "RoleBinding": _role_binding,
    "ClusterRoleBinding": _role_binding,
    "ValidatingWebhookConfiguration": _webhooks,
    "MutatingWebhookConfiguration": _webhooks,
    "Role": _role,
    "ClusterRole": _role,
    "Endpoints": _endpoints,
    "EndpointSlice": _endpoint_slice,
    "LimitRange": _limit_range,
    "ResourceQuota": _resource_quota,
}
