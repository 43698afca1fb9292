"""Name why the image of a container cannot be pulled.

The kubelet reports a failure once (`ErrImagePull` with the error of the runtime), then `Back-off pulling image`, since
1.32 with the error attached; events keep it for older ones (kubelet/images/image_manager.go). Invariant: names of
images, registries and URLs never decide what a failure is. To recognise another failure: a row in `_FAILURES`.
"""

from __future__ import annotations

from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.pods import Pod, image_parts
from k9py.api.text import printable
from k9py.diagnosis.container_case import ContainerCase

PULL_REASONS: Final = frozenset(
    {"ImagePullBackOff", "ErrImagePull", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed"}
)
"""Reasons of a container whose image cannot be pulled (kubelet/images/types.go, cri-api/pkg/errors)."""
IMAGE_REASONS: Final = PULL_REASONS | {"InvalidImageName", "ErrImageNeverPull"}

NOT_FOUND: Final = "not found"
DENIED: Final = "access denied"
NOT_FOUND_OR_DENIED: Final = "not found, or access denied"
PLATFORM: Final = "no image for this node's platform"
REMEDIES: Final = {
    NOT_FOUND: "correct the image's name or tag, or push it",
    DENIED: "give the pods a pull secret that may read the repository",
    NOT_FOUND_OR_DENIED: "correct the image's name, or give the pods a pull secret that may read the repository",
    PLATFORM: "build the image for the node's architecture, or select nodes that it is built for",
    "rate limited by the registry": "pull with credentials, or from a mirror",
    "registry host not found": "correct the registry's name in the image, or the node's DNS",
    "signature not accepted": "sign the image, or correct the policy of the nodes",
    "no space left on the node": "free disk space on the node",
}
"""What helps, by failure; the others are the registry's or the network's."""

_FAILURES: Final = (
    (
        ("no match for platform", "no matching manifest", "for architecture", "platform does not match", "exec format"),
        PLATFORM,
    ),
    (("toomanyrequests", "too many requests", "rate limit"), "rate limited by the registry"),
    (("signature", "policy requirement", "blocked pull", "rejected by policy"), "signature not accepted"),
    (("no space left on device", "disk quota"), "no space left on the node"),
    (("no such host", "server misbehaving", "name resolution"), "registry host not found"),
    (("x509", "certificate"), "registry certificate not trusted"),
    (("server gave http response",), "registry speaks HTTP, not HTTPS"),
    (("timeout", "deadline exceeded", "timed out"), "registry unreachable: timeout"),
    (("refused", "unreachable", "no route to host", "connection reset"), "registry unreachable"),
    (("does not exist or may require", "insufficient_scope"), NOT_FOUND_OR_DENIED),
    (
        ("unauthorized", "denied", "authentication required", "forbidden", "no basic auth", "failed to authorize"),
        DENIED,
    ),
    (("500 internal", "502 bad", "503 service", "504 gateway"), "registry failed"),
    (("pull qps exceeded",), "too many pulls at once on the node"),
    (("not found", "manifest unknown", "name unknown", "does not exist", "404"), NOT_FOUND),
    (("401", "403"), DENIED),
    (("unexpected eof", "short read", "content digest"), "download was incomplete"),
)
"""Parts of a pull failure's message, in lower case, and what they mean; the first match wins."""
_QUOTED: Final = lazy_pattern(r'"([^"\s]+)"')
_NAMES: Final = lazy_pattern(
    r'https?://[^\s"]+?(?=:? |:?$|")|"[^"\s]*"|[\w-]+(?:\.[\w-]+)+(?::\d+)?/[\w./-]+(?:[:@][\w.:-]*\w)?'
    r"|[\w-]+/[\w./-]+:[\w.-]*\w"
)
"""URLs and images, which may contain any word: `registry.test/denied:404`."""
_GENERIC: Final = ("Back-off pulling image", "Error: ErrImagePull", "Error: ImagePullBackOff")
_SPECIFIC: Final = "ErrImagePull: "


def image_cause(case: ContainerCase) -> Cause | None:
    """Return why the image of a waiting container is not available; None if it waits for something else."""
    waiting, status = case.waiting, case.status
    if waiting is None or waiting.reason not in IMAGE_REASONS:
        return None
    reason, image = waiting.reason, case.container.image or status.image
    if reason == "InvalidImageName":
        _, separator, detail = waiting.message.rpartition("invalid reference format")
        why = f": invalid reference format{printable(detail)}" if separator else ""
        message = f"image name {printable(image)!r} of {case.label} is not valid{why}"
        return Cause(CauseKind.IMAGE, reason, message, status.name, remedy="correct the image's name")
    if reason == "ErrImageNeverPull":
        message = f"image {printable(image)} is not on the node and its pull policy is Never"
        return Cause(CauseKind.IMAGE, reason, message, status.name, remedy="set imagePullPolicy to IfNotPresent")
    detail = pull_error(case)
    image = _image_in_message(detail or waiting.message, case.pod) or image
    failure = pull_failure("signature" if reason == "SignatureValidationFailed" else "", detail)
    since = case.first_seen("Failed", "pull")
    remedy = REMEDIES.get(failure, "")
    return Cause(CauseKind.IMAGE, reason, _pull_message(printable(image), failure), status.name, since, remedy=remedy)


def pull_error(case: ContainerCase) -> str:
    """Return the runtime's error of the last pull, "" when only the back-off is reported."""
    waiting = case.waiting
    if waiting is None:
        return ""
    _, separator, attached = waiting.message.partition(_SPECIFIC)
    if separator:
        return attached
    if waiting.message and not waiting.message.startswith(_GENERIC):
        return waiting.message
    failed = (event.message for event in case.own_events if event.reason in ("Failed", "InspectFailed"))
    return next((message for message in failed if not message.startswith(_GENERIC)), "")


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
    text = _NAMES.sub(" ", " ".join(texts)).lower()
    return next((failure for signs, failure in _FAILURES if any(sign in text for sign in signs)), "")
