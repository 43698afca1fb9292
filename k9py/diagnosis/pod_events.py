"""Select the events that explain a pod's current state.

Events outlive what they report: only those about this very pod (by uid) and seen lately count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from k9py.api.events import Event
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.pods import Pod

_MAX_AGE: Final = timedelta(minutes=15)
"""A state that persists repeats its event every few minutes; an older event describes the past."""
_CONTAINER_FIELD: Final = lazy_pattern(r"\{(?P<name>[^}]+)\}")


def recent_events(pod: Pod, events: Sequence[Event], now: datetime) -> list[Event]:
    """Return the events about this pod that were seen in the last 15 minutes."""
    return [event for event in events if _is_about(event, pod) and _is_recent(event, now)]


def is_about_container(event: Event, container: str) -> bool:
    """Return whether an event is about this container; an event that names none may be about any."""
    field = _CONTAINER_FIELD.search(event.involved_object.field_path)
    return field is None or field["name"] == container


def messages(events: Iterable[Event], reason: str) -> Iterator[str]:
    """Yield the messages of the events with this reason."""
    return (event.message for event in events if event.reason == reason)


def _is_about(event: Event, pod: Pod) -> bool:
    ref = event.involved_object
    if ref.uid:
        return ref.uid == pod.uid
    return ref.kind == pod.KIND and ref.name == pod.name and ref.namespace == pod.namespace


def _is_recent(event: Event, now: datetime) -> bool:
    seen = event.last_seen
    return seen is None or now - seen <= _MAX_AGE
