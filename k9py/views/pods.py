"""The Pods table of a rollout or service, by revision, new before old."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.api.workloads import CONTROLLER_REVISION_HASH, POD_TEMPLATE_HASH
from k9py.diagnosis.nodes import is_on_lost_node
from k9py.rollouts.cohorts import Cohort
from k9py.rollouts.revisions import Revision
from k9py.views.pod_status import pod_status, pod_tone
from k9py.views.tones import live_age, rank_of
from k9py.views.values import Cell, Column, Row, Tone

COLUMNS: Final = (
    Column("name", "POD", min_width=16, max_width=60, sort_key="N"),
    Column("revision", "REV", align_right=True, min_width=3, max_width=5, priority=2, sort_key="E"),
    Column("hash", "HASH", min_width=6, max_width=12, priority=4, sort_key="H"),
    Column("ready", "READY", align_right=True, min_width=5, max_width=6, sort_key="R"),
    Column("status", "STATUS", min_width=10, max_width=28, grow=True, sort_key="U"),
    Column("restarts", "RESTARTS", align_right=True, min_width=4, max_width=8, sort_key="C", descending_first=True),
    Column("age", "AGE", align_right=True, min_width=4, max_width=5, priority=1, live=live_age, sort_key="A"),
    Column("node", "NODE", min_width=6, max_width=30, priority=3, sort_key="W"),
)

_RANKS_PER_REVISION: Final = 16


def row(pod: Pod, now: datetime, *, revision: Revision | None = None, place: int = 0) -> Row:
    """Return a pod's row.

    Args:
        revision: the one it was created from, None if unknown.
        place: of its revision among those shown, 0 first; pods are ranked by it, failing pods first within.
    """
    status = pod_status(pod)
    tone = pod_tone(pod, status)
    template_hash = pod.metadata.label(POD_TEMPLATE_HASH) or pod.metadata.label(CONTROLLER_REVISION_HASH)
    number = revision.number if revision is not None and revision.number else None
    newness = Tone.ACCENT if revision is not None and revision.is_current else Tone.MUTED
    # kubectl counts containers as ready that a lost node last reported as such; to the API server the pod is not ready.
    ready = 0 if is_on_lost_node(pod) else status.ready
    ready_tone = Tone.PLAIN if ready == status.containers else tone
    restarts = status.restarts
    return Row(
        key=pod.key,
        cells=(
            Cell(printable(pod.name)),
            Cell("?" if number is None else str(number), newness, sort=number or 0),
            Cell(printable(template_hash.rpartition("-")[2]), newness),
            Cell(f"{ready}/{status.containers}", ready_tone, sort=ready),
            Cell(printable(status.text), tone),
            Cell(str(restarts), Tone.WARN if restarts else Tone.MUTED, sort=restarts),
            Cell(""),
            Cell(printable(pod.spec.node_name) or "–", Tone.MUTED),
        ),
        tone=tone,
        rank=place * _RANKS_PER_REVISION + rank_of(tone),
        since=pod.metadata.creation_timestamp,
    )


def cohort_rows(cohorts: Iterable[Cohort], now: datetime, *, limit: int | None = None) -> tuple[Row, ...]:
    """Return the rows of a workload's pods: the current revision's first, then older ones'.

    Args:
        limit: pods of each cohort at most, unready ones first; None: all.
    """
    return tuple(
        row(pod, now, revision=cohort.revision, place=place)
        for place, cohort in enumerate(cohorts)
        for pod in _first(cohort, limit)
    )


def _first(cohort: Cohort, limit: int | None) -> Iterable[Pod]:
    if limit is None or len(cohort.pods) <= limit:
        return cohort.pods
    return sorted(cohort.pods, key=lambda pod: pod.is_ready and not pod.is_terminating)[:limit]
