"""The simulated kube-controller-manager.

Invariant: a controller gets every change through `keys`, which returns the keys to reconcile, and does everything
else in `reconcile`, one key at a time, without waiting. To add one, write a class with these two methods and add it
to `_CONTROLLERS`.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from k9py.simulator.admission import pod_security_admission, service_account_admission
from k9py.simulator.background_tasks import BackgroundTasks
from k9py.simulator.controllers.cronjob import CronJobController
from k9py.simulator.controllers.daemonset import DaemonSetController
from k9py.simulator.controllers.deployment import DeploymentController
from k9py.simulator.controllers.disruption import DisruptionController
from k9py.simulator.controllers.endpointslice import EndpointSliceController
from k9py.simulator.controllers.garbage_collector import GarbageCollector
from k9py.simulator.controllers.horizontal_pod_autoscaler import HorizontalPodAutoscalerController
from k9py.simulator.controllers.job import JobController
from k9py.simulator.controllers.namespace_contents import NamespaceContentsController
from k9py.simulator.controllers.node_lifecycle import NodeLifecycleController
from k9py.simulator.controllers.replicaset import ReplicaSetController
from k9py.simulator.controllers.resource_quota import ResourceQuotaController, resource_quota_admission
from k9py.simulator.controllers.statefulset import StatefulSetController
from k9py.simulator.controllers.work_queue import Key, WorkQueue
from k9py.simulator.registry.resources import (
    CRONJOBS,
    DAEMONSETS,
    DEPLOYMENTS,
    HORIZONTALPODAUTOSCALERS,
    JOBS,
    NAMESPACES,
    NODES,
    PODDISRUPTIONBUDGETS,
    REPLICASETS,
    RESOURCEQUOTAS,
    SERVICES,
    STATEFULSETS,
)
from k9py.simulator.registry.storage import StorageEvent
from k9py.simulator.state import SimulatorState


class Controller(Protocol):
    """The interface that the work queues drive."""

    def keys(self, change: StorageEvent) -> list[Key]:
        """Return the keys to reconcile after a change."""
        ...

    def reconcile(self, key: Key) -> float | None:
        """Take the next step for one key; return seconds until the next reconcile, or None."""
        ...


_CONTROLLERS: tuple[Callable[[SimulatorState], Controller], ...] = (
    DeploymentController,
    ReplicaSetController,
    StatefulSetController,
    DaemonSetController,
    EndpointSliceController,
    JobController,
    CronJobController,
    GarbageCollector,
    DisruptionController,
    HorizontalPodAutoscalerController,
    ResourceQuotaController,
    NodeLifecycleController,
    NamespaceContentsController,
)
# The kinds each controller reconciles at the start_controllers; pods are reached through their owners.
_STARTING_KINDS = (
    DEPLOYMENTS,
    REPLICASETS,
    STATEFULSETS,
    DAEMONSETS,
    SERVICES,
    JOBS,
    CRONJOBS,
    PODDISRUPTIONBUDGETS,
    HORIZONTALPODAUTOSCALERS,
    RESOURCEQUOTAS,
    NODES,
    NAMESPACES,
)


def start_controllers(state: SimulatorState) -> BackgroundTasks:
    """Start all controllers on the running loop: they reconcile all objects first, then every change."""
    for refuse in (service_account_admission, pod_security_admission, resource_quota_admission):
        state.storage.admission.append(refuse(state.storage))
    work: list[Coroutine[Any, Any, None]] = []
    for make in _CONTROLLERS:
        controller = make(state)
        queue = WorkQueue(state.clock, controller.reconcile)
        for resource in _STARTING_KINDS:
            for obj in state.storage.list(resource):
                _enqueue(controller, queue, StorageEvent("ADDED", resource, obj, None, state.storage.revision))
        state.storage.on_change(_listener(controller, queue))
        work.append(queue.run())
    return BackgroundTasks(work)


def _listener(controller: Controller, queue: WorkQueue) -> Callable[[StorageEvent], None]:
    return lambda change: _enqueue(controller, queue, change)


def _enqueue(controller: Controller, queue: WorkQueue, change: StorageEvent) -> None:
    for key in controller.keys(change):
        queue.add(key)
