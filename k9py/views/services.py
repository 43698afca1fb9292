"""The Services table: endpoints, ports, target workloads, and the worst finding of each service."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.cluster.views import ServiceMode, ServiceView
from k9py.views.rollouts import KIND_SHORT_NAMES
from k9py.views.tones import finding_tone, live_age, rank_of, service_tone
from k9py.views.values import Cell, Column, Row, Tone

COLUMNS: Final = (
    Column("namespace", "NAMESPACE", min_width=6, max_width=24, priority=3, sort_key="M"),
    Column("name", "NAME", min_width=12, max_width=40, sort_key="N"),
    Column("endpoints", "READY", align_right=True, min_width=5, max_width=9, sort_key="R"),
    Column("ports", "PORTS", min_width=5, max_width=24, priority=4, sort_key="X"),
    Column("workloads", "TARGET", min_width=10, max_width=32, priority=2, sort_key="B"),
    Column("why", "WHY", min_width=12, max_width=90, priority=1, grow=True, sort_key="W"),
    Column("age", "AGE", align_right=True, min_width=4, max_width=5, priority=5, live=live_age, sort_key="A"),
)


def row(view: ServiceView, now: datetime, *, root: str = "") -> Row:
    """Return a service's row.

    Args:
        root: the root cause of what is wrong, as triage knows it; "" takes what the view knows.
    """
    tone = service_tone(view)
    return Row(
        key=view.key,
        cells=(
            Cell(printable(view.key.namespace), Tone.MUTED),
            Cell(printable(view.key.name)),
            endpoints_cell(view, tone),
            Cell(printable(view.ports_text), Tone.MUTED),
            Cell(printable(target_text(view)), Tone.MUTED if not view.workloads else Tone.PLAIN),
            Cell(root, tone) if root and view.severity.is_problem else why_cell(view),
            Cell(""),
        ),
        tone=tone,
        rank=rank_of(tone),
        since=view.created_at,
        counted=not view.is_explained_by_workload,
    )


def endpoints_cell(view: ServiceView, tone: Tone) -> Cell:
    """Return serving of wanted endpoints: `2/3`; `?/?` if unknown, a dash for a service without endpoints."""
    if view.mode is ServiceMode.EXTERNAL_NAME:
        return Cell("–", Tone.MUTED, sort=(2.0, 0))
    if view.serving is None or view.desired is None:
        return Cell("?/?", Tone.UNKNOWN, sort=(-1.0, 0))
    share = view.serving / view.desired if view.desired else 0.0
    return Cell(f"{view.serving}/{view.desired}", tone, sort=(share, view.desired))


def target_text(view: ServiceView) -> str:
    """Return the workloads a service selects: `deploy/checkout`, or why none can be named."""
    if view.mode is ServiceMode.EXTERNAL_NAME:
        return f"alias of {view.external_name}"
    if view.mode is ServiceMode.NO_SELECTOR and not view.workloads:
        return "no selector: manual endpoints"
    return ", ".join(f"{KIND_SHORT_NAMES.get(key.kind, key.kind)}/{key.name}" for key in view.workloads)


def why_cell(view: ServiceView) -> Cell:
    """Return the worst finding; `rolling out` if nothing is wrong, "" if it is healthy."""
    if view.worst_finding is not None:
        return Cell(printable(view.worst_finding.message), finding_tone(view.worst_finding))
    if not view.is_known:
        return Cell("endpoints unknown", Tone.UNKNOWN)
    if view.severity is Severity.ROLLING_OUT:
        return Cell(Severity.ROLLING_OUT.label, Tone.BUSY)
    return Cell("")
