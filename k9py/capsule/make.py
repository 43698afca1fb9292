"""Make the capsule of an incident from a watched cluster, for both front ends."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.capsule.capture import capture
from k9py.capsule.file import capsule_text, write_capsule
from k9py.capsule.markdown import report_lines
from k9py.cluster.cluster import Cluster
from k9py.cluster.timeline import Timeline
from k9py.session import ClusterSession

_ACTIONS: Final = timedelta(days=1)
"""How far back actions taken with kdash are included."""
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
    now = session.clock.now()
    report = cluster.triage.report(now)
    actions = session.writer.audited_since(cluster.scope.namespaces, now - _ACTIONS)
    timeline = Timeline(cluster)
    try:
        entries = (await timeline.settled(now - _TIMELINE)).entries
    finally:
        timeline.close()
    capsule = await capture(session, cluster, report, entries, cluster.triage.logs, subject=subject, actions=actions)
    text = await asyncio.to_thread(lambda: capsule_text(capsule, report_lines(capsule, report, now)))
    await asyncio.to_thread(write_capsule, path, text)
