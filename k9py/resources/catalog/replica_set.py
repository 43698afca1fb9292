"""ReplicaSet (apps/v1): its pods, and whether it is the current revision of a Deployment."""

from __future__ import annotations

from k9py.api.kinds import REPLICA_SET
from k9py.api.meta import find_condition
from k9py.api.workloads import ReplicaSet
from k9py.resources.cells import AGE, AGE_CELL, MISSING, NAME, count_cell, name_cell, object_row
from k9py.resources.resource import OpensAs, Resource, RowContext
from k9py.resources.workload_cells import CONTAINERS, IMAGES, SELECTOR, matching_pods, selector_cell, template_cells
from k9py.views.values import Column, Row, Tone

COLUMNS = (
    NAME,
    Column("desired", "DESIRED", align_right=True, min_width=4, max_width=7, sort_key="W"),
    Column("current", "CURRENT", align_right=True, min_width=4, max_width=7, priority=2, sort_key="C"),
    Column("ready", "READY", align_right=True, min_width=4, max_width=7, sort_key="R"),
    Column("revision", "REV", align_right=True, min_width=3, max_width=6, priority=3, sort_key="E"),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
)


def row(replica_set: ReplicaSet, context: RowContext) -> Row:
    """Return the row of a ReplicaSet."""
    status = replica_set.status
    desired = 1 if replica_set.spec.replicas is None else replica_set.spec.replicas
    revision = replica_set.revision
    tone = _tone(replica_set, desired)
    return object_row(
        replica_set,
        (
            name_cell(replica_set),
            count_cell(desired),
            count_cell(status.replicas),
            count_cell(status.ready_replicas, tone if status.ready_replicas < desired else Tone.PLAIN),
            MISSING if revision is None else count_cell(revision),
            AGE_CELL,
            *template_cells(replica_set.spec.template),
            selector_cell(replica_set.spec.selector),
        ),
        tone,
    )


def _tone(replica_set: ReplicaSet, desired: int) -> Tone:
    """Return the tone; missing pods of a Deployment's revision only warn, because other revisions may serve."""
    status = replica_set.status
    if not 0 < status.observed_generation >= replica_set.metadata.generation:
        return Tone.UNKNOWN
    failure = find_condition(status.conditions, "ReplicaFailure")
    if failure is not None and failure.status == "True":
        return Tone.FAIL
    if status.ready_replicas >= desired:
        return Tone.OK if desired else Tone.MUTED
    if replica_set.metadata.controller is not None:
        return Tone.WARN
    return Tone.DEGRADED if status.ready_replicas else Tone.FAIL


RESOURCES = (Resource(REPLICA_SET, COLUMNS, row, opens_as=OpensAs.PODS, pod_selector=matching_pods),)
