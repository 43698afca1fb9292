"""The pods of a rollout as its screen shows them, computed apart from the screen: thousands of pods in a thread.

Invariant: a snapshot is of one moment: the same revisions, pods and time throughout. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from k9py.api.pods import Pod
from k9py.api.workloads import Workload
from k9py.cluster.views import short_image_tag
from k9py.rollouts.cohort_status import CohortStatus, FailingContainer, cohort_status
from k9py.rollouts.cohorts import Cohort, cohorts
from k9py.rollouts.revisions import Revision
from k9py.views import pods as pod_table
from k9py.views.values import Row

MAX_ROWS: Final = 300
"""Pods of one revision that have a row; pods that are not ready come first."""


@dataclass(frozen=True, slots=True)
class PodTable:
    """The rows of a pane, and a summary of them for its title."""

    rows: tuple[Row, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class RolloutSnapshot:
    """The pods of a rollout.

    Args:
        facts: of each cohort, the current revision's first.
        failure: the container whose log shows why the new revision fails, and a value that differs for each of its
            runs; None when it does not fail.
    """

    revisions: tuple[Revision, ...]
    facts: tuple[CohortStatus, ...]
    new: PodTable
    old: PodTable
    failure: tuple[FailingContainer, object] | None


def take_snapshot(
    workload: Workload, revisions: tuple[Revision, ...], pods: Sequence[Pod], cut: Callable[[Row], Row], now: datetime
) -> RolloutSnapshot:
    """Return a snapshot; `cut` drops the columns that are not shown."""
    groups = cohorts(revisions, pods)
    facts = tuple(cohort_status(workload, cohort) for cohort in groups)
    current = [cohort for cohort in groups if cohort.is_current]
    old = [cohort for cohort in groups if not cohort.is_current]
    newest = next((status for status in facts if status.cohort.is_current), None)
    failure = None
    if newest is not None and newest.failing is not None:
        ended = newest.last_exit.finished_at if newest.last_exit is not None else None
        failure = (newest.failing, ended)
    wanted = {id(status.cohort): status.desired for status in facts}
    return RolloutSnapshot(revisions, facts, _table(current, wanted, cut, now), _table(old, wanted, cut, now), failure)


def _table(
    groups: Sequence[Cohort], wanted: Mapping[int, int | None], cut: Callable[[Row], Row], now: datetime
) -> PodTable:
    rows = tuple(map(cut, pod_table.cohort_rows(groups, now, limit=MAX_ROWS)))
    # Desired pods that do not exist yet are not ready either.
    pods = sum(max(wanted[id(cohort)] or 0, len(cohort.pods)) for cohort in groups)
    return PodTable(rows, _summary(groups, pods, len(rows)))


def _summary(groups: Sequence[Cohort], wanted: int, shown: int) -> str:
    """Return the revisions of these pods, how many are ready, and how many have no row."""
    if not groups:
        return ""
    pods = sum(len(cohort.pods) for cohort in groups)
    ready = sum(cohort.ready for cohort in groups)
    numbers = [str(cohort.revision.number or "?") if cohort.revision is not None else "?" for cohort in groups]
    images = groups[0].revision.images if len(groups) == 1 and groups[0].revision is not None else ()
    image = f" · {short_image_tag(images[0])}" if images else ""
    more = f" · {pods - shown:,} more not listed" if pods > shown else ""
    return f"revision {', '.join(numbers)}{image} · {ready} of {wanted} ready{more}"
