"""Defaults of each kind, so that stored (and previewed) objects are complete.

Invariant: defaulting is idempotent and never changes a given value. Controllers and scenarios, which write to storage
directly, call `defaulted` themselves. To default another kind, add a function to `_DEFAULTS`.
Source: the SetDefaults functions and strategies of Kubernetes, as seen in recorded responses.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.resources import Resource
from k9py.simulator.registry.structural_schema import prune, with_defaults

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def defaulted(resource: Resource, obj: Object) -> Object:
    """Return a copy of the object with defaults filled in; a custom resource also loses its unknown fields."""
    if resource.custom is not None:
        known, _ = prune(obj, resource.custom.schema)
        return with_defaults(known, resource.custom.schema)
    fill = _DEFAULTS.get(resource.kind)
    if fill is None:
        return obj
    filled = copy.deepcopy(obj)
    fill(filled)
    return filled


def _set(holder: dict[str, Any], **values: Any) -> None:
    for key, value in values.items():
        if holder.get(key) is None:
            holder[key] = value


def _part(holder: dict[str, Any], key: str) -> dict[str, Any]:
    """Return a nested dict, created if missing."""
    if not isinstance(holder.get(key), dict):
        holder[key] = {}
    part: dict[str, Any] = holder[key]
    return part


def pod_spec_defaults(spec: dict[str, Any]) -> None:
    """Fill in the spec of a pod or pod template."""
    for field in ("initContainers", "containers"):
        for container in spec.get(field) or ():
            _container(container)
    _set(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        securityContext={},
        schedulerName="default-scheduler",
    )
    if spec.get("serviceAccountName"):
        _set(spec, serviceAccount=spec["serviceAccountName"])
    for volume in spec.get("volumes") or ():
        for source in ("configMap", "secret", "projected", "downwardAPI"):
            if isinstance(volume.get(source), dict):
                _set(volume[source], defaultMode=420)


def _container(container: dict[str, Any]) -> None:
    image = container.get("image") or ""
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    latest = tag == "latest" or (not tag and "@" not in image)
    _set(
        container,
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy="Always" if latest else "IfNotPresent",
    )
    for port in container.get("ports") or ():
        _set(port, protocol="TCP")
    for probe in _PROBES:
        if isinstance(container.get(probe), dict):
            _set(container[probe], timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
            if isinstance(container[probe].get("httpGet"), dict):
                _set(container[probe]["httpGet"], path="/", scheme="HTTP")
    for variable in container.get("env") or ():
        field = (variable.get("valueFrom") or {}).get("fieldRef")
        if isinstance(field, dict):
            _set(field, apiVersion="v1")
    resources = container["resources"]
    if resources.get("limits"):  # a limit without a request is also the request
        requests = _part(resources, "requests")
        for name, amount in resources["limits"].items():
            requests.setdefault(name, amount)


def _template(holder: dict[str, Any]) -> None:
    template = _part(holder, "template")
    _part(template, "metadata")
    pod_spec_defaults(_part(template, "spec"))


def _deployment(obj: Object) -> None:
    spec = _part(obj, "spec")
    _set(spec, replicas=1)
    _template(spec)
    strategy = _part(spec, "strategy")
    _set(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _set(_part(strategy, "rollingUpdate"), maxUnavailable="25%", maxSurge="25%")
    _set(spec, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    _set(obj, status={})


def _replica_set(obj: Object) -> None:
    spec = _part(obj, "spec")
    _set(spec, replicas=1)
    _template(spec)
    _set(obj, status={"replicas": 0})


def _stateful_set(obj: Object) -> None:
    spec = _part(obj, "spec")
    _set(spec, replicas=1)
    _template(spec)
    _set(spec, podManagementPolicy="OrderedReady", revisionHistoryLimit=10)
    strategy = _part(spec, "updateStrategy")
    _set(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _set(_part(strategy, "rollingUpdate"), partition=0)
    _set(_part(spec, "persistentVolumeClaimRetentionPolicy"), whenDeleted="Retain", whenScaled="Retain")
    _set(obj, status={"replicas": 0, "availableReplicas": 0})


def _daemon_set(obj: Object) -> None:
    spec = _part(obj, "spec")
    _template(spec)
    strategy = _part(spec, "updateStrategy")
    _set(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        _set(_part(strategy, "rollingUpdate"), maxUnavailable=1, maxSurge=0)
    _set(spec, revisionHistoryLimit=10)
    counts = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")
    _set(obj, status=dict.fromkeys(counts, 0))


def _job_spec(spec: dict[str, Any]) -> None:
    _template(spec)
    if spec.get("completions") is None and spec.get("parallelism") is None:
        _set(spec, completions=1)
    _set(spec, parallelism=1, backoffLimit=6, completionMode="NonIndexed", suspend=False)
    _set(spec, podReplacementPolicy="TerminatingOrFailed", manualSelector=False)


def _job(obj: Object) -> None:
    _job_spec(_part(obj, "spec"))
    _set(obj, status={})


def _cron_job(obj: Object) -> None:
    spec = _part(obj, "spec")
    _set(spec, concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    template = _part(_part(spec, "jobTemplate"), "spec")
    _part(spec["jobTemplate"], "metadata")
    _template(template)
    _set(obj, status={})


def _service(obj: Object) -> None:
    spec = _part(obj, "spec")
    _set(spec, type="ClusterIP", sessionAffinity="None")
    if spec["type"] != "ExternalName":
        _set(spec, ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack", internalTrafficPolicy="Cluster")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        _set(spec, externalTrafficPolicy="Cluster")
    for port in spec.get("ports") or ():
        _set(port, protocol="TCP", targetPort=port.get("port"))
    _set(obj, status={"loadBalancer": {}})


def _pod(obj: Object) -> None:
    spec = _part(obj, "spec")
    pod_spec_defaults(spec)
    _set(
        spec, serviceAccountName="default", enableServiceLinks=True, priority=0, preemptionPolicy="PreemptLowerPriority"
    )
    _set(spec, serviceAccount=spec["serviceAccountName"])
    tolerations = spec.setdefault("tolerations", [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(
            held.get("key") in (key, None) and held.get("effect") in ("NoExecute", None) for held in tolerations
        ):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})
    status = _part(obj, "status")
    _set(status, phase="Pending", qosClass=quality_of_service(spec))


def quality_of_service(spec: Mapping[str, Any]) -> str:
    """Return the pod's QoS class from its containers' cpu and memory."""
    resources = [
        c.get("resources") or {} for c in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    ]
    if not any(r.get("requests") or r.get("limits") for r in resources):
        return "BestEffort"
    for r in resources:
        limits, requests = r.get("limits") or {}, r.get("requests") or {}
        if any(name not in limits or requests.get(name, limits[name]) != limits[name] for name in ("cpu", "memory")):
            return "Burstable"
    return "Guaranteed"


def _namespace(obj: Object) -> None:
    labels = _part(_part(obj, "metadata"), "labels")
    labels.setdefault("kubernetes.io/metadata.name", obj["metadata"].get("name", ""))
    _set(_part(obj, "spec"), finalizers=["kubernetes"])
    _set(_part(obj, "status"), phase="Active")


def _secret(obj: Object) -> None:
    _set(obj, type="Opaque")


def _autoscaler(obj: Object) -> None:
    _set(_part(obj, "spec"), minReplicas=1)
    _set(obj, status={"desiredReplicas": 0, "currentMetrics": None})


def _disruption_budget(obj: Object) -> None:
    counts = ("disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods")
    _set(obj, status=dict.fromkeys(counts, 0))


def _custom_resource_definition(obj: Object) -> None:
    spec = _part(obj, "spec")
    names = _part(spec, "names")
    if names.get("kind"):
        _set(names, singular=names["kind"].lower(), listKind=f"{names['kind']}List")
    _set(_part(spec, "conversion"), strategy="None")
    stored = [version.get("name") for version in spec.get("versions") or () if version.get("storage")]
    _set(obj, status={"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored})


def _replication_controller(obj: Object) -> None:
    spec = _part(obj, "spec")
    _set(spec, replicas=1)
    if spec.get("template"):
        _template(spec)
        _set(spec, selector=(spec["template"]["metadata"].get("labels") or {}))
    _set(obj, status={"replicas": 0})


def _ingress(obj: Object) -> None:
    _part(obj, "spec")
    _set(obj, status={"loadBalancer": {}})


def _network_policy(obj: Object) -> None:
    spec = _part(obj, "spec")
    _set(spec, podSelector={}, policyTypes=["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
    for rule in (*(spec.get("ingress") or ()), *(spec.get("egress") or ())):
        for port in rule.get("ports") or ():
            _set(port, protocol="TCP")


def _claim(obj: Object) -> None:
    _set(_part(obj, "spec"), volumeMode="Filesystem")
    _set(obj, status={"phase": "Pending"})


def _volume(obj: Object) -> None:
    _set(_part(obj, "spec"), persistentVolumeReclaimPolicy="Retain", volumeMode="Filesystem")
    _set(obj, status={"phase": "Pending"})


def _storage_class(obj: Object) -> None:
    _set(obj, reclaimPolicy="Delete", volumeBindingMode="Immediate")


def _priority_class(obj: Object) -> None:
    _set(obj, preemptionPolicy="PreemptLowerPriority")


def _role_binding(obj: Object) -> None:
    _set(_part(obj, "roleRef"), apiGroup="rbac.authorization.k8s.io")
    for subject in obj.get("subjects") or ():
        _set(subject, **({} if subject.get("kind") == "ServiceAccount" else {"apiGroup": "rbac.authorization.k8s.io"}))


def _webhooks(obj: Object) -> None:
    for webhook in obj.get("webhooks") or ():
        _set(webhook, failurePolicy="Fail", matchPolicy="Equivalent", timeoutSeconds=10)
        _set(webhook, namespaceSelector={}, objectSelector={})
        if obj.get("kind") == "MutatingWebhookConfiguration":
            _set(webhook, reinvocationPolicy="Never")
        service = (webhook.get("clientConfig") or {}).get("service")
        if isinstance(service, dict):
            _set(service, port=443)
        for rule in webhook.get("rules") or ():
            _set(rule, scope="*")


_DEFAULTS: dict[str, Callable[[Object], None]] = {
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "CronJob": _cron_job,
    "Service": _service,
    "Pod": _pod,
    "Namespace": _namespace,
    "Secret": _secret,
    "HorizontalPodAutoscaler": _autoscaler,
    "PodDisruptionBudget": _disruption_budget,
    "CustomResourceDefinition": _custom_resource_definition,
    "ReplicationController": _replication_controller,
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
}
