"""Why an action is not possible on an object, in words.

To refuse another action: a line in `why_not`; the key is then dimmed, and says so when it is pressed all the same.
"""

from __future__ import annotations

from k9py.api.meta import ObjectKey
from k9py.cluster.cluster import Cluster
from k9py.rollouts.undo_target import previous_revision


def no_workload_message(target: ObjectKey) -> str:
    """Return that no workload belongs to a Service or pod."""
    if target.kind == "Service":
        return f"no Deployment, StatefulSet or DaemonSet is behind Service {target.name}"
    return f"{target.kind} {target.name} belongs to no Deployment, StatefulSet or DaemonSet"


def workload_disabled_reason(action: str, workload: ObjectKey, cluster: Cluster) -> str:
    """Return why an action is not possible on a workload, "" when it is."""
    kind = workload.kind
    if action == "pause" and kind != "Deployment":
        return f"a {kind} cannot be paused: only a Deployment can"
    if action in ("scale", "zero") and kind == "DaemonSet":
        return "a DaemonSet runs one pod on each node: it has no number of replicas"
    if action in ("undo", "difference"):
        revisions = cluster.queries.revisions_of(workload)
        # What is not known is told by the action itself, which reads the server.
        if len(revisions) == 1 and previous_revision(revisions) is None:
            nothing = "nothing to undo" if action == "undo" else "nothing to compare"
            return f"{nothing}: {kind} {workload.name} has only one revision"
    return ""
