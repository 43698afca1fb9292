"""Check whether a container's image can be pulled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.events import Event
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.pods import Container, ContainerStatus, Pod, image_parts
from k9py.api.text import printable
from k9py.diagnosis.pod_events import messages

PULL_REASONS: Final = frozenset(
    {"ImagePullBackOff", "ErrImagePull", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed"}
)
"""Reasons of a container whose image cannot be pulled."""
_QUOTED: Final = lazy_pattern(r'"([^"\s]+)"')
_PULL_FAILURES: Final = (
    (("not found", "manifest unknown", "does not exist"), "not found"),
    (("unauthorized", "denied", "authentication required", "forbidden", "401"), "access denied"),
    (("toomanyrequests", "too many requests", "rate limit"), "rate limited by the registry"),
    (("no such host", "timeout", "refused", "unreachable", "deadline exceeded"), "registry unreachable"),
    (("x509", "certificate"), "registry certificate not trusted"),
    (("no match for platform", "exec format"), "no image for this node's platform"),
)
"""Parts of a pull failure's message, in lower case, and what they mean; the first match wins."""


def image_cause(
    pod: Pod, status: ContainerStatus, container: Container, label: str, events: Sequence[Event]
) -> Cause | None:
    """Return why the image of a waiting container is not available; None if it waits for something else.

    Args:
        label: names the container in the message: `container app`.
        events: recent ones about the pod.
    """
    waiting = status.state.waiting if status.state else None
    if waiting is None:
        return None
    reason, image = waiting.reason, container.image or status.image
    if reason in PULL_REASONS:
        image = _image_in_message(waiting.message, pod) or image
        failure = pull_failure(waiting.message, *messages(events, "Failed"))
        return Cause(CauseKind.IMAGE, reason, _pull_message(printable(image), failure), status.name)
    if reason == "InvalidImageName":
        message = f"image name {printable(image)!r} of {label} is not valid"
        return Cause(CauseKind.IMAGE, reason, message, status.name)
    if reason == "ErrImageNeverPull":
        message = f"image {printable(image)} is not on the node and its pull policy is Never"
        return Cause(CauseKind.IMAGE, reason, message, status.name)
    return None


def _image_in_message(message: str, pod: Pod) -> str:
    """Return the pod's image that a kubelet message names: a status may repeat another container's message."""
    containers = (*(pod.spec.init_containers or ()), *(pod.spec.containers or ()))
    images = {container.image for container in containers}
    return next((quoted for quoted in _QUOTED.findall(message) if quoted in images), "")


def _pull_message(image: str, failure: str) -> str:
    """Name the image before its registry: the end of the line may be cut off on a narrow screen."""
    registry, name = image_parts(image)
    return f"image {name} cannot be pulled{f' ({failure})' if failure else ''}{f' from {registry}' if registry else ''}"


def pull_failure(*texts: str) -> str:
    """Return why a pull failed in two or three words; "" if no message is known."""
    text = " ".join(texts).lower()
    return next((failure for signs, failure in _PULL_FAILURES if any(sign in text for sign in signs)), "")
