"""Make the capsule of an incident from a watched cluster, for both front ends."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from k9py.api.meta import ObjectRef
from k9py.capsule.capsule import Capsule
from k9py.capsule.capture import capture
from k9py.capsule.file import capsule_text, write_capsule
from k9py.capsule.markdown import report_lines
from k9py.cluster.cluster import Cluster
from k9py.cluster.timeline import Timeline
from k9py.diagnosis.problem import TriageReport
from k9py.session import ClusterSession

_ACTIONS: Final = timedelta(days=1)
"""How far back actions taken with kdash are included."""
_ATTEMPTS: Final = 4
"""How often a cluster that changes while it is read is read again."""
_TIMELINE: Final = timedelta(hours=6)
"""How far back the timeline goes."""


def capsule_name(subject: ObjectRef | None, now: datetime) -> str:
    """Return the name of a capsule's file: `kdash-capsule-web-20261130-193000.md`."""
    about = f"{subject.name}-" if subject is not None else ""
    return f"kdash-capsule-{about}{now:%Y%m%d-%H%M%S}.md"


async def make_capsule(session: ClusterSession, cluster: Cluster, path: Path, subject: ObjectRef | None = None) -> None:
    """Write a capsule of what is watched.

    Args:
        path: of the file, which must not exist.
        subject: the object it is about, None for everything.

    Raises:
        ConfigError: the file cannot be written.
    """
    for attempt in range(_ATTEMPTS):
        version = cluster.triage.version
        report = cluster.triage.report(session.clock.now())
        capsule = await _captured(session, cluster, report, subject)
        if cluster.triage.version == version:
            break
        # Something changed while the objects were read: the report may not be theirs.
        await cluster.triage.settled()
        if attempt == _ATTEMPTS - 1:
            notes = (*capsule.notes, "the cluster was changing while it was read: problems may not match the objects")
            capsule = msgspec.structs.replace(capsule, notes=notes)
    text = await asyncio.to_thread(lambda: capsule_text(capsule, report_lines(capsule, report, report.at)))
    await asyncio.to_thread(write_capsule, path, text)


async def _captured(
    session: ClusterSession, cluster: Cluster, report: TriageReport, subject: ObjectRef | None
) -> Capsule:
    now = session.clock.now()
    timeline = Timeline(cluster)
    try:
        entries = (await timeline.settled(now - _TIMELINE)).entries
    finally:
        timeline.close()
    actions = session.writer.audited_since(cluster.scope.namespaces, now - _ACTIONS)
    return await capture(session, cluster, report, entries, cluster.triage.logs(), subject=subject, actions=actions)
