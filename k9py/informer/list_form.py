"""How a kind is listed first: as a stream, or in pages.

To have another kind streamed: its name in `_STREAMED`. A server that refuses gets pages, whatever this says.
"""

from __future__ import annotations

from typing import Any, Final

from k9py.api.kinds import DynamicKind, Kind, TableKind

_STREAMED: Final = frozenset(
    {
        "CronJob",
        "DaemonSet",
        "Deployment",
        "HorizontalPodAutoscaler",
        "Namespace",
        "PodDisruptionBudget",
        "ResourceQuota",
        "Service",
        "StatefulSet",
    }
)
"""Kinds with dozens of small objects."""


def prefers_streaming_list(kind: Kind[Any]) -> bool:
    """Return whether a streaming list is worth requesting.

    It saves a round trip, and is sent uncompressed: good for kinds with dozens of small objects. Kinds with thousands
    of objects are listed in compressed pages, with a tenth of the bytes; so is every type of which that is not known,
    and what cannot be watched.
    """
    return kind.name in _STREAMED and not isinstance(kind, DynamicKind | TableKind) and kind.resource_type.can_watch
