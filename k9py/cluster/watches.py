"""Which kinds a cluster watches, how each is indexed, and which of its objects are requested.

Only kinds that something reads are watched. To watch another one: a MergedStore in `Stores` and a line here; a view
that reads it depends on it by itself (`reads`).
Events are the only kind of which a part is requested: warnings, and those about workloads and Services. The normal
events of every pod would be most of the cluster's events, and nothing reads them until a pod is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from k9py.api import kinds
from k9py.api.kinds import Kind
from k9py.cluster import indexes
from k9py.cluster.stores import MergedStore, Stores
from k9py.informer.store import Index


@dataclass(frozen=True, slots=True)
class WatchedKind:
    """A kind to watch; one reflector for each of `field_selectors`, in each namespace of the scope."""

    kind: Kind[Any]
    store: Callable[[Stores], MergedStore[Any]]
    indexes: Mapping[str, Index[Any]] = field(default_factory=dict)
    field_selectors: tuple[str, ...] = ("",)


_BY_TEMPLATE: Mapping[str, Callable[[Any], Iterable[Any]]] = {indexes.LABEL: indexes.template_labels}

_NORMAL_LEFT_OUT = ("Pod", "ReplicaSet", "Node", "Job", "CronJob")

EVENTS_WANTED = (
    "type!=Normal",
    ",".join(["type=Normal", *(f"involvedObject.kind!={kind}" for kind in _NORMAL_LEFT_OUT)]),
)

WATCHED: tuple[WatchedKind, ...] = (
    # What decides the first screen comes first: reflectors share the event loop in this order.
    WatchedKind(kinds.SERVICE, lambda stores: stores.services, {indexes.SELECTOR: indexes.service_selector}),
    WatchedKind(kinds.DEPLOYMENT, lambda stores: stores.deployments, _BY_TEMPLATE),
    WatchedKind(kinds.STATEFUL_SET, lambda stores: stores.stateful_sets, _BY_TEMPLATE),
    WatchedKind(kinds.DAEMON_SET, lambda stores: stores.daemon_sets, _BY_TEMPLATE),
    WatchedKind(
        kinds.ENDPOINT_SLICE,
        lambda stores: stores.endpoint_slices,
        {indexes.SERVICE: indexes.slice_service, indexes.MANUAL: indexes.manual_slice},
    ),
    WatchedKind(kinds.REPLICA_SET, lambda stores: stores.replica_sets),
    WatchedKind(
        kinds.POD, lambda stores: stores.pods, {indexes.LABEL: indexes.pod_labels, indexes.NODE: indexes.pod_node}
    ),
    WatchedKind(kinds.CONTROLLER_REVISION, lambda stores: stores.controller_revisions),
    WatchedKind(kinds.EVENT, lambda stores: stores.events, {indexes.ABOUT: indexes.event_about}, EVENTS_WANTED),
    WatchedKind(
        kinds.HORIZONTAL_POD_AUTOSCALER, lambda stores: stores.autoscalers, {indexes.TARGET: indexes.autoscaler_target}
    ),
    WatchedKind(
        kinds.POD_DISRUPTION_BUDGET, lambda stores: stores.budgets, {indexes.SELECTOR: indexes.budget_selector}
    ),
    WatchedKind(kinds.NAMESPACE, lambda stores: stores.namespaces),
)
