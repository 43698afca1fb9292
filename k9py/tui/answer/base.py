"""What home compares a workload's present revision with, and the undo it suggests: every screen asks here."""

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
    """What a workload is compared with.

    Args:
        revisions: newest first.
        target: the revision to suggest for an undo, None when there is none, or going back would not help.
        older: the revision the present one is compared with, None when there is none.
        is_starting: no release is to blame for what its pods do now.
    """

    revisions: tuple[Revision, ...]
    target: UndoTarget | None
    older: Revision | None
    is_starting: bool


def comparison_base(
    cluster: Cluster, view: RolloutView, audit_lines: Sequence[Mapping[str, Any]], *, is_problem: bool
) -> ComparisonBase:
    """Return what a workload is compared with.

    Args:
        audit_lines: about it, oldest first: our undos tell which revisions are not to be suggested.
    """
    revisions = cluster.queries.revisions_of(view.key)
    # The same as the undo key asks, but for the events: they only tell why a revision was left.
    pasts = revision_outcomes_of(cluster, view.key, audit_lines, events=False)
    target = suggested_undo(view.status, revisions, pasts)
    older = compared_revision(revisions, target, is_problem=is_problem)
    return ComparisonBase(revisions, target, older, is_starting(view.status, revisions, pasts))
