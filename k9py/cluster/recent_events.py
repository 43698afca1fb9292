"""The events of the one object on the screen, all of them: one request, asked for when it is looked at.

What is watched of events is only what matters for many objects at once (`watches.EVENTS_WANTED`); a person who looks at
one pod also wants to read that its image was pulled and its container started.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from k9py.cluster.cluster import Cluster
from k9py.objects.events import Event
from k9py.objects.kinds import EVENT
from k9py.objects.meta import ObjectKey

LIMIT = 500
_EARLIEST = datetime.min.replace(tzinfo=UTC)


class _EventList(msgspec.Struct):
    items: list[msgspec.Raw] = []


async def recent_events(cluster: Cluster, key: ObjectKey) -> tuple[Event, ...]:
    """Return an object's events, newest first, at most LIMIT of them; none for what is not (or no longer) there.

    Raises:
        KdashError: they cannot be read.
    """
    found = cluster.queries.object(key)
    if found is None:
        return ()
    lister = cluster.connection.lister_watcher(EVENT, key.namespace, field_selector=f"involvedObject.uid={found.uid}")
    page = await lister.list_page(limit=LIMIT)
    events = [EVENT.decode(one) for one in msgspec.json.decode(page, type=_EventList).items]
    return tuple(sorted(events, key=lambda one: one.last_seen or _EARLIEST, reverse=True))
