"""ResourceQuota (core/v1): used and hard amounts, and the entry that is used most."""

from __future__ import annotations

from collections.abc import Iterator

from k9py.api.kinds import RESOURCE_QUOTA
from k9py.api.policy import ResourceQuota
from k9py.api.quantities import amount
from k9py.resources.cells import (
    AGE,
    AGE_CELL,
    MISSING,
    NAME,
    WARN_PERCENT,
    name_cell,
    object_row,
    percent_cell,
    text_cell,
)
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Cell, Column, Row, Tone

COLUMNS = (
    NAME,
    Column("used", "USED", align_right=True, min_width=4, max_width=5, sort_key="U", descending_first=True),
    Column("most", "MOST USED", min_width=8, max_width=40, priority=2, sort_key="M"),
    Column("request", "REQUEST", min_width=16, max_width=200, priority=1, grow=True, sort_key="R"),
    Column("limit", "LIMIT", min_width=16, max_width=120, priority=3, grow=True, sort_key="L"),
    AGE,
)


def row(quota: ResourceQuota, context: RowContext) -> Row:
    """Return the row of a quota. From 100 % on, the server refuses to create more: new pods, not those that run."""
    percent, entry = max(_percents(quota), key=lambda pair: pair[0].sort, default=(MISSING, ""))
    tone = Tone.OK
    if percent is MISSING:
        tone = Tone.UNKNOWN if quota.spec.hard else Tone.MUTED
    elif percent.sort >= WARN_PERCENT:
        tone = Tone.WARN
    return object_row(
        quota,
        (
            name_cell(quota),
            percent,
            text_cell(entry, percent.tone if percent.sort is not None else Tone.MUTED),
            text_cell(_amounts(quota, limits=False)),
            text_cell(_amounts(quota, limits=True)),
            AGE_CELL,
        ),
        tone,
    )


def _percents(quota: ResourceQuota) -> Iterator[tuple[Cell, str]]:
    """Yield the used percent of each entry of which both amounts are known, and its name."""
    used = quota.status.used or {}
    for entry, hard in (quota.status.hard or {}).items():
        cell = percent_cell(amount(used.get(entry)), amount(hard))
        if cell.sort is not None:
            yield cell, entry


def _amounts(quota: ResourceQuota, *, limits: bool) -> str:
    """Return the amounts of the entries for limits, or of all others: `pods: 1/10, requests.cpu: 100m/4`."""
    used = quota.status.used or {}
    hard = sorted((quota.status.hard or {}).items())
    return ", ".join(
        f"{entry}: {used.get(entry, 0)}/{most}" for entry, most in hard if entry.startswith("limits") is limits
    )


RESOURCES = (Resource(RESOURCE_QUOTA, COLUMNS, row),)
