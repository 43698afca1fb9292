"""DaemonSet (apps/v1): pods wanted, scheduled, ready, updated and available, and its node selector."""

from __future__ import annotations

from k9py.api.kinds import DAEMON_SET
from k9py.api.workloads import DaemonSet
from k9py.resources.cells import AGE, AGE_CELL, NAME, count_cell, name_cell, object_row
from k9py.resources.resource import OpensAs, Resource, RowContext
from k9py.resources.workload_cells import (
    CONTAINERS,
    IMAGES,
    SELECTOR,
    labels_cell,
    selector_cell,
    template_cells,
    workload_tone,
)
from k9py.rollouts.progress import rollout_progress
from k9py.views.values import Column, Row, Tone

COLUMNS = (
    NAME,
    Column("desired", "DESIRED", align_right=True, min_width=4, max_width=7, sort_key="E"),
    Column("current", "CURRENT", align_right=True, min_width=4, max_width=7, priority=4, sort_key="C"),
    Column("ready", "READY", align_right=True, min_width=4, max_width=7, sort_key="R"),
    Column("updated", "UP-TO-DATE", align_right=True, min_width=4, max_width=10, priority=3, sort_key="U"),
    Column("available", "AVAILABLE", align_right=True, min_width=4, max_width=9, priority=2, sort_key="V"),
    Column("node_selector", "NODE SELECTOR", min_width=6, max_width=40, priority=5, sort_key="W"),
    AGE,
    CONTAINERS,
    IMAGES,
    SELECTOR,
)


def row(daemon_set: DaemonSet, context: RowContext) -> Row:
    """Return the row of a DaemonSet."""
    progress = rollout_progress(daemon_set)
    tone = workload_tone(daemon_set, progress, context.now)
    spec = daemon_set.spec.template.spec
    return object_row(
        daemon_set,
        (
            name_cell(daemon_set),
            count_cell(progress.desired),
            count_cell(progress.total),
            count_cell(progress.ready, tone if progress.ready < progress.desired else Tone.PLAIN),
            count_cell(progress.updated),
            count_cell(progress.available),
            labels_cell(spec.node_selector if spec else None),
            AGE_CELL,
            *template_cells(daemon_set.spec.template),
            selector_cell(daemon_set.spec.selector),
        ),
        tone,
    )


RESOURCES = (Resource(DAEMON_SET, COLUMNS, row, opens_as=OpensAs.ROLLOUT),)
