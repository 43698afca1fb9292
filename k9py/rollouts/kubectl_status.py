"""Return the sentence that `kubectl rollout status` prints, word for word, because people and scripts know it.

Source: kubectl/pkg/polymorphichelpers/rollout_status.go, in the same order. kdash's own status, which names causes, is
in `status`.
"""

from __future__ import annotations

from k9py.api.meta import find_condition
from k9py.api.text import printable
from k9py.api.workloads import DaemonSet, Deployment, StatefulSet, Workload
from k9py.rollouts.progress import PROGRESS_DEADLINE_EXCEEDED

_ONLY_ROLLING = "error: rollout status is only available for RollingUpdate strategy type"


def kubectl_status(workload: Workload) -> tuple[str, bool]:
    """Return kubectl's sentence, and whether kubectl would exit with success; errors begin with `error:`."""
    match workload:
        case Deployment():
            return _deployment(workload)
        case StatefulSet():
            return _stateful_set(workload)
        case DaemonSet():
            return _daemon_set(workload)


def _deployment(workload: Deployment) -> tuple[str, bool]:
    name, wanted, status = printable(workload.name), workload.spec.replicas, workload.status
    if workload.metadata.generation > status.observed_generation:
        return "Waiting for deployment spec update to be observed...", False
    progressing = find_condition(status.conditions, "Progressing")
    if progressing is not None and progressing.reason == PROGRESS_DEADLINE_EXCEEDED:
        return f'error: deployment "{name}" exceeded its progress deadline', False
    waiting = f'Waiting for deployment "{name}" rollout to finish:'
    updated = status.updated_replicas
    if wanted is not None and updated < wanted:
        return f"{waiting} {updated} out of {wanted} new replicas have been updated...", False
    if status.replicas > updated:
        return f"{waiting} {status.replicas - updated} old replicas are pending termination...", False
    if status.available_replicas < updated:
        return f"{waiting} {status.available_replicas} of {updated} updated replicas are available...", False
    return f'deployment "{name}" successfully rolled out', True


def _stateful_set(workload: StatefulSet) -> tuple[str, bool]:
    wanted, status, strategy = workload.spec.replicas, workload.status, workload.spec.update_strategy
    if strategy.type != "RollingUpdate":
        return _ONLY_ROLLING, False
    if status.observed_generation == 0 or workload.metadata.generation > status.observed_generation:
        return "Waiting for statefulset spec update to be observed...", False
    if wanted is not None and status.ready_replicas < wanted:
        return f"Waiting for {wanted - status.ready_replicas} pods to be ready...", False
    updated, rolling = status.updated_replicas, strategy.rolling_update
    if rolling is not None:
        if wanted is not None and rolling.partition is not None and updated < wanted - rolling.partition:
            new = wanted - rolling.partition
            waiting = "Waiting for partitioned roll out to finish:"
            return f"{waiting} {updated} out of {new} new pods have been updated...", False
        return f"partitioned roll out complete: {updated} new pods have been updated...", True
    if status.update_revision != status.current_revision:
        revision = printable(status.update_revision)
        return f"waiting for statefulset rolling update to complete {updated} pods at revision {revision}...", False
    revision = printable(status.current_revision)
    return f"statefulset rolling update complete {status.current_replicas} pods at revision {revision}...", True


def _daemon_set(workload: DaemonSet) -> tuple[str, bool]:
    name, status = printable(workload.name), workload.status
    if workload.spec.update_strategy.type != "RollingUpdate":
        return _ONLY_ROLLING, False
    if workload.metadata.generation > status.observed_generation:
        return "Waiting for daemon set spec update to be observed...", False
    waiting = f'Waiting for daemon set "{name}" rollout to finish:'
    updated, wanted = status.updated_number_scheduled, status.desired_number_scheduled
    if updated < wanted:
        return f"{waiting} {updated} out of {wanted} new pods have been updated...", False
    if status.number_available < wanted:
        return f"{waiting} {status.number_available} of {wanted} updated pods are available...", False
    return f'daemon set "{name}" successfully rolled out', True
