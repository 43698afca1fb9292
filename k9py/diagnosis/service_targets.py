"""Find what the selector of a Service that selects nothing may have been meant to select.

Pure. Invariants: what is compared is of the namespace of the Service, because a selector never leaves it. The pods of a
workload are compared by its template, so that it costs the number of workloads, not of pods.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from k9py.api.pods import Pod
from k9py.api.selectors import selects
from k9py.api.services import Service
from k9py.api.workloads import DaemonSetStatus, Workload
from k9py.diagnosis.near_misses import Labelled, NearMiss, nearest_labels

_FINISHED = ("Succeeded", "Failed")


def selector_near_miss(
    service: Service, workloads: Iterable[Workload], services: Iterable[Service], pods: Iterable[Pod] = ()
) -> NearMiss | None:
    """Return the labels closest to the selector of a Service that selects nothing, None when none is close.

    Args:
        workloads: of its namespace.
        services: of its namespace: what they select was hardly meant by this one.
        pods: of its namespace; only those without a controller are compared.
    """
    selector = service.spec.selector
    if not selector:
        return None
    others = tuple(each for each in services if each.key != service.key)

    def is_taken(labels: Mapping[str, str]) -> bool:
        return any(selects(each.spec.selector, labels) for each in others)

    return nearest_labels(selector, _labelled(workloads, pods), name=service.name, is_taken=is_taken)


def _labelled(workloads: Iterable[Workload], pods: Iterable[Pod]) -> Iterator[Labelled]:
    for workload in workloads:
        status = workload.status
        count = status.current_number_scheduled if isinstance(status, DaemonSetStatus) else status.replicas
        yield Labelled(workload.key, workload.spec.template.labels, count)
    for pod in pods:
        if pod.metadata.controller is None and not pod.is_terminating and pod.status.phase not in _FINISHED:
            yield Labelled(pod.key, pod.metadata.labels or {})
