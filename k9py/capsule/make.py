"""Make the capsule of an incident from a watched cluster, for both front ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.capsule.capture import capture
from k9py.capsule.file import capsule_text, file_exists, write_capsule
from k9py.capsule.markdown import report_lines
from k9py.cluster.cluster import Cluster
from k9py.cluster.timeline import Timeline
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


async def make_capsule(
    session: ClusterSession,
    cluster: Cluster,
    path: Path,
    subject: ObjectRef | None = None,
    *,
    on_progress: Callable[[str], None] = lambda text: None,
) -> None:
    """Write a capsule of what is watched. What takes long is done in a thread.

    Args:
        path: of the file, which must not exist.
        subject: the object it is about, None for everything.
        on_progress: called with what is being done.

    Raises:
        ConfigError: the file exists, or cannot be written.
    """
    if await asyncio.to_thread(path.exists):
        raise file_exists(path)
    on_progress("reading the timeline")
    begin = session.clock.now() - _ACTIONS
    actions = await asyncio.to_thread(session.writer.audited_since, cluster.scope.namespaces, begin)
    timeline = Timeline(cluster)  # what it reads is written too, so that the replay has the same timeline
    try:
        for attempt in range(_ATTEMPTS):
            now = session.clock.now()
            known = cluster.triage.report(now).problems
            entries = (await timeline.settled(now - _TIMELINE, problems=known)).entries
            version = cluster.triage.version
            report = cluster.triage.report(session.clock.now())
            capsule = await capture(
                session,
                cluster,
                report,
                entries,
                cluster.triage.logs(),
                subject=subject,
                actions=actions,
                on_progress=lambda read, of: on_progress(f"read {read} of {count_noun(of, 'list')}"),
            )
            if cluster.triage.version == version:
                break
            # Something changed while the objects were read: the report may not be theirs.
            await cluster.triage.settled()
            if attempt == _ATTEMPTS - 1:
                note = "the cluster was changing while it was read: problems may not match the objects"
                capsule = msgspec.structs.replace(capsule, notes=(*capsule.notes, note))
    finally:
        timeline.close()
    on_progress("writing the file")

    def write() -> None:
        write_capsule(path, capsule_text(capsule, report_lines(capsule, report, report.at)))

    await asyncio.to_thread(write)
