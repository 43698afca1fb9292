"""Which kinds a cluster watches, how each is indexed, and which of its objects are asked for.

To watch another kind: a MergedStore in `Stores`, a line here, and its dependents if a view reads it.
Events are the one kind of which only a part is wanted: warnings, and what is said about workloads and services. The
ordinary news of every pod would be most of the cluster's events and is read by nobody until a pod is looked at.
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
    """One kind to watch; one informer for each of `field_selectors`, in each namespace of the scope."""

    kind: Kind[Any]
    store: Callable[[Stores], MergedStore[Any]]
    indexes: Mapping[str, Index[Any]] = field(default_factory=dict)
    field_selectors: tuple[str, ...] = ("",)


_BY_TEMPLATE: Mapping[str, Callable[[Any], Iterable[Any]]] = {indexes.LABEL: indexes.template_labels}

_NEWS_LEFT_OUT = ("Pod", "ReplicaSet", "Node", "Job", "CronJob")

EVENTS_WANTED = (
    "type!=Normal",
    ",".join(["type=Normal", *(f"involvedObject.kind!={kind}" for kind in _NEWS_LEFT_OUT)]),
)

WATCHED: tuple[WatchedKind, ...] = (
    # What decides the first screen comes first: informers take their turns in this order.
    WatchedKind(kinds.SERVICE, lambda of: of.services, {indexes.SELECTOR: indexes.service_selector}),
    WatchedKind(kinds.DEPLOYMENT, lambda of: of.deployments, _BY_TEMPLATE),
    WatchedKind(kinds.STATEFUL_SET, lambda of: of.stateful_sets, _BY_TEMPLATE),
    WatchedKind(kinds.DAEMON_SET, lambda of: of.daemon_sets, _BY_TEMPLATE),
    WatchedKind(
        kinds.ENDPOINT_SLICE,
        lambda of: of.endpoint_slices,
        {indexes.SERVICE: indexes.slice_service, indexes.BY_HAND: indexes.slice_by_hand},
    ),
    WatchedKind(kinds.REPLICA_SET, lambda of: of.replica_sets),
    WatchedKind(kinds.POD, lambda of: of.pods, {indexes.LABEL: indexes.pod_labels}),
    WatchedKind(kinds.CONTROLLER_REVISION, lambda of: of.controller_revisions),
    WatchedKind(kinds.EVENT, lambda of: of.events, {indexes.ABOUT: indexes.event_about}, EVENTS_WANTED),
    WatchedKind(
        kinds.HORIZONTAL_POD_AUTOSCALER, lambda of: of.autoscalers, {indexes.TARGET: indexes.autoscaler_target}
    ),
    WatchedKind(kinds.POD_DISRUPTION_BUDGET, lambda of: of.budgets, {indexes.SELECTOR: indexes.budget_selector}),
    WatchedKind(kinds.JOB, lambda of: of.jobs),
    WatchedKind(kinds.NAMESPACE, lambda of: of.namespaces),
    WatchedKind(kinds.NODE, lambda of: of.nodes),
)
