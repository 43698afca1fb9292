"""HorizontalPodAutoscaler (autoscaling/v2): target, metrics as kubectl prints them, replicas, why it cannot scale."""

from __future__ import annotations

from typing import Final

from k9py.api.kinds import HORIZONTAL_POD_AUTOSCALER
from k9py.api.meta import Condition, find_condition
from k9py.api.policy import HorizontalPodAutoscaler, Metric, MetricSource, MetricValue
from k9py.api.quantities import Quantity
from k9py.resources.cells import (
    AGE,
    AGE_CELL,
    NAME,
    NONE,
    UNKNOWN,
    UNSET,
    count_cell,
    name_cell,
    numbered,
    object_row,
    text_cell,
    time_cell,
    time_column,
)
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Cell, Column, Row, Tone

COLUMNS = numbered(
    NAME,
    Column("reference", "REFERENCE", min_width=12, max_width=60, priority=3, sort_key="B"),
    Column("targets", "TARGETS", min_width=10, max_width=60, priority=1, sort_key="W"),
    Column("min", "MINPODS", align_right=True, min_width=3, max_width=7, priority=4, sort_key="I"),
    Column("max", "MAXPODS", align_right=True, min_width=3, max_width=7, priority=2, sort_key="X"),
    Column("replicas", "REPLICAS", align_right=True, min_width=3, max_width=8, sort_key="R"),
    Column("reason", "REASON", min_width=8, max_width=30, priority=3, sort_key="E"),
    time_column("last_scale", "LAST SCALE", priority=6, wide=True, sort_key="L"),
    AGE,
)

_SHOWN_METRICS: Final = 2


def row(autoscaler: HorizontalPodAutoscaler, context: RowContext) -> Row:
    """Return the row of an autoscaler."""
    spec, status = autoscaler.spec, autoscaler.status
    tone, reason = _state(autoscaler)
    reference = f"{spec.scale_target_ref.kind}/{spec.scale_target_ref.name}"
    return object_row(
        autoscaler,
        (
            name_cell(autoscaler),
            text_cell(reference),
            text_cell(metrics_text(spec.metrics or (), status.current_metrics or ())),
            Cell(UNSET, Tone.MUTED) if spec.min_replicas is None else count_cell(spec.min_replicas),
            count_cell(spec.max_replicas),
            count_cell(status.current_replicas, tone),
            text_cell(reason, tone),
            time_cell(status.last_scale_time),
            AGE_CELL,
        ),
        tone,
    )


def _state(autoscaler: HorizontalPodAutoscaler) -> tuple[Tone, str]:
    """Return the tone, and the reason when it cannot scale or is at its maximum."""
    spec, status = autoscaler.spec, autoscaler.status
    able, active, limited = (
        find_condition(status.conditions, type_) for type_ in ("AbleToScale", "ScalingActive", "ScalingLimited")
    )
    if active is not None and active.reason == "ScalingDisabled":
        return Tone.MUTED, active.reason
    for condition in (able, active):
        if condition is not None and condition.status == "False":
            return Tone.WARN, condition.reason
    if able is None or active is None or "Unknown" in (able.status, active.status):
        return Tone.UNKNOWN, _reason(active or able)
    if limited is not None and limited.status == "True" and status.current_replicas >= spec.max_replicas:
        return Tone.WARN, limited.reason
    return (Tone.BUSY if status.desired_replicas != status.current_replicas else Tone.OK), ""


def _reason(condition: Condition | None) -> str:
    return condition.reason if condition is not None else ""


def metrics_text(specs: tuple[Metric, ...], statuses: tuple[Metric, ...]) -> str:
    """Return current and target values of the first two metrics: `cpu: 33%/70%, 12/30 (avg)`.

    Source: kubernetes' formatHPAMetrics, which takes the n-th current value for the n-th metric.
    """
    if not specs:
        return NONE
    texts = [_metric(spec, statuses[at] if at < len(statuses) else None) for at, spec in enumerate(specs)]
    text = ", ".join(texts[:_SHOWN_METRICS])
    return f"{text} + {len(texts) - _SHOWN_METRICS} more..." if len(texts) > _SHOWN_METRICS else text


def _metric(spec: Metric, status: Metric | None) -> str:
    match spec.type:
        case "External":
            return _value_or_average(spec.external, status.external if status else None)
        case "Object":
            return _value_or_average(spec.object, status.object if status else None)
        case "Pods":
            target, current = _values(spec.pods, status.pods if status else None)
            return f"{_text(current.average_value)}/{_text(target.average_value)}"
        case "Resource":
            return _resource(spec.resource, status.resource if status else None)
        case "ContainerResource":
            return _resource(spec.container_resource, status.container_resource if status else None)
    return "<unknown type>"


def _values(spec: MetricSource | None, status: MetricSource | None) -> tuple[MetricValue, MetricValue]:
    """Return the target and the current value."""
    return (spec.target if spec else MetricValue()), (status.current if status else MetricValue())


def _value_or_average(spec: MetricSource | None, status: MetricSource | None) -> str:
    target, current = _values(spec, status)
    if target.average_value is not None:
        return f"{_text(current.average_value)}/{_text(target.average_value)} (avg)"
    return f"{_text(current.value)}/{_text(target.value)}"


def _resource(spec: MetricSource | None, status: MetricSource | None) -> str:
    target, current = _values(spec, status)
    name = spec.name if spec else ""
    if target.average_value is not None:
        return f"{name}: {_text(current.average_value)}/{_text(target.average_value)}"
    used = UNKNOWN if current.average_utilization is None else f"{current.average_utilization}%"
    wanted = "<auto>" if target.average_utilization is None else f"{target.average_utilization}%"
    return f"{name}: {used}/{wanted}"


def _text(quantity: Quantity | None) -> str:
    return UNKNOWN if quantity is None else str(quantity)


RESOURCES = (Resource(HORIZONTAL_POD_AUTOSCALER, COLUMNS, row),)
