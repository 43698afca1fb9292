"""Which events report the same: of one topic and object, the timeline has one entry, with the text that says most.

The kubelet reports an image that cannot be pulled with four texts, of which only one names the failure; a volume with
its failure and then, every two minutes, that it waited; a probe with whatever the probe said last. Invariant: events of
one topic differ in nothing that a person has to know. To join others: a line in `topic_of`. Sources:
pkg/kubelet/images/image_manager.go, volumemanager, prober/prober.go.
"""

from __future__ import annotations

from dataclasses import dataclass

from k9py.api.events import Event
from k9py.api.lazy_pattern import lazy_pattern
from k9py.diagnosis.images import IMAGE_REASONS
from k9py.diagnosis.volumes import is_mount_failure, mount_failure, waits_for_volumes

_CONTAINER = lazy_pattern(r"\{([^}]*)\}$")
_CHANGING = lazy_pattern(r"[0-9a-f]{8,}(?:-[0-9a-f]{4,}){0,4}|\d+")
"""Ids, addresses, numbers and times."""
_POD = lazy_pattern(r'(\b[Pp]ods? "?)[a-z0-9][a-z0-9.-]*')
_COMBINED = "(combined from similar events): "
_POD_REASONS = frozenset({"FailedCreate", "FailedDelete"})
_BACK_OFF = "Back-off pulling image"
_ANY = "*"
"""Ends the topic of an event that may be about any of the topics with the same beginning."""


@dataclass(frozen=True, slots=True)
class Topic:
    """What an event is about.

    Args:
        name: equal for events that report the same about one object.
        telling: how much its text says, 0 for the least.
    """

    name: str
    telling: int = 1


def topic_of(event: Event) -> Topic:
    """Return the topic of an event."""
    container = _container(event)
    text = event.message.removeprefix(_COMBINED)
    if _is_about_image(event):
        return Topic(f"image/{container}", _telling_of_image(event))
    if is_mount_failure(event):
        failure = mount_failure(event)
        volume = _ANY if waits_for_volumes(event) or not failure.volume else failure.volume
        return Topic(f"volume/{volume}", 2 if failure.is_specific else 0 if volume == _ANY else 1)
    if event.reason == "Unhealthy":
        return Topic(f"probe/{container}/{text.partition(' ')[0]}")
    if event.type != "Warning":
        return Topic(f"{event.reason}/{container}/{event.message}")
    if event.reason in _POD_REASONS:
        text = _POD.sub(r"\1", text)
    return Topic(f"{event.reason}/{container}/{_CHANGING.sub('#', text)}")


def joins(topic: str, other: str) -> bool:
    """Return whether events of a topic may be about another one."""
    return topic.endswith(_ANY) and topic != other and other.startswith(topic.removesuffix(_ANY))


def _container(event: Event) -> str:
    named = _CONTAINER.search(event.involved_object.field_path)
    return named[1] if named else ""


def _is_about_image(event: Event) -> bool:
    match event.reason:
        case "Failed":
            return event.message.startswith("Failed to pull image") or (
                event.message.removeprefix("Error: ").partition(":")[0] in IMAGE_REASONS
            )
        case "BackOff":
            return event.message.startswith(_BACK_OFF)
    return event.reason in ("InspectFailed", "ErrImageNeverPull")


def _telling_of_image(event: Event) -> int:
    if event.message.startswith("Error: "):
        return 0
    if event.message.startswith(_BACK_OFF):
        return 2 if ": Err" in event.message else 1
    return 3
