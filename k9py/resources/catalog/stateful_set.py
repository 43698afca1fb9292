"""StatefulSet (apps/v1): ready and updated pods."""

from __future__ import annotations

from k9py.api.kinds import STATEFUL_SET
from k9py.api.workloads import StatefulSet
from k9py.resources.cells import AGE, AGE_CELL, NAME, count_cell, muted_cell, name_cell, object_row, share_cell
from k9py.resources.resource import OpensAs, Resource, RowContext
from k9py.resources.workload_cells import CONTAINERS, IMAGES, SELECTOR, selector_cell, template_cells, workload_tone
from k9py.rollouts.progress import rollout_progress
from k9py.views.values import Column, Row

COLUMNS = (
    NAME,
    Column("ready", "READY", align_right=True, min_width=5, max_width=9, sort_key="R"),
    Column("updated", "UP-TO-DATE", align_right=True, min_width=4, max_width=10, priority=3, sort_key="U"),
    Column("service", "SERVICE", min_width=8, max_width=40, priority=4, sort_key="V"),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
)


def row(stateful_set: StatefulSet, context: RowContext) -> Row:
    """Return the row of a StatefulSet."""
    progress = rollout_progress(stateful_set)
    tone = workload_tone(stateful_set, progress, context.now)
    return object_row(
        stateful_set,
        (
            name_cell(stateful_set),
            share_cell(progress.ready, progress.desired, tone),
            count_cell(progress.updated),
            muted_cell(stateful_set.spec.service_name),
            AGE_CELL,
            *template_cells(stateful_set.spec.template),
            selector_cell(stateful_set.spec.selector),
        ),
        tone,
    )


RESOURCES = (Resource(STATEFUL_SET, COLUMNS, row, opens_as=OpensAs.ROLLOUT),)
