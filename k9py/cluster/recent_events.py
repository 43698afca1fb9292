"""The events of the one object on the screen, all of them: one request, asked for when it is looked at.

What is watched of events is only what matters for many objects at once (`watches.EVENTS_WANTED`); a person who looks at
one pod also wants to read that its image was pulled and its container started.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from k9py.api.events import Event
from k9py.api.kinds import EVENT
from k9py.api.meta import ObjectKey
from k9py.cluster.cluster import Cluster
from k9py.informer.decoder import read_page

LIMIT = 500
_EARLIEST = datetime.min.replace(tzinfo=UTC)


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
    events = [event for one in read_page(page).items or () if (event := _event(one)) is not None]
    return tuple(sorted(events, key=lambda one: one.last_seen or _EARLIEST, reverse=True))


def _event(data: msgspec.Raw) -> Event | None:
    try:
        return EVENT.decode(data)
    except msgspec.DecodeError:
        return None  # one that cannot be read hides none of the others
