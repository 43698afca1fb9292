"""Deployment (apps/v1): ready, updated and available pods."""

from __future__ import annotations

from k9py.api.kinds import DEPLOYMENT
from k9py.api.workloads import Deployment
from k9py.resources.cells import AGE, AGE_CELL, NAME, count_cell, name_cell, object_row, share_cell
from k9py.resources.resource import OpensAs, Resource, RowContext
from k9py.resources.workload_cells import CONTAINERS, IMAGES, SELECTOR, selector_cell, template_cells, workload_tone
from k9py.rollouts.progress import rollout_progress
from k9py.views.values import Column, Row

COLUMNS = (
    NAME,
    Column("ready", "READY", align_right=True, min_width=5, max_width=9, sort_key="R"),
    Column("updated", "UP-TO-DATE", align_right=True, min_width=4, max_width=10, priority=3, sort_key="U"),
    Column("available", "AVAILABLE", align_right=True, min_width=4, max_width=9, priority=2, sort_key="V"),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
)


def row(deployment: Deployment, context: RowContext) -> Row:
    """Return the row of a Deployment."""
    progress = rollout_progress(deployment)
    tone = workload_tone(deployment, progress, context.now)
    return object_row(
        deployment,
        (
            name_cell(deployment),
            share_cell(progress.ready, progress.desired, tone),
            count_cell(progress.updated),
            count_cell(progress.available),
            AGE_CELL,
            *template_cells(deployment.spec.template),
            selector_cell(deployment.spec.selector),
        ),
        tone,
    )


RESOURCES = (Resource(DEPLOYMENT, COLUMNS, row, opens_as=OpensAs.ROLLOUT),)
