"""What is known of the past of a workload's revisions: from the live picture, and from our own audit file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from k9py.api.meta import ObjectKey
from k9py.cluster.cluster import Cluster
from k9py.rollouts.allowance import went_through
from k9py.rollouts.progress import progress
from k9py.rollouts.revision_past import Pasts, revision_pasts


def pasts_of(
    cluster: Cluster, key: ObjectKey, audit_lines: Iterable[Mapping[str, Any]] = (), *, events: bool = True
) -> Pasts:
    """Return what is known of each revision of a workload, by its uid.

    Args:
        audit_lines: about this workload, oldest first.
        events: look at all events of the namespace too; too much for every redraw.
    """
    workload = cluster.queries.workload(key)
    if workload is None:
        return {}
    found = cluster.queries.revisions_of(key)
    return revision_pasts(
        found,
        events=cluster.queries.events_in(key.namespace) if events else (),
        audit_lines=audit_lines,
        seen=cluster.seen.pasts(workload.uid, found),
        is_complete=progress(workload).done or went_through(workload),
    )
