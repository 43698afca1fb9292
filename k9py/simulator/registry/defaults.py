"""Defaults of each kind, so that stored (and previewed) objects are complete.

Invariant: defaulting is idempotent and never changes a given value. Controllers and scenarios, which write to storage
directly, call `defaulted` themselves. Workloads are here; to default another kind, see `object_defaults.py`.
Source: the SetDefaults functions and strategies of Kubernetes, as seen in recorded responses.
"""

import copy
from collections.abc import Callable, Mapping
from typing import Any

from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.object_defaults import OBJECT_DEFAULTS, part, set_missing
from k9py.simulator.registry.resources import Resource
from k9py.simulator.registry.structural_schema import prune, with_defaults

_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def defaulted(resource: Resource, obj: Object) -> Object:
    """Return a copy of the object with defaults filled in; a custom resource also loses its unknown fields."""
    if resource.custom is not None:
        known, _ = prune(obj, resource.custom.schema)
        return with_defaults(known, resource.custom.schema)
    fill = _DEFAULTS.get(resource.kind) or OBJECT_DEFAULTS.get(resource.kind)
    if fill is None:
        return obj
    filled = copy.deepcopy(obj)
    fill(filled)
    return filled


def pod_spec_defaults(spec: dict[str, Any]) -> None:
    """Fill in the spec of a pod or pod template."""
    for field in ("initContainers", "containers", "ephemeralContainers"):
        for container in spec.get(field) or ():
            _container(container)
    set_missing(
        spec,
        restartPolicy="Always",
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        securityContext={},
        schedulerName="default-scheduler",
    )
    if spec.get("serviceAccountName"):
        set_missing(spec, serviceAccount=spec["serviceAccountName"])
    for volume in spec.get("volumes") or ():
        for source in ("configMap", "secret", "projected", "downwardAPI"):
            if isinstance(volume.get(source), dict):
                set_missing(volume[source], defaultMode=420)


def _container(container: dict[str, Any]) -> None:
    image = container.get("image") or ""
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    latest = tag == "latest" or (not tag and "@" not in image)
    set_missing(
        container,
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy="Always" if latest else "IfNotPresent",
    )
    for port in container.get("ports") or ():
        set_missing(port, protocol="TCP")
    for probe in _PROBES:
        if isinstance(container.get(probe), dict):
            set_missing(container[probe], timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3)
            if isinstance(container[probe].get("httpGet"), dict):
                set_missing(container[probe]["httpGet"], path="/", scheme="HTTP")
    for variable in container.get("env") or ():
        field = (variable.get("valueFrom") or {}).get("fieldRef")
        if isinstance(field, dict):
            set_missing(field, apiVersion="v1")
    resources = container["resources"]
    if resources.get("limits"):  # a limit without a request is also the request
        requests = part(resources, "requests")
        for name, amount in resources["limits"].items():
            requests.setdefault(name, amount)


def _template(holder: dict[str, Any]) -> None:
    template = part(holder, "template")
    part(template, "metadata")
    pod_spec_defaults(part(template, "spec"))


def _deployment(obj: Object) -> None:
    spec = part(obj, "spec")
    set_missing(spec, replicas=1)
    _template(spec)
    strategy = part(spec, "strategy")
    set_missing(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        set_missing(part(strategy, "rollingUpdate"), maxUnavailable="25%", maxSurge="25%")
    set_missing(spec, revisionHistoryLimit=10, progressDeadlineSeconds=600)
    set_missing(obj, status={})


def _replica_set(obj: Object) -> None:
    spec = part(obj, "spec")
    set_missing(spec, replicas=1)
    _template(spec)
    set_missing(obj, status={"replicas": 0})


def _stateful_set(obj: Object) -> None:
    spec = part(obj, "spec")
    set_missing(spec, replicas=1)
    _template(spec)
    set_missing(spec, podManagementPolicy="OrderedReady", revisionHistoryLimit=10)
    strategy = part(spec, "updateStrategy")
    set_missing(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        set_missing(part(strategy, "rollingUpdate"), partition=0)
    set_missing(part(spec, "persistentVolumeClaimRetentionPolicy"), whenDeleted="Retain", whenScaled="Retain")
    set_missing(obj, status={"replicas": 0, "availableReplicas": 0})


def _daemon_set(obj: Object) -> None:
    spec = part(obj, "spec")
    _template(spec)
    strategy = part(spec, "updateStrategy")
    set_missing(strategy, type="RollingUpdate")
    if strategy["type"] == "RollingUpdate":
        set_missing(part(strategy, "rollingUpdate"), maxUnavailable=1, maxSurge=0)
    set_missing(spec, revisionHistoryLimit=10)
    counts = ("currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady")
    set_missing(obj, status=dict.fromkeys(counts, 0))


def _job_spec(spec: dict[str, Any]) -> None:
    _template(spec)
    if spec.get("completions") is None and spec.get("parallelism") is None:
        set_missing(spec, completions=1)
    set_missing(spec, parallelism=1, backoffLimit=6, completionMode="NonIndexed", suspend=False)
    set_missing(spec, podReplacementPolicy="TerminatingOrFailed", manualSelector=False)


def _job(obj: Object) -> None:
    _job_spec(part(obj, "spec"))
    set_missing(obj, status={})


def _cron_job(obj: Object) -> None:
    spec = part(obj, "spec")
    set_missing(spec, concurrencyPolicy="Allow", suspend=False, successfulJobsHistoryLimit=3, failedJobsHistoryLimit=1)
    template = part(part(spec, "jobTemplate"), "spec")
    part(spec["jobTemplate"], "metadata")
    _template(template)
    set_missing(obj, status={})


def _service(obj: Object) -> None:
    spec = part(obj, "spec")
    set_missing(spec, type="ClusterIP", sessionAffinity="None")
    if spec["type"] != "ExternalName":
        set_missing(spec, ipFamilies=["IPv4"], ipFamilyPolicy="SingleStack", internalTrafficPolicy="Cluster")
    if spec["type"] in ("NodePort", "LoadBalancer"):
        set_missing(spec, externalTrafficPolicy="Cluster")
    for port in spec.get("ports") or ():
        set_missing(port, protocol="TCP", targetPort=port.get("port"))
    set_missing(obj, status={"loadBalancer": {}})


def _pod(obj: Object) -> None:
    spec = part(obj, "spec")
    pod_spec_defaults(spec)
    set_missing(
        spec, serviceAccountName="default", enableServiceLinks=True, priority=0, preemptionPolicy="PreemptLowerPriority"
    )
    set_missing(spec, serviceAccount=spec["serviceAccountName"])
    tolerations = spec.setdefault("tolerations", [])
    for key in ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"):
        if not any(
            held.get("key") in (key, None) and held.get("effect") in ("NoExecute", None) for held in tolerations
        ):
            tolerations.append({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300})
    status = part(obj, "status")
    set_missing(status, phase="Pending", qosClass=quality_of_service(spec))


def _pod_template(obj: Object) -> None:
    _template(obj)


def _replication_controller(obj: Object) -> None:
    spec = part(obj, "spec")
    set_missing(spec, replicas=1)
    if spec.get("template"):
        _template(spec)
        labels = spec["template"]["metadata"].get("labels") or {}
        set_missing(spec, selector=labels)
        if labels:
            set_missing(obj["metadata"], labels=labels)
    set_missing(obj, status={"replicas": 0})


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


_DEFAULTS: dict[str, Callable[[Object], None]] = {
    "Deployment": _deployment,
    "ReplicaSet": _replica_set,
    "StatefulSet": _stateful_set,
    "DaemonSet": _daemon_set,
    "Job": _job,
    "CronJob": _cron_job,
    "Service": _service,
    "Pod": _pod,
    "ReplicationController": _replication_controller,
    "PodTemplate": _pod_template,
}
