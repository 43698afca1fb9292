"""Find objects by name among those that are watched, without holding the event loop.

Invariant: each store is copied as it is reached, in one step, and then searched in time slices; what is found may be
gone by the time it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

from k9py.api.fuzzy import FuzzyMatch, fuzzy_match
from k9py.api.meta import ObjectRef
from k9py.cluster.cluster import Cluster
from k9py.runtime.time_slice import TimeSlice

LIMIT: Final = 12
"""Objects that are listed."""
_NOT_NAMED: Final = (
    *("Event", "EndpointSlice", "ReplicaSet", "ControllerRevision", "APIService", "CertificateSigningRequest"),
    *("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "VolumeAttachment"),
)
"""Kinds whose names nobody types; checks lease some of them all the time."""
_STEP: Final = 64
"""Names between two looks at the clock."""


class NamedObjects(Protocol):
    """Objects of one kind."""

    def keys(self) -> Iterable[ObjectRef]:
        """Return their references."""
        ...

    def __len__(self) -> int: ...


def searched_stores(cluster: Cluster) -> Iterator[tuple[str, NamedObjects]]:
    """Yield what is searched, with its kind: what people name first, then what screens have leased."""
    stores = cluster.stores
    yield "Deployment", stores.deployments
    yield "StatefulSet", stores.stateful_sets
    yield "DaemonSet", stores.daemon_sets
    yield "Service", stores.services
    yield "HorizontalPodAutoscaler", stores.autoscalers
    yield "PodDisruptionBudget", stores.budgets
    yield "Pod", stores.pods
    known = {id(store) for store in vars(stores).values()}
    for lease in cluster.leases:
        if id(lease.store) not in known and lease.kind.name not in _NOT_NAMED:
            known.add(id(lease.store))
            yield lease.kind.name, lease.store


async def search_objects(
    stores: Iterable[tuple[str, NamedObjects]],
    query: str,
    *,
    namespaces: Sequence[str] = (),
    limit: int = LIMIT,
    time_slice: TimeSlice | None = None,
) -> list[tuple[ObjectRef, FuzzyMatch]]:
    """Return the objects whose names match best, the best first; of equals those of earlier stores.

    Args:
        query: Part of a name; "" matches every name.
        namespaces: Only objects in these; () for all.
        time_slice: Its length is the longest that the event loop is held.
    """
    time_slice = time_slice or TimeSlice()
    best: list[tuple[int, int, str, str, ObjectRef, FuzzyMatch]] = []
    seen: set[ObjectRef] = set()  # of those that match: screens may have leased the same objects in other forms
    worst = 0  # of the kept ones, the lowest negated score that still matters
    for place, (_, store) in enumerate(stores):
        for count, ref in enumerate(tuple(store.keys())):
            if count % _STEP == 0:
                await time_slice.yield_if_over()
            match = fuzzy_match(query, ref.name)
            if match is None or (namespaces and ref.namespace not in namespaces) or ref in seen:
                continue
            seen.add(ref)
            if len(best) >= 4 * limit:
                best.sort(key=lambda item: item[:4])
                del best[limit:]
                worst = best[-1][0]
            if len(best) < limit or -match.score <= worst:
                best.append((-match.score, place, ref.name, ref.namespace, ref, match))
                worst = max(worst, -match.score)
    best.sort(key=lambda item: item[:4])
    return [(ref, match) for *_, ref, match in best[:limit]]
