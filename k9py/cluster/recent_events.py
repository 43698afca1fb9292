"""All events of one object, read with one request when a screen shows it.

Only the events that matter for many objects are watched (`watches.EVENTS_WANTED`); a person who opens a pod also wants
to see that its image was pulled and its container started.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from k9py.api.events import Event
from k9py.api.kinds import EVENT
from k9py.api.meta import ObjectRef
from k9py.cluster.cluster import Cluster
from k9py.informer.decoder import read_page

LIMIT = 500
_EARLIEST = datetime.min.replace(tzinfo=UTC)


async def recent_events(cluster: Cluster, key: ObjectRef) -> tuple[Event, ...]:
    """Return the events of an object, newest first, at most LIMIT of them; none for an object that does not exist.

    Raises:
        KdashError: they cannot be read.
    """
    value = cluster.queries.object(key)
    if value is None:
        return ()
    lister = cluster.connection.lister_watcher(EVENT, key.namespace, field_selector=f"involvedObject.uid={value.uid}")
    page = await lister.list_page(limit=LIMIT)
    events = [event for item in read_page(page).items or () if (event := _event(item)) is not None]
    return tuple(sorted(events, key=lambda event: event.last_seen or _EARLIEST, reverse=True))


def _event(data: msgspec.Raw) -> Event | None:
    try:
        return EVENT.decode(data)
    except msgspec.DecodeError:
        return None  # an event that does not decode hides none of the others
