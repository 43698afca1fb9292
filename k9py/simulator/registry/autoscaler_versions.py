"""HorizontalPodAutoscalers in autoscaling/v1, which are stored as autoscaling/v2.

Invariant: version 1 has the CPU utilization as a field; everything else of version 2 is JSON in annotations, so that a
round trip through version 1 loses nothing. Source: pkg/apis/autoscaling/v1/conversion.go.
"""

import json
from collections.abc import Mapping
from typing import Any

from k9py.simulator.registry.cache import Object

_PREFIX = "autoscaling.alpha.kubernetes.io/"
_METRICS, _CURRENT, _BEHAVIOR, _CONDITIONS = (
    f"{_PREFIX}{name}" for name in ("metrics", "current-metrics", "behavior", "conditions")
)


def autoscaler_as_v1(obj: Object) -> Object:
    """Return a stored autoscaler in autoscaling/v1."""
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    annotations = dict(obj["metadata"].get("annotations") or {})
    metrics = list(spec.pop("metrics", None) or ())
    current = list(status.pop("currentMetrics", None) or ())
    cpu = next((metric for metric in metrics if _cpu_utilization(metric) is not None), None)
    if cpu is not None:
        metrics.remove(cpu)
        spec["targetCPUUtilizationPercentage"] = _cpu_utilization(cpu)
    measured = next((metric for metric in current if (metric.get("resource") or {}).get("name") == "cpu"), None)
    if measured is not None and (measured["resource"].get("current") or {}).get("averageUtilization") is not None:
        status["currentCPUUtilizationPercentage"] = measured["resource"]["current"]["averageUtilization"]
    moved = (
        (_METRICS, [_metric_as_v1(metric, "target") for metric in metrics]),
        (_CURRENT, [_metric_as_v1(metric, "current") for metric in current]),
        (_BEHAVIOR, spec.pop("behavior", None)),
        (_CONDITIONS, status.pop("conditions", None)),
    )  # fmt: skip
    annotations |= {key: json.dumps(value, separators=(",", ":")) for key, value in moved if value}
    status.setdefault("currentReplicas", 0)
    return _with(obj, "autoscaling/v1", annotations, spec, status)


def autoscaler_as_v2(obj: Object) -> Object:
    """Return a submitted autoscaling/v1 autoscaler in the version it is stored in."""
    spec, status = dict(obj.get("spec") or {}), dict(obj.get("status") or {})
    metadata: Mapping[str, Any] = obj.get("metadata") or {}
    annotations = dict(metadata.get("annotations") or {})
    target = spec.pop("targetCPUUtilizationPercentage", None)
    status.pop("currentCPUUtilizationPercentage", None)
    metrics = [_metric_as_v2(metric, "target") for metric in _taken(annotations, _METRICS) or ()]
    current = [_metric_as_v2(metric, "current") for metric in _taken(annotations, _CURRENT) or ()]
    if target is not None:
        wanted = {"type": "Utilization", "averageUtilization": target}
        metrics = [{"type": "Resource", "resource": {"name": "cpu", "target": wanted}}, *metrics]
    for holder, field, value in (
        (spec, "metrics", metrics),
        (spec, "behavior", _taken(annotations, _BEHAVIOR)),
        (status, "currentMetrics", current),
        (status, "conditions", _taken(annotations, _CONDITIONS)),
    ):
        if value:
            holder[field] = value
    return _with({**obj, "metadata": metadata}, "autoscaling/v2", annotations, spec, status)


def _with(obj: Object, api_version: str, annotations: Mapping[str, Any], spec: Object, status: Object) -> Object:
    metadata = {key: value for key, value in obj["metadata"].items() if key != "annotations"}
    if annotations:
        metadata["annotations"] = annotations
    changed = {**obj, "apiVersion": api_version, "metadata": metadata, "spec": spec}
    if "status" in obj:
        changed["status"] = status
    return changed


def _taken(annotations: dict[str, Any], key: str) -> Any:
    try:
        return json.loads(annotations.pop(key, "null"))
    except ValueError:
        return None


def _cpu_utilization(metric: Mapping[str, Any]) -> int | None:
    resource = metric.get("resource") or {}
    utilization: int | None = (resource.get("target") or {}).get("averageUtilization")
    return utilization if metric.get("type") == "Resource" and resource.get("name") == "cpu" else None


_AMOUNTS = ("averageUtilization", "averageValue", "value")


def _metric_as_v1(metric: Mapping[str, Any], word: str) -> Object:
    """Return a v2 metric in the form of the annotations; `word` is `target` or `current`."""
    kind = metric["type"]
    field = kind[:1].lower() + kind[1:]
    source = dict(metric.get(field) or {})
    amounts = source.pop(word, None) or {}
    named = source.pop("metric", None)
    if named is not None:
        source["metricName"] = named["name"]
    if "describedObject" in source:
        source["target"] = source.pop("describedObject")
    flat = {_flat(word, amount): amounts[amount] for amount in _AMOUNTS if amount in amounts}
    return {"type": kind, field: {**source, **flat}}


def _metric_as_v2(metric: Mapping[str, Any], word: str) -> Object:
    kind = metric["type"]
    field = kind[:1].lower() + kind[1:]
    source = dict(metric.get(field) or {})
    flat = {amount: source.pop(_flat(word, amount)) for amount in _AMOUNTS if _flat(word, amount) in source}
    if "metricName" in source:
        source["metric"] = {"name": source.pop("metricName")}
    if "target" in source:
        source["describedObject"] = source.pop("target")
    if word == "target" and flat:
        flat["type"] = {"averageUtilization": "Utilization", "value": "Value"}.get(next(iter(flat)), "AverageValue")
    return {"type": kind, field: {**source, word: flat}}


def _flat(word: str, amount: str) -> str:
    return word + amount[:1].upper() + amount[1:]
