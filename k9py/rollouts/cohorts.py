"""Group a workload's pods by revision.

Invariant: every pod is in exactly one cohort; the current revision's cohort comes first, then newest to oldest, and
pods of unknown revision last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from k9py.api.pods import Pod
from k9py.rollouts.revisions import Revision, revision_index


@dataclass(frozen=True, slots=True)
class Cohort:
    """The pods of one revision; `revision` None: it is unknown, or its object is gone.

    Args:
        pods: by name.
        ready: how many are ready and not terminating.
        ending: how many are terminating.
        restarts: of all their containers.
    """

    revision: Revision | None
    pods: tuple[Pod, ...]
    ready: int
    ending: int
    restarts: int

    @property
    def is_current(self) -> bool:
        """True if it is the cohort of the revision the workload rolls out to."""
        return self.revision is not None and self.revision.is_current


def cohorts(revisions: Sequence[Revision], pods: Sequence[Pod]) -> tuple[Cohort, ...]:
    """Group a workload's pods by revision; revisions without pods have no cohort, except the current one."""
    by_name: dict[str, list[Pod]] = {}
    revision_of = revision_index(revisions)
    for pod in pods:
        revision = revision_of(pod)
        by_name.setdefault(revision.name if revision else "", []).append(pod)
    groups = [
        _cohort(revision, by_name.get(revision.name, []))
        for revision in sorted(revisions, key=lambda revision: not revision.is_current)
        if revision.is_current or revision.name in by_name
    ]
    if "" in by_name:
        groups.append(_cohort(None, by_name[""]))
    return tuple(groups)


def _cohort(revision: Revision | None, pods: list[Pod]) -> Cohort:
    return Cohort(
        revision=revision,
        pods=tuple(sorted(pods, key=lambda pod: pod.name)),
        ready=sum(pod.is_ready and not pod.is_terminating for pod in pods),
        ending=sum(pod.is_terminating for pod in pods),
        restarts=sum(pod.restarts for pod in pods),
    )
