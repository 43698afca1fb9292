"""Which containers a log pane reads: those behind its subject, those that hold up a start at once."""

from __future__ import annotations

from k9py.api.kinds import POD
from k9py.api.meta import ObjectKey
from k9py.api.selectors import selector_text
from k9py.api.services import Service
from k9py.api.text import printable
from k9py.api.workloads import Deployment, StatefulSet
from k9py.cluster.log_targets import ALL_ROLES
from k9py.cluster.queries import Queries
from k9py.tui.logs.comparing import revision_names
from k9py.tui.logs.source_filter import failing_init_containers
from k9py.tui.panes.log_pane import LogPane


def update_log_targets(pane: LogPane, queries: Queries) -> None:
    """Tell a log pane which containers are behind its subject now."""
    subject = pane.subject
    if subject is None:
        return
    targets = queries.log_targets(subject, roles=ALL_ROLES)
    urgent = failing_init_containers(queries.pods_of(subject))
    # Names are kept once set, and asked for only where they tell anything apart: this runs on every tick.
    several = len({one.revision for one in targets}) > 1
    names = revision_names(queries, subject) if several else None
    pane.set_targets(targets, names, urgent, "" if targets else no_pods_text(queries, subject))


def no_pods_text(queries: Queries, subject: ObjectKey) -> str:
    """Return why there is nothing to read of an object that has no pods; "" where nothing tells."""
    if not queries.has_synced(POD.name):
        return "the pods have not been read"
    match queries.object(subject):
        case Service(spec=spec) if spec.type == "ExternalName":
            return "an alias of another name has no pods: nothing to read"
        case Service(spec=spec) if spec.selector:
            return f"no pod matches {printable(selector_text(spec.selector))}: nothing to read"
        case Service():
            return "it has no selector, and its endpoints name no pod: nothing to read"
        case Deployment(spec=spec) | StatefulSet(spec=spec) if spec.replicas == 0:
            return "scaled to 0: no pods, so no logs"
    return ""
