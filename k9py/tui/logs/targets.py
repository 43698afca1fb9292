"""Which containers a log pane reads: those behind its subject, those that hold up a start at once."""

from __future__ import annotations

from k9py.cluster.log_targets import EVERY_ROLE
from k9py.cluster.queries import Queries
from k9py.tui.logs.choice import failing_init_containers
from k9py.tui.logs.comparing import revision_names
from k9py.tui.panes.log_pane import LogPane


def set_log_targets(pane: LogPane, queries: Queries) -> None:
    """Tell a log pane which containers are behind its subject now."""
    subject = pane.subject
    if subject is None:
        return
    targets = queries.log_targets(subject, roles=EVERY_ROLE)
    urgent = failing_init_containers(queries.pods_of(subject))
    # Names are kept once set, and asked for only where they tell anything apart: this runs on every tick.
    several = len({one.revision for one in targets}) > 1
    pane.set_targets(targets, revision_names(queries, subject) if several else None, urgent)
