"""What decides on which node a pod may run: tolerations, affinity, topology spread, gates, and PriorityClass.

Invariant: matching follows the scheduler; a term or operator that is not known matches nothing. To read another field
of a pod's placement: a struct here, a field of `PodSpec`, and a line in `informer/interning.py`.
Sources: component-helpers/scheduling/corev1 (`nodeaffinity.go`), api/core/v1/toleration.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final

from k9py.api.meta import KubeObject, KubeStruct
from k9py.api.selectors import LabelSelector, Requirement

NO_SCHEDULE: Final = "NoSchedule"
NO_EXECUTE: Final = "NoExecute"


class Taint(KubeStruct, frozen=True):
    """core/v1 Taint; `effect` is NoSchedule, PreferNoSchedule or NoExecute; only controllers set `time_added`."""

    key: str = ""
    value: str = ""
    effect: str = ""
    time_added: datetime | None = None

    @property
    def keeps_pods_away(self) -> bool:
        """Whether the scheduler obeys it; PreferNoSchedule is a mere preference."""
        return self.effect in (NO_SCHEDULE, NO_EXECUTE)

    def __str__(self) -> str:
        """Return the taint as `kubectl taint` takes it: `dedicated=gpu:NoSchedule`."""
        return f"{self.key}={self.value}:{self.effect}" if self.value else f"{self.key}:{self.effect}"


class Toleration(KubeStruct, frozen=True):
    """core/v1 Toleration; an empty key tolerates every taint, an empty effect every effect."""

    key: str = ""
    operator: str = ""
    value: str = ""
    effect: str = ""
    toleration_seconds: int | None = None

    def tolerates(self, taint: Taint) -> bool:
        """Return whether a pod with it may run on a node with a taint."""
        if self.effect and self.effect != taint.effect:
            return False
        if self.key and self.key != taint.key:
            return False
        match self.operator or "Equal":
            case "Exists":
                return True
            case "Equal":
                return self.value == taint.value
            case "Lt" | "Gt":
                return _compares(self.operator, taint.value, self.value)
        return False


class NodeRequirement(Requirement, frozen=True):
    """core/v1 NodeSelectorRequirement: as for labels, and Gt and Lt on integers."""

    def matches(self, labels: Mapping[str, str]) -> bool:
        if self.operator in ("Gt", "Lt"):
            limit = self.values[0] if self.values else ""
            return _compares(self.operator, labels.get(self.key, ""), limit)
        return super().matches(labels)

    def __str__(self) -> str:
        values = sorted(self.values or ())
        if self.operator in ("Gt", "Lt"):
            return f"{self.key} {'>' if self.operator == 'Gt' else '<'} {''.join(values[:1])}"
        return f"{self.key}={values[0]}" if self.operator == "In" and len(values) == 1 else super().__str__()


class NodeSelectorTerm(KubeStruct, frozen=True):
    """core/v1 NodeSelectorTerm: all requirements must match; the only field is metadata.name. Empty matches nothing."""

    match_expressions: tuple[NodeRequirement, ...] | None = None
    match_fields: tuple[NodeRequirement, ...] | None = None

    def unmet(self, name: str, labels: Mapping[str, str]) -> tuple[NodeRequirement, ...]:
        """Return the requirements that a node does not meet.

        Args:
            name: of the node.
        """
        fields = {"metadata.name": name}
        expressions = (each for each in self.match_expressions or () if not each.matches(labels))
        return (*expressions, *(each for each in self.match_fields or () if not each.matches(fields)))

    def matches(self, name: str, labels: Mapping[str, str]) -> bool:
        return bool(self.match_expressions or self.match_fields) and not self.unmet(name, labels)


class NodeSelector(KubeStruct, frozen=True):
    """core/v1 NodeSelector: one of the terms must match."""

    node_selector_terms: tuple[NodeSelectorTerm, ...] | None = None

    def matches(self, name: str, labels: Mapping[str, str]) -> bool:
        return any(term.matches(name, labels) for term in self.node_selector_terms or ())


class NodeAffinity(KubeStruct, frozen=True):
    """core/v1 NodeAffinity without its preferences."""

    required_during_scheduling_ignored_during_execution: NodeSelector | None = None

    @property
    def required(self) -> NodeSelector | None:
        return self.required_during_scheduling_ignored_during_execution


class PodAffinityTerm(KubeStruct, frozen=True):
    """core/v1 PodAffinityTerm; `namespaces` of None and no selector mean the pod's own."""

    topology_key: str = ""
    label_selector: LabelSelector | None = None
    namespaces: tuple[str, ...] | None = None
    namespace_selector: LabelSelector | None = None

    def covers(self, namespace: str, own: str) -> bool:
        """Return whether pods of a namespace count; labels of namespaces are not looked at, except that {} means all.

        Args:
            own: namespace of the pod that has the term.
        """
        if self.namespace_selector is not None and self.namespace_selector.is_empty:
            return True
        return namespace in self.namespaces if self.namespaces else namespace == own


class PodAffinity(KubeStruct, frozen=True):
    """core/v1 PodAffinity or PodAntiAffinity without its preferences."""

    required_during_scheduling_ignored_during_execution: tuple[PodAffinityTerm, ...] | None = None

    @property
    def required(self) -> tuple[PodAffinityTerm, ...]:
        return self.required_during_scheduling_ignored_during_execution or ()


class Affinity(KubeStruct, frozen=True):
    """core/v1 Affinity."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAffinity | None = None


class TopologySpreadConstraint(KubeStruct, frozen=True):
    """core/v1 TopologySpreadConstraint; `when_unsatisfiable` is DoNotSchedule or ScheduleAnyway."""

    max_skew: int = 1
    topology_key: str = ""
    when_unsatisfiable: str = ""
    label_selector: LabelSelector | None = None
    min_domains: int | None = None


class SchedulingGate(KubeStruct, frozen=True):
    """core/v1 PodSchedulingGate: the scheduler ignores the pod until its controller has removed the gate."""

    name: str = ""


class PriorityClass(KubeObject, frozen=True):
    """A PriorityClass (scheduling.k8s.io/v1)."""

    KIND: ClassVar[str] = "PriorityClass"

    value: int = 0
    global_default: bool = False
    preemption_policy: str = ""
    description: str = ""


def _compares(operator: str, value: str, limit: str) -> bool:
    try:
        return int(value) > int(limit) if operator == "Gt" else int(value) < int(limit)
    except ValueError:
        return False
