"""The indexes of the stores, so that every query costs the size of its result.

Labels are indexed as (namespace, key, value); a selector is kept under one of its pairs, the one that looks most
specific: a poor choice costs time but not correctness, since every candidate is matched in full.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from k9py.api.events import Event
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.policy import HorizontalPodAutoscaler, PodDisruptionBudget
from k9py.api.services import ENDPOINT_SLICE_CONTROLLER, MANAGED_BY_LABEL, EndpointSlice, Service
from k9py.api.workloads import CONTROLLER_REVISION_HASH, POD_TEMPLATE_HASH, Workload

Pair = tuple[str, str, str]
"""(namespace, label key, label value)."""

LABEL = "label"  # pods: each pair; workloads: each pair of the pod template
SELECTOR = "selector"  # services, budgets: the one pair their selector is kept under
SERVICE = "service"  # endpoint slices: (namespace, service name)
MANUAL = "manual"  # endpoint slices of Services without a selector: their namespace
TARGET = "target"  # autoscalers: key of the workload they scale
ABOUT = "about"  # events: uid of the object they are about
NODE = "node"  # pods: name of the node they are assigned to

_SHARED = frozenset(
    {
        "app.kubernetes.io/part-of",
        "app.kubernetes.io/managed-by",
        "app.kubernetes.io/version",
        "env",
        "environment",
        "heritage",
        "region",
        "release",
        "stage",
        "team",
        "tier",
        "track",
        "version",
        "zone",
    }
)
"""Keys whose values many workloads share."""

_OF_ONE_REVISION = frozenset({POD_TEMPLATE_HASH, CONTROLLER_REVISION_HASH, "pod-template-generation"})
"""Labels that controllers add to distinguish revisions. Hardly any Service selects by them alone, and they would fill
the index: for such a selector the namespace is searched (`is_indexed`).
"""


def indexed_pairs(namespace: str, labels: Mapping[str, str] | None) -> Iterator[Pair]:
    """Yield the pairs an object with these labels is indexed under."""
    for key, value in (labels or {}).items():
        if key not in _OF_ONE_REVISION:
            yield (namespace, key, value)


def label_pairs(namespace: str, labels: Mapping[str, str] | None) -> Iterator[Pair]:
    """Yield all pairs of an object's labels: a selector that matches it may be kept under any of them."""
    return ((namespace, key, value) for key, value in (labels or {}).items())


def is_indexed(pair: Pair) -> bool:
    """Return whether objects are indexed under such a pair."""
    return pair[1] not in _OF_ONE_REVISION


def selector_pair(namespace: str, name: str, selector: Mapping[str, str]) -> Pair:
    """Return the pair a selector is kept under: one whose value is the name of the object, else the least shared."""

    def rank(item: tuple[str, str]) -> tuple[bool, bool, bool, int, str]:
        key, value = item
        return (key in _OF_ONE_REVISION, value != name, key in _SHARED, -len(value), key)

    key, value = min(selector.items(), key=rank)
    return (namespace, key, value)


def pod_labels(pod: Pod) -> Iterator[Pair]:
    return indexed_pairs(pod.namespace, pod.metadata.labels)


def pod_node(pod: Pod) -> tuple[str, ...]:
    return (pod.spec.node_name,) if pod.spec.node_name else ()


def template_labels(workload: Workload) -> Iterator[Pair]:
    return indexed_pairs(workload.namespace, workload.spec.template.labels)


def service_selector(service: Service) -> tuple[Pair, ...]:
    selector = service.spec.selector
    return (selector_pair(service.namespace, service.name, selector),) if selector else ()


def budget_selector(budget: PodDisruptionBudget) -> tuple[Pair, ...]:
    """Budgets that select by expressions alone are kept under (namespace, "", "")."""
    selector = budget.spec.selector
    if selector is None:
        return ()
    if not selector.match_labels:
        return ((budget.namespace, "", ""),)
    return (selector_pair(budget.namespace, budget.name, selector.match_labels),)


def slice_service(endpoint_slice: EndpointSlice) -> tuple[tuple[str, str], ...]:
    name = endpoint_slice.service_name
    return ((endpoint_slice.namespace, name),) if name else ()


def manual_slice(endpoint_slice: EndpointSlice) -> tuple[str, ...]:
    """Slices of Services without a selector are few: those of a namespace are searched."""
    by_controller = endpoint_slice.metadata.label(MANAGED_BY_LABEL) == ENDPOINT_SLICE_CONTROLLER
    return () if by_controller or not endpoint_slice.service_name else (endpoint_slice.namespace,)


def autoscaler_target(autoscaler: HorizontalPodAutoscaler) -> tuple[ObjectRef, ...]:
    target = autoscaler.spec.scale_target_ref
    return (ObjectRef(target.kind, autoscaler.namespace, target.name),)


def event_about(event: Event) -> tuple[str, ...]:
    return (event.involved_object.uid,) if event.involved_object.uid else ()
