"""Those who push back on writes: HorizontalPodAutoscalers (autoscaling/v2) and PodDisruptionBudgets (policy/v1)."""

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


class AutoscalerSpec(KubeStruct, frozen=True):
    """autoscaling/v2 HorizontalPodAutoscalerSpec; min_replicas None means 1."""

    scale_target_ref: ScaleTarget = ScaleTarget()
    min_replicas: int | None = None
    max_replicas: int = 0


class AutoscalerStatus(KubeStruct, frozen=True):
    """autoscaling/v2 HorizontalPodAutoscalerStatus."""

    current_replicas: int = 0
    desired_replicas: int = 0
    last_scale_time: datetime | None = None
    conditions: tuple[Condition, ...] | None = None


class HorizontalPodAutoscaler(KubeObject, frozen=True):
    """An autoscaler: it will undo a manual scale of its target."""

    KIND: ClassVar[str] = "HorizontalPodAutoscaler"

    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()

    @property
    def scaled_object(self) -> str:
        """Name of the KEDA ScaledObject that made it, "" when none did."""
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
    """A disruption budget: evictions beyond it are refused."""

    KIND: ClassVar[str] = "PodDisruptionBudget"

    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()
