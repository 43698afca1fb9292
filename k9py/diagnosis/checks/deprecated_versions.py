"""Find objects that a manager writes in an API version that Kubernetes no longer serves.

Invariant: it reads metadata.managedFields; only kinds whose structs keep these entries are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator

from k9py.api.kinds import (
    CRON_JOB,
    DAEMON_SET,
    DEPLOYMENT,
    HORIZONTAL_POD_AUTOSCALER,
    POD_DISRUPTION_BUDGET,
    STATEFUL_SET,
)
from k9py.api.meta import REMOVED_VERSIONS, ManagedFields
from k9py.api.policy import HorizontalPodAutoscaler, PodDisruptionBudget
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.workloads import Workload
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.proof import field


@check(
    "deprecated-version",
    "a manager wrote an object in an API version that is no longer served",
    subjects=(DEPLOYMENT, STATEFUL_SET, DAEMON_SET, CRON_JOB, HORIZONTAL_POD_AUTOSCALER, POD_DISRUPTION_BUDGET),
    source="https://kubernetes.io/docs/reference/using-api/deprecation-guide/",
    remedy="change the apiVersion in the manifests of the manager",
)
def deprecated_version(
    subject: Workload | HorizontalPodAutoscaler | PodDisruptionBudget, graph: Graph
) -> Iterator[Finding]:
    """Yield who still uses a version that was removed: its next write fails."""
    entries: tuple[ManagedFields, ...] = getattr(subject.metadata, "managed_fields", None) or ()
    for entry in entries:
        removed = REMOVED_VERSIONS.get(entry.api_version)
        if removed is not None and not entry.subresource:
            manager, version = printable(entry.manager), printable(entry.api_version)
            text = f"{manager} writes it as {version}, which is not served since Kubernetes {removed}"
            proof = (field(subject, "metadata.managedFields", f"{manager} {version}", entry.time),)
            yield Finding(Severity.INFO, "DeprecatedVersion", text, subject.key, entry.time, evidence=proof)
            return
