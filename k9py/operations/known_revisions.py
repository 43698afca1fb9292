"""What is known of the revisions of a workload that was read: whether they could be, and whether they are current."""

from __future__ import annotations

from k9py.api.errors import ForbiddenError
from k9py.api.text import printable
from k9py.cluster.workload_snapshot import SnapshotReader, WorkloadSnapshot, read_revision_events
from k9py.operations.revision_template import revision_template
from k9py.operations.write import Writer
from k9py.rollouts.progress import rollout_progress
from k9py.rollouts.revision_outcome import RevisionOutcomes, revision_outcomes
from k9py.rollouts.revisions import Revision
from k9py.rollouts.semantic_diff import semantic_diff
from k9py.rollouts.strategy_limits import has_completed


def require_revisions(snapshot: WorkloadSnapshot) -> tuple[Revision, ...]:
    """Return the revisions. Raises ForbiddenError when they may not be read."""
    if snapshot.revisions is None:
        kept_in = "ReplicaSets" if snapshot.key.kind == "Deployment" else "ControllerRevisions"
        raise ForbiddenError(
            f"the revisions of {printable(str(snapshot.key))} are not known: {snapshot.missing[0]}",
            f"they are kept in {kept_in}: ask for permission to list those",
            code=403,
        )
    return snapshot.revisions


async def load_revision_outcomes(
    reader: SnapshotReader, writer: Writer, snapshot: WorkloadSnapshot
) -> RevisionOutcomes:
    """Return the known outcome of each revision, by its uid."""
    return revision_outcomes(
        snapshot.revisions or (),
        events=await read_revision_events(reader, snapshot.workload),
        audit_lines=writer.audited(snapshot.workload.uid),
        is_complete=rollout_progress(snapshot.workload).is_complete or has_completed(snapshot.workload),
    )


def is_unobserved(snapshot: WorkloadSnapshot, current: Revision) -> bool:
    """Return whether the template has no revision yet: the controller has not observed the last change so far."""
    template = revision_template(snapshot.revision_objects[current.name])
    return bool(semantic_diff(template, snapshot.template))
