"""The pods of any one object, and their logs: of a Job, a CronJob, or anything that controls pods.

Invariants: what the queries answer from the stores of the first screen costs no watch; for anything else the object
alone is watched (its uid says which pods are its own), and of a CronJob its Jobs. What was found last holds when the
object is deleted: its pods may still log. Nothing is watched after `close`.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Final

from k9py.api.batch import CronJob
from k9py.api.kinds import JOB, POD, MetadataKind
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.cluster.cluster import Cluster
from k9py.cluster.lease import LeaseChange, WatchLease
from k9py.cluster.log_targets import DEFAULT_ROLES, current_jobs, targets_of_pods
from k9py.logs.source import ContainerRole, LogTarget

_FROM_STORES: Final = ("Pod", "Service", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")


class ObjectPods:
    """The pods of an object, kept current until it is closed.

    Args:
        key: of any type, also one without pods.
    """

    def __init__(self, cluster: Cluster, key: ObjectRef) -> None:
        self._cluster = cluster
        self._key = key
        self._uids: frozenset[str] = frozenset()
        self._has_changed = False
        self._lease: WatchLease[Any] | None = self._take()

    def close(self) -> None:
        """Release the watch. A second call does nothing."""
        if self._lease is not None:
            self._lease.close()

    def take_change(self) -> bool:
        """Return whether the owners of the pods may be others than at the last call."""
        has_changed, self._has_changed = self._has_changed, False
        return has_changed

    def pods(self) -> tuple[Pod, ...]:
        """Return the pods, by name."""
        queries = self._cluster.queries
        if self._lease is None:
            return queries.pods_of(self._key)
        return queries.pods_owned_by(self._owner_uids(), self._key.namespace)

    def log_targets(self, roles: Container[ContainerRole] = DEFAULT_ROLES) -> tuple[LogTarget, ...]:
        """Return the containers whose logs belong to the object, newest pod first."""
        return targets_of_pods(self.pods(), roles)

    @property
    def empty_reason(self) -> str:
        """Why there are no pods, printable; "" where the queries know better."""
        lease, kind = self._lease, printable(self._key.kind)
        if lease is None:
            return ""
        if not self._cluster.has_synced(POD.name):
            return "pods not loaded yet"
        scope = self._cluster.scope
        if not scope.is_cluster and self._key.namespace not in scope.namespaces:
            return f"unknown: pods in {printable(self._key.namespace)} are not watched, so no logs"
        if not lease.has_synced:
            error = lease.error
            return f"{kind} not loaded yet" if error is None else f"unknown: {printable(error.message)}"
        if not self._owner_uids():
            return "no job now, so no pods and no logs" if self._is_cron_job else f"{kind} does not exist: no logs"
        return f"no pod of this {kind} exists now, so no logs"

    @property
    def _is_cron_job(self) -> bool:
        return self._key.kind == CronJob.KIND and not self._key.group

    def _owner_uids(self) -> frozenset[str]:
        """Return the uids of what controls the pods; those seen last where it no longer exists."""
        assert self._lease is not None
        values = self._lease.store.values()
        if self._is_cron_job:
            own = [job for job in values if _is_controlled_by(job.metadata.controller, self._key)]
            uids = frozenset(job.uid for job in current_jobs(own))
        else:
            uids = frozenset(value.uid for value in values if value.name == self._key.name)
        self._uids = uids or self._uids
        return self._uids

    def _take(self) -> WatchLease[Any] | None:
        key, cluster = self._key, self._cluster
        if key.kind in _FROM_STORES and not key.group:
            return None
        namespaces = (key.namespace,) if key.namespace else ()
        lease: WatchLease[Any]
        if self._is_cron_job:
            lease = cluster.lease(JOB, namespaces=namespaces)
        else:
            resource_type = cluster.resource_types.of_ref(key)
            if resource_type is None:
                return None
            lease = cluster.lease(
                MetadataKind(resource_type), namespaces=namespaces, field_selector=f"metadata.name={key.name}"
            )
        lease.subscribe(self._changed)
        return lease

    def _changed(self, _change: LeaseChange) -> None:
        self._has_changed = True


def _is_controlled_by(owner: Any, key: ObjectRef) -> bool:
    return owner is not None and owner.kind == key.kind and owner.name == key.name
