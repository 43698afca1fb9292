"""The outcomes of the revisions of a workload: from the watched objects, and from our own audit file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from k9py.api.meta import ObjectRef
from k9py.cluster.cluster import Cluster
from k9py.rollouts.progress import rollout_progress
from k9py.rollouts.revision_outcome import RevisionOutcomes, revision_outcomes
from k9py.rollouts.strategy_limits import has_completed


def revision_outcomes_of(
    cluster: Cluster, key: ObjectRef, audit_lines: Iterable[Mapping[str, Any]] = (), *, events: bool = True
) -> RevisionOutcomes:
    """Return the outcome of each revision of a workload, by the uid of the revision.

    Args:
        audit_lines: about this workload, oldest first.
        events: also read all events of the namespace; too expensive for every redraw.
    """
    workload = cluster.queries.workload(key)
    if workload is None:
        return {}
    revisions = cluster.queries.revisions_of(key)
    return revision_outcomes(
        revisions,
        events=cluster.queries.events_in(key.namespace) if events else (),
        audit_lines=audit_lines,
        seen=cluster.seen_revisions.outcomes(workload.uid, revisions),
        is_complete=rollout_progress(workload).is_complete or has_completed(workload),
    )
