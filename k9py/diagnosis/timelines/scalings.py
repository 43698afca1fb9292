"""Scalings of Deployments, with who asked for them as far as writes prove it.

Invariant: nobody is named unless they wrote the number of replicas at that time, or are the only one who ever did: the
entry of the scale subresource has no time (apiserver/pkg/registry/generic/registry, ScaleREST).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from k9py.api.kinds import DEPLOYMENT
from k9py.api.meta import ManagedFields
from k9py.api.text import printable
from k9py.api.workloads import Deployment
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.timeline import EntryKind, TimelineEntry
from k9py.diagnosis.timelines.deployment_steps import SCALING_REASON, Scaling
from k9py.diagnosis.timelines.revisions import deployment_story
from k9py.diagnosis.timelines.source import source

_AT_ONCE: Final = timedelta(seconds=5)
"""A controller scales within seconds of the write that asks for it."""


@source("scalings", "scalings of Deployments, and who asked for them", kinds=(DEPLOYMENT,), reads_graph=True)
def scalings(deployment: Deployment, graph: Graph, since: datetime) -> Iterator[TimelineEntry]:
    """Yield the scalings of a Deployment."""
    found = [each for each in deployment_story(deployment, graph) if isinstance(each, Scaling)]
    for scaling in found:
        if scaling.at >= since:
            yield TimelineEntry(
                scaling.at,
                deployment.key,
                EntryKind.SCALING,
                f"scaled from {scaling.before} to {scaling.after}",
                by=scaler_of(deployment.metadata.managed_fields or (), scaling.at, is_last=scaling is found[-1]),
                source=f"event {SCALING_REASON}",
            )


def scaler_of(managed: Sequence[ManagedFields], at: datetime, *, is_last: bool) -> str:
    """Return the field manager that scaled at a time, printable, "" when that is not proven.

    Args:
        is_last: nothing was scaled later: then a write of the number without a time can only be this one.
    """
    owners = [entry for entry in managed if entry.owns_replicas]
    near = [
        (abs(entry.time - at), entry.manager)
        for entry in owners
        if entry.time is not None and abs(entry.time - at) <= _AT_ONCE
    ]
    if near:
        return printable(min(near)[1])
    undated = {entry.manager for entry in owners if entry.time is None}
    return printable(undated.pop()) if is_last and len(undated) == 1 and len(owners) == 1 else ""
