"""Tell apart a Service that spreads its traffic over versions of one application from one that mixes applications.

Pure. Invariant: a canary, blue and green, or a workload for each zone are never reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.meta import ObjectRef
from k9py.api.services import Service
from k9py.api.workloads import Workload
from k9py.diagnosis.near_misses import name_distance

_OF_VERSIONS: Final = frozenset(
    {
        "arch", "build", "canary", "channel", "chart", "color", "colour", "commit", "controller-revision-hash", "date",
        "deployment", "experiment", "hash", "instance", "pod-index", "pod-name", "pod-template-hash", "region",
        "release", "revision", "rollouts-pod-template-hash", "shard", "slot", "stage", "tag", "track", "variant",
        "ver", "version", "zone",
    }
)  # fmt: skip
"""Label keys (after a "/") by which people tell versions and instances of one application apart."""
_VERSION_NAME: Final = lazy_pattern(
    r"(?:[-_.](?:v?\d[\w.]*|canary|stable|baseline|primary|secondary|blue|green|red|black|old|new|next|prev|previous"
    r"|current|preview|beta|alpha|rc|live|active|standby|[a-d]|experiment|test|shadow)|\d+)$"
)
"""What is appended to the name of a workload for another version of it."""


@dataclass(frozen=True, slots=True)
class MixedBackends:
    """Workloads of different applications that one Service selects.

    Args:
        label: that only the pods of the one with the name of the Service have: `component=web`; "" when there is none.
    """

    workloads: tuple[ObjectRef, ...]
    label: str


def mixed_backends(service: Service, backends: Sequence[Workload]) -> MixedBackends | None:
    """Return the workloads of different applications that a Service selects, None when it is one application.

    Versions of one application (canary, blue and green) are meant to share a Service: their labels differ only in keys
    such as `version` and `track`, and they run the same image. Workloads of different names, labels and images may be
    meant to share one as well: so the name of the Service, or a port that not all of them have, must speak against it.
    """
    if len(backends) < 2:
        return None
    first, *others = backends
    if all(_is_same_application(first, other) for other in others):
        return None
    meant = [each for each in backends if service.name in (each.name, each.spec.template.labels.get("app"))]
    meant = meant or [each for each in backends if name_distance(service.name, each.name) < 0.5]
    strangers = [each for each in backends if not any(_is_same_application(each, own) for own in meant)]
    has_port = [each for each in backends if _declares_target(service, each)]
    if not (meant and strangers) and not (has_port and len(has_port) < len(backends)):
        return None
    own = meant[0] if meant else has_port[0]
    label = next(
        (
            f"{key}={value}"
            for key, value in sorted(own.spec.template.labels.items())
            if not is_of_version(key) and all(each.spec.template.labels.get(key) != value for each in strangers)
        ),
        "",
    )
    return MixedBackends(tuple(each.key for each in backends), label if strangers else "")


def _is_same_application(left: Workload, right: Workload) -> bool:
    """Return whether two workloads look like versions of one application."""
    if left.key == right.key:
        return True
    labels, others = left.spec.template.labels, right.spec.template.labels
    differing = {key for key in labels.keys() | others.keys() if labels.get(key) != others.get(key)}
    if any(not is_of_version(key) for key in differing):
        # A label of its own for a canary: `app=web-canary` beside the label that is selected.
        return _base_name(left.name) == _base_name(right.name)
    is_same_image = bool(_repositories(left) & _repositories(right))
    return is_same_image or _base_name(left.name) == _base_name(right.name)


def _declares_target(service: Service, workload: Workload) -> bool:
    """Return whether the pods of a workload declare a target port of a Service."""
    spec = workload.spec.template.spec
    containers = (*(spec.containers or ()), *(spec.init_containers or ())) if spec else ()
    declared = {port for each in containers for port in each.ports or ()}
    numbers, names = {port.container_port for port in declared}, {port.name for port in declared}
    return any(
        port.named_target in names if port.named_target else port.target_number in numbers
        for port in service.spec.ports or ()
    )


def _base_name(name: str) -> str:
    return _VERSION_NAME.sub("", name) or name


def is_of_version(key: str) -> bool:
    return key.rpartition("/")[2].lower() in _OF_VERSIONS


def _repositories(workload: Workload) -> set[str]:
    """Return the images of a workload without tags and digests."""
    images = (image.partition("@")[0] for image in workload.spec.template.images)
    return {image.rpartition(":")[0] if ":" in image.rpartition("/")[2] else image for image in images}
