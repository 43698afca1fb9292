"""The logs of a pod: one target per container, with what distinguishes its lines from those of others.

Of a CronJob, the logs of the Jobs that run belong to it, and those of the one that was created last.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from k9py.api.batch import Job
from k9py.api.pods import ContainerState, Pod
from k9py.logs.source import ContainerRole, LogTarget

DEFAULT_ROLES: Final[frozenset[ContainerRole]] = frozenset({"main", "sidecar"})
ALL_ROLES: Final[frozenset[ContainerRole]] = frozenset({"main", "sidecar", "init", "ephemeral"})

_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_REVISION_LABELS: Final = ("pod-template-hash", "controller-revision-hash")


def log_targets(pod: Pod, roles: Container[ContainerRole] = DEFAULT_ROLES) -> Iterator[LogTarget]:
    """Yield the logs of a pod's containers of those roles: init containers first, then main, then ephemeral ones."""
    labels = pod.metadata.labels or {}
    revision = next((labels[name] for name in _REVISION_LABELS if name in labels), "")
    runs = {status.name: (status.container_id, _started_at(status.state)) for status in pod.statuses()}
    for name, role in _containers(pod):
        if role in roles:
            container_id, started_at = runs.get(name, ("", None))
            yield LogTarget(
                pod.namespace, pod.name, name, pod.uid, container_id, revision, pod.spec.node_name, role, started_at
            )


def targets_of_pods(pods: Iterable[Pod], roles: Container[ContainerRole] = DEFAULT_ROLES) -> tuple[LogTarget, ...]:
    """Return the logs of several pods, newest pod first."""
    newest_first = sorted(pods, key=lambda pod: pod.metadata.creation_timestamp or _EARLIEST, reverse=True)
    return tuple(target for pod in newest_first for target in log_targets(pod, roles))


def current_jobs(jobs: Sequence[Job]) -> tuple[Job, ...]:
    """Return the Jobs of a CronJob that run, and the one that was created last."""
    newest = max(jobs, key=lambda job: job.metadata.creation_timestamp or _EARLIEST, default=None)
    return tuple(job for job in jobs if job is newest or job.status.active)


def _started_at(state: ContainerState | None) -> datetime | None:
    """Return when the run that a status names started; None where it waits to be started (again)."""
    started = (state.running or state.terminated) if state is not None else None
    return started.started_at if started is not None else None


def _containers(pod: Pod) -> Iterator[tuple[str, ContainerRole]]:
    for init_container in pod.spec.init_containers or ():
        yield init_container.name, "sidecar" if init_container.is_sidecar else "init"
    for container in pod.spec.containers or ():
        yield container.name, "main"
    for ephemeral_container in pod.spec.ephemeral_containers or ():
        yield ephemeral_container.name, "ephemeral"
