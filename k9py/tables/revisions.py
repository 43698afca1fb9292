"""The revisions of a workload, newest first, as the undo dialog and the rollout's own screen show them."""

from __future__ import annotations

from datetime import datetime

from k9py.cluster.views import short_tag
from k9py.objects.text import printable
from k9py.rollouts.revisions import Revision
from k9py.tables.tones import live_age
from k9py.tables.values import Cell, Column, Row, Tone

COLUMNS = (
    Column("revision", "REV", align_right=True, min_width=3, max_width=5),
    Column("image", "IMAGE", min_width=8, max_width=48),
    Column("pods", "PODS", align_right=True, min_width=4, max_width=9, priority=1),
    Column("age", "AGE", align_right=True, min_width=4, max_width=5, priority=1, live=live_age),
    Column("cause", "CHANGE-CAUSE", min_width=8, max_width=80, priority=2, grow=True),
    Column("name", "NAME", min_width=10, max_width=60, priority=3),
)


def row(revision: Revision, now: datetime) -> Row:
    """Return a revision's row."""
    tone = Tone.ACCENT if revision.is_current else Tone.PLAIN
    images = ", ".join(
        f"{image.partition('@')[0].rpartition('/')[2].partition(':')[0]}:{short_tag(image)}"
        for image in revision.images
    )
    pods = "?" if revision.replicas is None else f"{_count(revision.ready)}/{revision.replicas}"
    return Row(
        key=revision.key,
        cells=(
            Cell(f"{revision.number or '?'}", tone, sort=revision.number),
            Cell(printable(images), tone),
            Cell(pods, Tone.MUTED if not revision.replicas else Tone.PLAIN, sort=revision.replicas or 0),
            Cell(""),
            Cell(printable(revision.change_cause) or "–", Tone.MUTED if not revision.change_cause else Tone.PLAIN),
            Cell(printable(revision.name), Tone.MUTED),
        ),
        tone=tone,
        rank=-revision.number,
        since=revision.created_at,
    )


def _count(value: int | None) -> str:
    return "?" if value is None else str(value)
