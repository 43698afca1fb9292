"""Which changes matter: those that change nothing but a version do not, and those that users may feel come first.

Invariant: what is felt decides about the order only, never about whether checks run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.services import EndpointSlice, Service
from k9py.cluster.relations import Relations
from k9py.informer.resource_version import has_same_content
from k9py.informer.store import ChangeBatch, ObjectChange


def is_unchanged(change: ObjectChange[Any]) -> bool:
    """Return whether an object differs in its version alone, as after a heartbeat: no check can find anything else."""
    return change.old is not None and change.new is not None and has_same_content(change.new, change.old)


def felt_by(relations: Relations, batch: ChangeBatch[Any]) -> Iterator[ObjectRef]:
    """Yield the workloads and Services whose pods came, went, or became ready or not."""
    for change in batch.changes:
        old, new = change.old, change.new
        match new if new is not None else old:
            case Pod() as pod if not _is_alike(old, new):
                workload = relations.workload_of(pod)
                if workload is not None:
                    yield workload
                yield from relations.services_of_pod(pod)
            case EndpointSlice() as endpoint_slice:
                yield ObjectRef(Service.KIND, endpoint_slice.namespace, endpoint_slice.service_name)


def _is_alike(old: Pod | None, new: Pod | None) -> bool:
    return (
        old is not None
        and new is not None
        and old.is_ready == new.is_ready
        and old.is_terminating == new.is_terminating
    )
