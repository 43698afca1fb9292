"""Objects that limit or revert writes: HorizontalPodAutoscalers (autoscaling/v2), PodDisruptionBudgets (policy/v1) and
ResourceQuotas (core/v1)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from k9py.api.meta import Condition, KubeObject, KubeStruct
from k9py.api.selectors import LabelSelector

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


class AutoscalerStatus(KubeStruct, frozen=True):
    """autoscaling/v2 HorizontalPodAutoscalerStatus."""

    current_replicas: int = 0
    desired_replicas: int = 0
    last_scale_time: datetime | None = None
    current_metrics: tuple[Metric, ...] | None = None
    conditions: tuple[Condition, ...] | None = None


class HorizontalPodAutoscaler(KubeObject, frozen=True):
    """An autoscaler: it overwrites a manual scale of its target."""

    KIND: ClassVar[str] = "HorizontalPodAutoscaler"

    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()

    @property
    def scaled_object(self) -> str:
        """Name of the KEDA ScaledObject that created it, "" when none did."""
        for owner in self.metadata.owner_references or ():
            if owner.kind == "ScaledObject":
                return owner.name
        return self.metadata.label(KEDA_SCALED_OBJECT)


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


class QuotaStatus(KubeStruct, frozen=True):
    """core/v1 ResourceQuotaStatus; an entry missing in `used` has not been counted yet."""

    hard: Amounts | None = None
    used: Amounts | None = None


class ResourceQuota(KubeObject, frozen=True):
    """A quota: the server refuses to create pods and objects beyond it."""

    KIND: ClassVar[str] = "ResourceQuota"

    spec: QuotaSpec = QuotaSpec()
    status: QuotaStatus = QuotaStatus()
