"""PodDisruptionBudget (policy/v1): bounds, allowed disruptions, healthy pods."""

from __future__ import annotations

from k9py.api.kinds import POD_DISRUPTION_BUDGET
from k9py.api.meta import find_condition
from k9py.api.policy import PodDisruptionBudget
from k9py.resources.cells import AGE, AGE_CELL, NAME, count_cell, muted_cell, name_cell, object_row, share_cell
from k9py.resources.resource import Resource, RowContext
from k9py.resources.workload_cells import SELECTOR, selector_cell
from k9py.views.values import Cell, Column, Row, Tone

COLUMNS = (
    NAME,
    Column("min_available", "MIN AVAILABLE", align_right=True, min_width=4, max_width=13, priority=2, sort_key="I"),
    Column("max_unavailable", "MAX UNAVAILABLE", align_right=True, min_width=4, max_width=15, priority=3, sort_key="X"),
    Column("allowed", "ALLOWED DISRUPTIONS", align_right=True, min_width=4, max_width=19, sort_key="L"),
    Column("healthy", "HEALTHY", align_right=True, min_width=5, max_width=9, priority=1, sort_key="R"),
    Column("pods", "PODS", align_right=True, min_width=3, max_width=6, priority=4, sort_key="U"),
    AGE,
    SELECTOR,
)


def row(budget: PodDisruptionBudget, context: RowContext) -> Row:
    """Return the row of a budget."""
    spec, status = budget.spec, budget.status
    tone = _tone(budget)
    return object_row(
        budget,
        (
            name_cell(budget),
            _bound(spec.min_available),
            _bound(spec.max_unavailable),
            count_cell(status.disruptions_allowed, tone if not status.disruptions_allowed else Tone.PLAIN),
            share_cell(status.current_healthy, status.desired_healthy, tone),
            count_cell(status.expected_pods, Tone.MUTED),
            AGE_CELL,
            selector_cell(spec.selector),
        ),
        tone,
    )


def _bound(bound: int | str | None) -> Cell:
    return muted_cell("" if bound is None else str(bound), none="N/A")


def _tone(budget: PodDisruptionBudget) -> Tone:
    """Return the tone: DEGRADED below the healthy pods it wants, WARN when no eviction is possible (a drain waits)."""
    status = budget.status
    allowed = find_condition(status.conditions, "DisruptionAllowed")
    if allowed is not None and allowed.reason == "SyncFailed":
        return Tone.UNKNOWN
    if status.expected_pods == 0:
        return Tone.MUTED
    if status.current_healthy < status.desired_healthy:
        return Tone.DEGRADED
    return Tone.OK if status.disruptions_allowed else Tone.WARN


RESOURCES = (Resource(POD_DISRUPTION_BUDGET, COLUMNS, row),)
