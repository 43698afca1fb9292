"""Rows of Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, CronJob, HorizontalPodAutoscaler and
PodDisruptionBudget.

Invariant: cells are in the order of the kind's columns in `table.py`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from k9py.simulator.clock import parse_timestamp
from k9py.simulator.printers.ages import UNKNOWN, age, human_duration, since
from k9py.simulator.registry.autoscaler_versions import autoscaler_as_v2
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.selectors import selector_text

_SHOWN_METRICS = 2


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
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        age(obj, now),
        *containers_and_images(spec.get("template") or {}),
        selector_text(spec.get("selector")) or ("<none>" if spec.get("selector") else ""),
    ]


def replica_set_cells(obj: Object, now: datetime) -> list[Any]:
    spec, status = _parts(obj)
    return [
        obj["metadata"]["name"],
        spec.get("replicas", 0),
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
        f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}",
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
        str(spec["suspend"]) if spec.get("suspend") is not None else "<unset>",
        len(status.get("active") or ()),
        since(last, now) if last else "<none>",
        age(obj, now),
        *containers_and_images(template),
        "<none>",
    ]


def autoscaler_cells(obj: Object, now: datetime) -> list[Any]:
    """Return an autoscaler's row; takes both API versions."""
    if obj.get("apiVersion") == "autoscaling/v1":
        obj = autoscaler_as_v2(obj)
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


def _metrics(wanted: Sequence[Object], current: Sequence[Object]) -> str:
    texts = [_metric(metric, current[at] if at < len(current) else {}) for at, metric in enumerate(wanted)]
    more = f" + {len(texts) - _SHOWN_METRICS} more..." if len(texts) > _SHOWN_METRICS else ""
    return (", ".join(texts[:_SHOWN_METRICS]) + more) or "<none>"


def _metric(metric: Object, current: Object) -> str:
    """Return one metric as `current/target`, with the name of a resource before it."""
    kind = metric.get("type", "")
    field = kind[:1].lower() + kind[1:]
    source = metric.get(field) or {}
    target, value = source.get("target") or {}, (current.get(field) or {}).get("current") or {}
    by_average = target.get("averageValue")
    if kind in ("Resource", "ContainerResource"):
        if by_average is not None:
            return f"{source['name']}: {value.get('averageValue', UNKNOWN)}/{by_average}"
        used, goal = value.get("averageUtilization"), target.get("averageUtilization")
        return f"{source['name']}: {UNKNOWN if used is None else f'{used}%'}/{'<auto>' if goal is None else f'{goal}%'}"
    if kind == "Pods":
        return f"{value.get('averageValue', UNKNOWN)}/{by_average}"
    if by_average is not None:
        return f"{value.get('averageValue', UNKNOWN)}/{by_average} (avg)"
    return f"{value.get('value', UNKNOWN)}/{target.get('value', '')}"


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
