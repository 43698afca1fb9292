"""Indexes worth declaring for a `Store`. Each is a function from an object to the values it is found by.

To add one: a function here, and its name where the informer is made. An index costs some 100 bytes an object and value.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from k9py.api.meta import KubeObject
from k9py.api.services import EndpointSlice

_ONE_PER_POD_OR_REVISION: Final = frozenset(
    {
        "pod-template-hash",
        "controller-revision-hash",
        "pod-template-generation",
        "statefulset.kubernetes.io/pod-name",
        "apps.kubernetes.io/pod-index",
        "controller-uid",
        "batch.kubernetes.io/controller-uid",
        "job-name",
        "batch.kubernetes.io/job-name",
    }
)
"""Labels with nearly as many values as objects: owners are found by uid, and no Service selects by these alone."""


def labels(one: KubeObject) -> Iterable[tuple[str, str, str]]:
    """Find an object by (namespace, label, value), for selectors: declare it as `LABELS` and ask `Store.select`."""
    metadata = one.metadata
    return [
        (metadata.namespace, name, value)
        for name, value in (metadata.labels or {}).items()
        if name not in _ONE_PER_POD_OR_REVISION
    ]


def service(one: EndpointSlice) -> Iterable[tuple[str, str]]:
    """Find an EndpointSlice by (namespace, name) of its Service."""
    name = one.service_name
    return ((one.metadata.namespace, name),) if name else ()
