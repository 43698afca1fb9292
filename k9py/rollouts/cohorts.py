"""Pods grouped by revision: the old beside the new.

Invariant: every pod is in exactly one cohort; the current revision's cohort comes first, then newest to oldest, and
pods of no known revision last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from k9py.api.pods import Pod
from k9py.rollouts.revisions import Revision, revision_index


@dataclass(frozen=True, slots=True)
class Cohort:
    """The pods of one revision; `revision` None means their revision is not known (or its object is gone).

    Args:
        pods: by name.
        ready: how many are ready and not ending.
        ending: how many are being deleted.
        restarts: of all their containers.
    """

    revision: Revision | None
    pods: tuple[Pod, ...]
    ready: int
    ending: int
    restarts: int

    @property
    def is_current(self) -> bool:
        return self.revision is not None and self.revision.is_current


def cohorts(found: Sequence[Revision], pods: Sequence[Pod]) -> tuple[Cohort, ...]:
    """Group a workload's pods by revision; revisions without pods have no cohort, except the current one."""
    by_name: dict[str, list[Pod]] = {}
    whose = revision_index(found)
    for pod in pods:
        revision = whose(pod)
        by_name.setdefault(revision.name if revision else "", []).append(pod)
    ordered = sorted(found, key=lambda one: not one.is_current)
    groups = [_cohort(one, by_name.get(one.name, [])) for one in ordered if one.is_current or one.name in by_name]
    if "" in by_name:
        groups.append(_cohort(None, by_name[""]))
    return tuple(groups)


def _cohort(revision: Revision | None, pods: list[Pod]) -> Cohort:
    return Cohort(
        revision=revision,
        pods=tuple(sorted(pods, key=lambda one: one.name)),
        ready=sum(one.is_ready and not one.is_terminating for one in pods),
        ending=sum(one.is_terminating for one in pods),
        restarts=sum(one.restarts for one in pods),
    )
