"""The revision that a workload is compared with, and the undo that is suggested: the same on every screen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from k9py.cluster.cluster import Cluster
from k9py.cluster.revision_outcomes import revision_outcomes_of
from k9py.cluster.views import RolloutView
from k9py.rollouts.revisions import Revision
from k9py.rollouts.undo_target import UndoTarget, is_starting, suggested_undo
from k9py.views.answer import compared_revision


@dataclass(frozen=True, slots=True)
class ComparisonBase:
    """The revision that a workload is compared with.

    Args:
        revisions: newest first.
        target: the revision to suggest for an undo, None when there is none, or going back would not help.
        older: the revision that the current one is compared with, None when there is none.
        is_starting: its pods are starting for another reason than a new revision.
    """

    revisions: tuple[Revision, ...]
    target: UndoTarget | None
    older: Revision | None
    is_starting: bool


def comparison_base(
    cluster: Cluster, view: RolloutView, audit_lines: Sequence[Mapping[str, Any]], *, is_problem: bool
) -> ComparisonBase:
    """Return the revision that a workload is compared with.

    Args:
        audit_lines: audit records of the workload, oldest first: a revision that an undo left is not suggested.
    """
    revisions = cluster.queries.revisions_of(view.key)
    # The same as for the undo key, without events: they only give the reason why a revision was left.
    pasts = revision_outcomes_of(cluster, view.key, audit_lines, events=False)
    target = suggested_undo(view.status, revisions, pasts)
    older = compared_revision(revisions, target, is_problem=is_problem)
    return ComparisonBase(revisions, target, older, is_starting(view.status, revisions, pasts))
