"""Choose the containers a log pane reads: those of its subject, and init containers that block a start."""

from __future__ import annotations

from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
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
    """Set the containers of a log pane to those of its subject now."""
    subject = pane.subject
    if subject is None:
        return
    targets = queries.log_targets(subject, roles=ALL_ROLES)
    urgent = failing_init_containers(queries.pods_of(subject))
    # Names stay once set, and are only needed where there are several revisions: this runs on every tick.
    several = len({target.revision for target in targets}) > 1
    names = revision_names(queries, subject) if several else None
    pane.set_targets(targets, names, urgent, "" if targets else no_pods_text(queries, subject))


def no_pods_text(queries: Queries, subject: ObjectRef) -> str:
    """Return why an object has no logs to read; "" when that is unknown."""
    if not queries.has_synced(POD.name):
        return "pods not loaded yet"
    match queries.object(subject):
        case Service(spec=spec) if spec.type == "ExternalName":
            return "an ExternalName service has no pods, so no logs"
        case Service(spec=spec) if spec.selector:
            return f"no pod matches {printable(selector_text(spec.selector))}, so no logs"
        case Service():
            return "no selector, and no endpoint names a pod: no logs"
        case Deployment(spec=spec) | StatefulSet(spec=spec) if spec.replicas == 0:
            return "scaled to 0: no pods, so no logs"
    return ""
