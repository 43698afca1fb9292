"""Rows of Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob, HorizontalPodAutoscaler and
PodDisruptionBudget.

Invariant: cells are in the order of the kind's columns in `table.py`.
"""

from datetime import datetime
from typing import Any

from k9py.simulator.clock import parse_timestamp
from k9py.simulator.printers.ages import age, human_duration, since
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.selectors import selector_text


def containers_and_images(template: Object) -> list[str]:
    """Return the names and the images of a template's containers, each joined by commas."""
    containers = (template.get("spec") or {}).get("containers") or ()
    return [",".join(c.get("name", "") for c in containers), ",".join(c.get("image", "") for c in containers)]


def selector_cell(selector: Any) -> str:
    return selector_text(selector) or "<none>"


def _parts(obj: Object) -> tuple[Object, Object]:
    return obj.get("spec") or {}, obj.get("status") or {}


def deployment_cells(obj: Object, now: datetime) -> list[Any]:
    spec, status = _parts(obj)
    return [
        obj["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age(obj, now),
        *containers_and_images(spec.get("template") or {}),
        selector_cell(spec.get("selector")),
    ]


def replica_set_cells(obj: Object, now: datetime) -> list[Any]:
    spec, status = _parts(obj)
    return [
        obj["metadata"]["name"],
        spec.get("replicas", 1),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        age(obj, now),
        *containers_and_images(spec.get("template") or {}),
        selector_cell(spec.get("selector")),
    ]


def stateful_set_cells(obj: Object, now: datetime) -> list[Any]:
    spec, status = _parts(obj)
    return [
        obj["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 1)}",
        age(obj, now),
        *containers_and_images(spec.get("template") or {}),
    ]


def daemon_set_cells(obj: Object, now: datetime) -> list[Any]:
    spec, status = _parts(obj)
    node_selector = ((spec.get("template") or {}).get("spec") or {}).get("nodeSelector") or {}
    return [
        obj["metadata"]["name"],
        status.get("desiredNumberScheduled", 0),
        status.get("currentNumberScheduled", 0),
        status.get("numberReady", 0),
        status.get("updatedNumberScheduled", 0),
        status.get("numberAvailable", 0),
        ",".join(f"{key}={node_selector[key]}" for key in sorted(node_selector)) or "<none>",
        age(obj, now),
        *containers_and_images(spec.get("template") or {}),
        selector_cell(spec.get("selector")),
    ]


def job_cells(obj: Object, now: datetime) -> list[Any]:
    spec, status = _parts(obj)
    succeeded = status.get("succeeded", 0)
    if spec.get("completions") is not None:
        completions = f"{succeeded}/{spec['completions']}"
    else:
        parallelism = spec.get("parallelism", 0)
        completions = f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"
    duration = ""
    if status.get("startTime"):
        started = parse_timestamp(status["startTime"])
        ended = parse_timestamp(status["completionTime"]) if status.get("completionTime") else now
        duration = human_duration((ended - started).total_seconds())
    return [
        obj["metadata"]["name"],
        _job_status(obj),
        completions,
        duration,
        age(obj, now),
        *containers_and_images(spec.get("template") or {}),
        selector_cell(spec.get("selector")),
    ]


def _job_status(obj: Object) -> str:
    spec, status = _parts(obj)
    held = {c["type"] for c in status.get("conditions") or () if c["status"] == "True"}
    for word in ("Complete", "Failed"):
        if word in held:
            return word
    if obj["metadata"].get("deletionTimestamp"):
        return "Terminating"
    if "Suspended" in held or spec.get("suspend"):
        return "Suspended"
    return "FailureTarget" if "FailureTarget" in held else "Running"


def cron_job_cells(obj: Object, now: datetime) -> list[Any]:
    spec, status = _parts(obj)
    template = ((spec.get("jobTemplate") or {}).get("spec") or {}).get("template") or {}
    last = status.get("lastScheduleTime")
    return [
        obj["metadata"]["name"],
        spec.get("schedule", ""),
        spec.get("timeZone") or "<none>",
        "True" if spec.get("suspend") else "False",
        len(status.get("active") or ()),
        since(last, now) if last else "<none>",
        age(obj, now),
        *containers_and_images(template),
        "<none>",
    ]


def autoscaler_cells(obj: Object, now: datetime) -> list[Any]:
    spec, status = _parts(obj)
    target = spec.get("scaleTargetRef") or {}
    return [
        obj["metadata"]["name"],
        f"{target.get('kind', '')}/{target.get('name', '')}",
        _metrics(spec.get("metrics") or (), status.get("currentMetrics") or ()),
        str(spec["minReplicas"]) if spec.get("minReplicas") is not None else "<unset>",
        spec.get("maxReplicas", 0),
        status.get("currentReplicas", 0),
        age(obj, now),
    ]


def _metrics(wanted: Any, current: Any) -> str:
    metrics = []
    for at, metric in enumerate(wanted):
        resource = metric.get("resource") or {}
        name = resource.get("name", metric.get("type", ""))
        value = (current[at].get("resource") or {}).get("current") or {} if at < len(current) else {}
        target = resource.get("target") or {}
        if target.get("averageUtilization") is not None:
            now = value.get("averageUtilization")
            metrics.append(f"{name}: {'<unknown>' if now is None else f'{now}%'}/{target['averageUtilization']}%")
        else:
            metrics.append(f"{name}: {value.get('averageValue', '<unknown>')}/{target.get('averageValue', '<auto>')}")
    return ", ".join(metrics) or "<none>"


def disruption_budget_cells(obj: Object, now: datetime) -> list[Any]:
    spec, status = _parts(obj)
    return [
        obj["metadata"]["name"],
        str(spec.get("minAvailable", "N/A")),
        str(spec.get("maxUnavailable", "N/A")),
        status.get("disruptionsAllowed", 0),
        age(obj, now),
    ]


def controller_revision_cells(obj: Object, now: datetime) -> list[Any]:
    owner = next((ref for ref in obj["metadata"].get("ownerReferences") or () if ref.get("controller")), None)
    group = "" if owner is None else owner["apiVersion"].rpartition("/")[0]
    owner_name = "<none>"
    if owner is not None:
        kind = owner["kind"].lower()
        owner_name = f"{kind}.{group}/{owner['name']}" if group else f"{kind}/{owner['name']}"
    return [obj["metadata"]["name"], owner_name, obj.get("revision", 0), age(obj, now)]
