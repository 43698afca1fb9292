"""Objects that limit or revert writes: HorizontalPodAutoscalers (autoscaling/v2), PodDisruptionBudgets (policy/v1),
ResourceQuotas and LimitRanges (core/v1).

Objects of older versions are decoded into the same: autoscaling/v1 has a single metric in its fields, and the others
and the conditions in annotations (pkg/apis/autoscaling/v1/conversion.go).
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final, TypeVar

import msgspec
from msgspec.structs import force_setattr, replace

from k9py.api.meta import Condition, KubeObject, KubeStruct, VersionedMeta
from k9py.api.selectors import LabelSelector

T = TypeVar("T")

_V1_ANNOTATIONS: Final = "autoscaling.alpha.kubernetes.io/"

KEDA_SCALED_OBJECT = "scaledobject.keda.sh/name"


class ScaleTarget(KubeStruct, frozen=True):
    """The workload an autoscaler scales."""

    kind: str = ""
    name: str = ""
    api_version: str = ""


class MetricValue(KubeStruct, frozen=True):
    """autoscaling/v2 MetricTarget or MetricValueStatus: quantities, or percent of the requests."""

    value: str | int | float | None = None
    average_value: str | int | float | None = None
    average_utilization: int | None = None


class MetricSource(KubeStruct, frozen=True):
    """The source of a metric: a spec has a target, a status the current value; `name` is that of a resource."""

    name: str = ""
    target: MetricValue = MetricValue()
    current: MetricValue = MetricValue()


class Metric(KubeStruct, frozen=True):
    """autoscaling/v2 MetricSpec or MetricStatus; `type` says which source is set."""

    type: str = ""
    resource: MetricSource | None = None
    container_resource: MetricSource | None = None
    pods: MetricSource | None = None
    object: MetricSource | None = None
    external: MetricSource | None = None


class AutoscalerSpec(KubeStruct, frozen=True):
    """autoscaling/v2 HorizontalPodAutoscalerSpec; min_replicas None means 1."""

    scale_target_ref: ScaleTarget = ScaleTarget()
    min_replicas: int | None = None
    max_replicas: int = 0
    metrics: tuple[Metric, ...] | None = None
    v1_cpu: int | None = msgspec.field(default=None, name="targetCPUUtilizationPercentage")


class AutoscalerStatus(KubeStruct, frozen=True):
    """autoscaling/v2 HorizontalPodAutoscalerStatus."""

    current_replicas: int = 0
    desired_replicas: int = 0
    last_scale_time: datetime | None = None
    current_metrics: tuple[Metric, ...] | None = None
    conditions: tuple[Condition, ...] | None = None
    v1_cpu: int | None = msgspec.field(default=None, name="currentCPUUtilizationPercentage")


class HorizontalPodAutoscaler(KubeObject, frozen=True):
    """An autoscaler: it overwrites a manual scale of its target."""

    KIND: ClassVar[str] = "HorizontalPodAutoscaler"

    metadata: VersionedMeta
    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()

    def __post_init__(self) -> None:
        spec, status, annotation = self.spec, self.status, self.metadata.annotation
        if spec.metrics is None and (metrics := _v1_metrics(spec.v1_cpu, annotation(_V1_ANNOTATIONS + "metrics"))):
            force_setattr(self, "spec", replace(spec, metrics=metrics))
        current = annotation(_V1_ANNOTATIONS + "current-metrics")  # of all metrics: that of the CPU too
        if status.current_metrics is None and (metrics := _v1_metrics(None if current else status.v1_cpu, current)):
            force_setattr(self, "status", replace(status, current_metrics=metrics))
        if status.conditions is None and (
            conditions := _decode_annotation(annotation(_V1_ANNOTATIONS + "conditions"), _conditions)
        ):
            force_setattr(self, "status", replace(self.status, conditions=conditions))

    @property
    def scaled_object(self) -> str:
        """Name of the KEDA ScaledObject that created it, "" when none did."""
        for owner in self.metadata.owner_references or ():
            if owner.kind == "ScaledObject":
                return owner.name
        return self.metadata.label(KEDA_SCALED_OBJECT)


class _V1Source(KubeStruct, frozen=True):
    """The source of an autoscaling/v1 MetricSpec or MetricStatus, of any type."""

    name: str = ""
    metric_name: str = ""
    target_average_utilization: int | None = None
    target_average_value: str | int | float | None = None
    target_value: str | int | float | None = None
    current_average_utilization: int | None = None
    current_average_value: str | int | float | None = None
    current_value: str | int | float | None = None

    @property
    def source(self) -> MetricSource:
        target = MetricValue(self.target_value, self.target_average_value, self.target_average_utilization)
        current = MetricValue(self.current_value, self.current_average_value, self.current_average_utilization)
        return MetricSource(self.name or self.metric_name, target, current)


class _V1Metric(KubeStruct, frozen=True):
    """autoscaling/v1 MetricSpec or MetricStatus."""

    type: str = ""
    resource: _V1Source | None = None
    container_resource: _V1Source | None = None
    pods: _V1Source | None = None
    object: _V1Source | None = None
    external: _V1Source | None = None

    @property
    def metric(self) -> Metric:
        sources = (self.resource, self.container_resource, self.pods, self.object, self.external)
        return Metric(self.type, *(None if source is None else source.source for source in sources))


_conditions = msgspec.json.Decoder(tuple[Condition, ...])
_metrics = msgspec.json.Decoder(tuple[_V1Metric, ...])


def _v1_metrics(cpu: int | None, annotation: str) -> tuple[Metric, ...]:
    """Return the metrics of an autoscaling/v1 object; () for one of a later version without metrics."""
    value = MetricValue(average_utilization=cpu)
    of_fields = () if cpu is None else (Metric("Resource", MetricSource("cpu", value, value)),)
    return of_fields + tuple(metric.metric for metric in _decode_annotation(annotation, _metrics))


def _decode_annotation(text: str, decoder: msgspec.json.Decoder[tuple[T, ...]]) -> tuple[T, ...]:
    """Return what an annotation holds; a person may have edited it: () for anything else."""
    try:
        return decoder.decode(text) if text else ()
    except (msgspec.DecodeError, RecursionError):
        return ()


class BudgetSpec(KubeStruct, frozen=True):
    """policy/v1 PodDisruptionBudgetSpec; values are counts or percentages in text."""

    min_available: int | str | None = None
    max_unavailable: int | str | None = None
    selector: LabelSelector | None = None


class BudgetStatus(KubeStruct, frozen=True):
    """policy/v1 PodDisruptionBudgetStatus, in pods."""

    disruptions_allowed: int = 0
    current_healthy: int = 0
    desired_healthy: int = 0
    expected_pods: int = 0
    conditions: tuple[Condition, ...] | None = None


class PodDisruptionBudget(KubeObject, frozen=True):
    """A disruption budget: the server refuses evictions beyond it."""

    KIND: ClassVar[str] = "PodDisruptionBudget"

    metadata: VersionedMeta
    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()


Amounts = dict[str, str | int | float]
"""Quantities by entry, such as `requests.cpu`, `limits.memory`, `pods` or `count/replicasets.apps`."""


class ScopeRequirement(KubeStruct, frozen=True):
    """One entry of a scope selector; `operator` is In, NotIn, Exists or DoesNotExist."""

    scope_name: str = ""
    operator: str = ""
    values: tuple[str, ...] | None = None


class ScopeSelector(KubeStruct, frozen=True):
    """Selects the pods that a quota counts, together with `scopes`; all must match."""

    match_expressions: tuple[ScopeRequirement, ...] | None = None


class QuotaSpec(KubeStruct, frozen=True):
    """core/v1 ResourceQuotaSpec; without scopes it counts every pod."""

    hard: Amounts | None = None
    scopes: tuple[str, ...] | None = None
    scope_selector: ScopeSelector | None = None

    @property
    def scope_text(self) -> str:
        """The pods that it counts: `BestEffort`, `PriorityClass In high`; "" for all."""
        expressions = (self.scope_selector.match_expressions if self.scope_selector else None) or ()
        texts = [f"{each.scope_name} {each.operator} {' '.join(each.values or ())}".strip() for each in expressions]
        return ", ".join((*(self.scopes or ()), *texts))


class QuotaStatus(KubeStruct, frozen=True):
    """core/v1 ResourceQuotaStatus; an entry missing in `used` has not been counted yet."""

    hard: Amounts | None = None
    used: Amounts | None = None


class ResourceQuota(KubeObject, frozen=True):
    """A quota: the server refuses to create pods and objects beyond it."""

    KIND: ClassVar[str] = "ResourceQuota"

    spec: QuotaSpec = QuotaSpec()
    status: QuotaStatus = QuotaStatus()


class Limit(KubeStruct, frozen=True):
    """core/v1 LimitRangeItem; `type` is Container, Pod or PersistentVolumeClaim."""

    type: str = ""
    min: dict[str, str | int | float] | None = None
    max: dict[str, str | int | float] | None = None
    max_limit_request_ratio: dict[str, str | int | float] | None = None
    default: dict[str, str | int | float] | None = None
    default_request: dict[str, str | int | float] | None = None


class LimitRangeSpec(KubeStruct, frozen=True):
    """core/v1 LimitRangeSpec."""

    limits: tuple[Limit, ...] | None = None


class LimitRange(KubeObject, frozen=True):
    """A LimitRange: the server refuses pods whose requests or limits are outside of it."""

    KIND: ClassVar[str] = "LimitRange"

    spec: LimitRangeSpec = LimitRangeSpec()
