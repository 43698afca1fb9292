"""A graph of given objects, for tests of checks: the real one over stores that are filled by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject
from k9py.api.pods import Pod
from k9py.api.resource_types import STANDARD
from k9py.cluster.graph import ClusterGraph, Demand
from k9py.cluster.queries import Queries
from k9py.cluster.stores import MergedStore, Stores
from k9py.cluster.watches import WATCHED
from k9py.diagnosis.check import Check
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Unread
from k9py.informer.store import Store
from tests.factories.meta import NOW


class GraphOfObjects(ClusterGraph):
    """A graph in which exactly these objects exist, and everything has been read but the kinds in `unread`.

    Args:
        objects: decoded ones, or JSON of any kind (a mapping with apiVersion and kind).
        unread: kinds (by name) that cannot be read, with the reason; "" while they are being read.
        logs: lines by `namespace/pod/container`, with `/previous` for the run that ended.
        scope: the namespaces that are watched, (): the whole cluster.

    Attributes:
        demands: what was asked for, in order.
    """

    def __init__(
        self,
        *objects: KubeObject | Mapping[str, Any],
        now: datetime = NOW,
        unread: Mapping[str, str] | None = None,
        logs: Mapping[str, Iterable[str]] | None = None,
        scope: tuple[str, ...] = (),
    ) -> None:
        self.demands: list[Demand] = []
        self._unread = dict(unread or {})
        self._logs = dict(logs or {})
        self._scope = scope
        self._objects = objects
        self._made: dict[Kind[Any], MergedStore[Any]] = {}
        self.stores = Stores()
        for watched in WATCHED:
            watched.store(self.stores).set_parts((("", self._filled(watched.kind, dict(watched.indexes))),))
            self._made[watched.kind] = watched.store(self.stores)
        queries = Queries(self.stores, lambda kind: kind not in self._unread)
        super().__init__(queries, self, STANDARD, now)

    def subject(self, kind: Kind[Any], name: str, namespace: str = "") -> Any:
        """Return an object that exists."""
        found = self.get(kind, name, namespace)
        assert found is not None, f"no {kind.name} {namespace}/{name}"
        assert not isinstance(found, Unread)
        return found

    # -- ObjectSource -------------------------------------------------------------------------------------------------

    def store(self, demand: Demand) -> MergedStore[Any] | Unread:
        self.demands.append(demand)
        if demand.kind.name in self._unread:
            return Unread(self._unread[demand.kind.name])
        if demand.kind not in self._made:
            store = MergedStore[Any](demand.kind.name)
            store.set_parts((("", self._filled(demand.kind, {})),))
            self._made[demand.kind] = store
        return self._made[demand.kind]

    def log(self, pod: Pod, container: str, previous: bool) -> tuple[str, ...] | Unread | None:
        lines = self._logs.get(f"{pod.namespace}/{pod.name}/{container}{'/previous' if previous else ''}")
        return None if lines is None else tuple(lines)

    def covers(self, namespace: str) -> bool:
        return not self._scope or namespace in self._scope

    def _filled(self, kind: Kind[Any], indexes: dict[str, Any]) -> Store[Any]:
        store: Store[Any] = Store(indexes)
        store.upsert_all(decoded for each in self._objects if (decoded := _as_kind(each, kind)) is not None)
        return store


def _as_kind(value: KubeObject | Mapping[str, Any], kind: Kind[Any]) -> KubeObject | None:
    """Return an object decoded as a kind, None when it is of another one."""
    if isinstance(value, KubeObject):
        return value if kind.name == value.KIND and isinstance(value, kind.type) else None
    group = str(value["apiVersion"]).rpartition("/")[0]
    if value["kind"] != kind.name or group != kind.resource_type.group:
        return None
    decoded: KubeObject = kind.decode(msgspec.json.encode(value))
    return decoded


def findings_of(check: Check, subject: Any, graph: ClusterGraph) -> tuple[Finding, ...]:
    """Return what a check finds about an object."""
    return tuple(check.run(subject, graph))
