"""Read what the scheduler reports about a pod that fits no node: one `Refusal` for each reason.

Invariant: every reason is kept, an unknown one as `OTHER`. To recognise another one: a `RefusalKind` and a line in
`_KINDS`. Source: pkg/scheduler/framework/types.go, `FitError.Error`, and the reasons of framework/plugins; messages of
1.19 to 1.36.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.text import printable

_COUNTS: Final = lazy_pattern(r"^\s*(?P<fits>\d+)/(?P<nodes>\d+) nodes are available: (?P<reasons>.*)$")
_NEXT_REASON: Final = lazy_pattern(r",\s+(?=\d+ )")
_REASON: Final = lazy_pattern(r"^(?P<count>\d+) (?P<text>.+)$")
_POST_FILTER: Final = lazy_pattern(
    r"[.,]?\s*(?:\.\s+not found|preemption:|no new claims to deallocate|still not schedulable|not eligible due to)"
)
"""Where the results of PostFilter plugins begin, which come after those of the filters (preemption, DRA)."""
_TAINT: Final = lazy_pattern(r"taint \{(?P<key>[^:}\s]+)(?:: ?(?P<value>[^}]*))?\}")
_CLAIM: Final = lazy_pattern(r'persistentvolumeclaim "(?P<name>[^"]+)"')


class RefusalKind(Enum):
    """What a node, or every node, was refused for."""

    RESOURCE = auto()  # `detail` is the resource
    TOO_MANY_PODS = auto()
    TAINT = auto()  # `detail` is `key=value` where the scheduler names the taint
    CORDONED = auto()
    NODE_AFFINITY = auto()
    NODE_NAME = auto()
    POD_AFFINITY = auto()
    POD_ANTI_AFFINITY = auto()
    EXISTING_ANTI_AFFINITY = auto()
    SPREAD = auto()
    SPREAD_LABEL = auto()
    HOST_PORT = auto()
    VOLUME_AFFINITY = auto()
    VOLUME_LIMIT = auto()
    VOLUME_IN_USE = auto()
    NO_VOLUME = auto()
    NO_STORAGE = auto()
    CLAIM_UNBOUND = auto()
    CLAIM_MISSING = auto()  # `detail` is the claim
    CLAIM_LOST = auto()  # `detail` is the claim
    CLAIM_TERMINATING = auto()  # `detail` is the claim
    CLAIM_STARTING = auto()  # `detail` is the claim
    NO_NODES = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class Refusal:
    """One reason.

    Args:
        count: the nodes that it holds for, None: all of them.
        text: the scheduler's words, printable.
        detail: see `RefusalKind`.
    """

    kind: RefusalKind
    count: int | None
    text: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SchedulerMessage:
    """Why a pod fits no node.

    Args:
        nodes: how many there are, None when the message does not tell.
        preemption: what preemption could not do either, "" when nothing is reported.
    """

    nodes: int | None
    refusals: tuple[Refusal, ...]
    preemption: str = ""


_KINDS: Final = (
    ("had untolerated taint", RefusalKind.TAINT),
    ("had taint", RefusalKind.TAINT),
    ("were unschedulable", RefusalKind.CORDONED),
    ("node affinity/selector", RefusalKind.NODE_AFFINITY),
    ("didn't match node selector", RefusalKind.NODE_AFFINITY),
    ("scheduler-enforced node affinity", RefusalKind.NODE_AFFINITY),
    ("pod affinity terms conflict", RefusalKind.NODE_AFFINITY),
    ("requested node name", RefusalKind.NODE_NAME),
    ("existing pods anti-affinity rules", RefusalKind.EXISTING_ANTI_AFFINITY),
    ("pod anti-affinity rules", RefusalKind.POD_ANTI_AFFINITY),
    ("pod affinity/anti-affinity", RefusalKind.POD_ANTI_AFFINITY),
    ("pod affinity rules", RefusalKind.POD_AFFINITY),
    ("topology spread constraints (missing required label)", RefusalKind.SPREAD_LABEL),
    ("topology spread constraints", RefusalKind.SPREAD),
    ("free ports for the requested pod ports", RefusalKind.HOST_PORT),
    ("volume node affinity conflict", RefusalKind.VOLUME_AFFINITY),
    ("PersistentVolume's node affinity", RefusalKind.VOLUME_AFFINITY),
    ("no available volume zone", RefusalKind.VOLUME_AFFINITY),
    ("exceed max volume count", RefusalKind.VOLUME_LIMIT),
    ("ReadWriteOncePod access mode", RefusalKind.VOLUME_IN_USE),
    ("no available disk", RefusalKind.VOLUME_IN_USE),
    ("find available persistent volumes to bind", RefusalKind.NO_VOLUME),
    ("enough free storage", RefusalKind.NO_STORAGE),
    ("unbound immediate PersistentVolumeClaims", RefusalKind.CLAIM_UNBOUND),
    ("binding volumes", RefusalKind.CLAIM_UNBOUND),
    ("bound to non-existent pv", RefusalKind.CLAIM_LOST),
    ("bound to non-existent persistentvolume", RefusalKind.CLAIM_LOST),
    ("waiting for ephemeral volume controller", RefusalKind.CLAIM_STARTING),
    ("no nodes available", RefusalKind.NO_NODES),
    ("Too many pods", RefusalKind.TOO_MANY_PODS),
)


def parse_scheduler_message(message: str) -> SchedulerMessage:
    """Return the reasons of a PodScheduled condition or of a FailedScheduling event, most nodes first."""
    text = " ".join(printable(message).split())
    counts = _COUNTS.match(text)
    reasons = counts["reasons"] if counts else text
    post = _POST_FILTER.search(reasons)
    preemption = reasons[post.start() :].lstrip(" .,").rstrip(".") if post else ""
    filters = (reasons[: post.start()] if post else reasons).rstrip(" .")
    refusals = [_refusal(each) for each in _NEXT_REASON.split(filters) if each]
    nodes = int(counts["nodes"]) if counts else None
    everywhere = nodes if nodes is not None else 0
    refusals.sort(key=lambda each: -(everywhere if each.count is None else each.count))
    return SchedulerMessage(nodes, tuple(refusals), preemption)


def without_post_filters(message: str) -> str:
    """Return a scheduler's message without what preemption and claims could not do either."""
    return _POST_FILTER.split(message, maxsplit=1)[0]


def _refusal(reason: str) -> Refusal:
    counted = _REASON.match(reason)
    count, text = (int(counted["count"]), counted["text"]) if counted else (None, reason)
    if text.startswith("Insufficient "):
        return Refusal(RefusalKind.RESOURCE, count, text, text.removeprefix("Insufficient ").strip())
    claim = _CLAIM.search(text)
    name = claim["name"] if claim else ""
    kind = next((kind for part, kind in _KINDS if part in text), RefusalKind.OTHER)
    if kind is RefusalKind.OTHER and name:
        missing, leaving = text.endswith("not found"), text.endswith("is being deleted")
        kind = RefusalKind.CLAIM_MISSING if missing else RefusalKind.CLAIM_TERMINATING if leaving else kind
    if kind is RefusalKind.TAINT:
        taint = _TAINT.search(text)
        value = taint["value"] if taint else ""
        return Refusal(
            kind, count, text, f"{taint['key']}={value}" if taint and value else taint["key"] if taint else ""
        )
    return Refusal(kind, count, text, name)
