"""Triage of given objects in this process, through the real engine: for the corpus, and for tests of chains of checks.

`triage_of` returns the report once everything has been read; `triaging` holds the engine open, for questions about it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from k9py.api.discovery import Discovered
from k9py.api.errors import BadRequestError, ForbiddenError, NotFoundError
from k9py.api.kinds import KINDS, Kind
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import STANDARD, ResourceTypes
from k9py.cluster.cluster import Cluster
from k9py.cluster.scope import Scope
from k9py.diagnosis.check import Check
from k9py.diagnosis.problem import TriageReport
from k9py.informer.lister_watcher import ListerWatcher
from k9py.logs.source import LogTarget
from tests.factories.meta import NOW

Object = KubeObject | Mapping[str, Any]


def triage_of(
    *objects: Object,
    now: datetime = NOW,
    logs: Mapping[str, Iterable[str]] | None = None,
    forbidden: Iterable[str] = (),
    scope: tuple[str, ...] = (),
    checks: Iterable[Check] | None = None,
) -> TriageReport:
    """Return what is broken in a cluster of exactly these objects.

    Args:
        objects: JSON of any kind (with apiVersion and kind), or decoded objects.
        logs: lines by `namespace/pod/container`, with `/previous` for the run that ended.
        forbidden: plurals of the types that may not be listed: `secrets`.
        checks: None: all of `diagnosis/checks/`.
    """

    async def run() -> TriageReport:
        async with triaging(*objects, now=now, logs=logs, forbidden=forbidden, scope=scope, checks=checks) as cluster:
            return cluster.triage.report(now)

    return asyncio.run(run())


@asynccontextmanager
async def triaging(
    *objects: Object,
    now: datetime = NOW,
    logs: Mapping[str, Iterable[str]] | None = None,
    forbidden: Iterable[str] = (),
    scope: tuple[str, ...] = (),
    checks: Iterable[Check] | None = None,
) -> AsyncIterator[Cluster]:
    """Yield a cluster of these objects whose triage has settled; see `triage_of`."""
    server = _ObjectServer([_as_json(each) for each in objects], dict(logs or {}), frozenset(forbidden))
    async with Cluster(server, Scope(scope), _StoppedClock(now), checks=checks) as cluster:
        lease = cluster.triage.open()
        await asyncio.wait_for(cluster.triage.settled(), 60)
        yield cluster
        lease.close()


def _as_json(value: Object) -> dict[str, Any]:
    if isinstance(value, KubeObject):
        kind = KINDS[value.KIND]
        return {"apiVersion": kind.api_version, "kind": kind.name, **json.loads(msgspec.json.encode(value))}
    return dict(value)


class _StoppedClock:
    """Time that does not pass."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return 1_000.0

    async def sleep(self, seconds: float) -> None:
        await (asyncio.sleep(0) if seconds <= 0 else asyncio.Event().wait())


@dataclass(frozen=True)
class _ContextInfo:
    namespace: str = "default"


class _ObjectServer:
    """A `ClusterConnection` to objects that never change."""

    def __init__(
        self, objects: list[dict[str, Any]], logs: Mapping[str, Iterable[str]], forbidden: frozenset[str]
    ) -> None:
        self.info = _ContextInfo()
        self.discovered = Discovered()
        self.logs = logs
        self.forbidden = forbidden
        self._objects: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for each in objects:
            each.setdefault("metadata", {}).setdefault("resourceVersion", "1")
            group = str(each["apiVersion"]).rpartition("/")[0]
            self._objects.setdefault((group, each["kind"]), []).append(each)

    def of(self, kind: Kind[Any]) -> list[dict[str, Any]]:
        return self._objects.get((kind.group, kind.name), [])

    async def can_i(
        self, verb: str, kind: str, namespace: str, *, name: str = "", subresource: str = ""
    ) -> bool | None:
        return KINDS[kind].resource not in self.forbidden

    async def discover(self) -> Discovered:
        self.discovered = Discovered(
            STANDARD, versions={(each.group, each.plural): (each.version,) for each in STANDARD}
        )
        return self.discovered

    async def find_type(self, name: str | ObjectRef) -> ResourceType:
        find = ResourceTypes.find if isinstance(name, str) else ResourceTypes.of_ref
        known = find(STANDARD, name)  # type: ignore[arg-type]
        if known is None:
            raise NotFoundError(f"no type {name}", code=404)
        return known

    def lister_watcher(
        self, kind: Kind[Any], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ListerWatcher:
        return _ObjectLister(self, kind, namespace, field_selector)

    @asynccontextmanager
    async def open_log(self, target: LogTarget, **how: Any) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        key = f"{target.namespace}/{target.pod}/{target.container}{'/previous' if how.get('previous') else ''}"
        if key not in self.logs:
            raise NotFoundError(f"no log {key}", code=404)
        yield _batch([line.encode() for line in self.logs[key]])


class _ObjectLister:
    def __init__(self, server: _ObjectServer, kind: Kind[Any], namespace: str, field_selector: str) -> None:
        self._server = server
        self._kind = kind
        self._namespace = namespace
        self._selectors = [_selector(part) for part in field_selector.split(",") if part]

    def _items(self) -> list[dict[str, Any]]:
        if self._kind.resource in self._server.forbidden:
            raise ForbiddenError(f"{self._kind.resource} is forbidden", code=403)
        items = self._server.of(self._kind)
        if not items and self._kind.resource_type not in STANDARD:
            raise NotFoundError(f"the server has no {self._kind.resource}", code=404)
        in_namespace = [each for each in items if self._namespace in ("", each["metadata"].get("namespace", ""))]
        return [each for each in in_namespace if all(selects(each) for selects in self._selectors)]

    async def list_page(self, *, limit: int, continue_token: str = "", resource_version: str | None = None) -> bytes:
        return json.dumps({"metadata": {"resourceVersion": "1"}, "items": self._items()}).encode()

    async def probe(self) -> bytes:
        self._items()
        return b'{"metadata":{"resourceVersion":"1"},"items":[]}'

    def watch(
        self,
        *,
        resource_version: str,
        send_initial_events: bool,
        timeout_seconds: int,
        idle_timeout: Callable[[], float] | None = None,
    ) -> AbstractAsyncContextManager[AsyncIterator[list[bytes]]]:
        return self._opened(initial=send_initial_events)

    @asynccontextmanager
    async def _opened(self, *, initial: bool) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        if initial:
            raise BadRequestError("sendInitialEvents is not understood", code=400)
        self._items()
        yield _silence()


def _selector(text: str) -> Callable[[dict[str, Any]], bool]:
    """Return a term of a field selector as a function."""
    path, _, value = text.partition("=")
    is_negative = path.endswith("!")

    def selects(item: Any) -> bool:
        for name in path.removesuffix("!").split("."):
            item = (item or {}).get(name)
        return ((item or "") == value) is not is_negative

    return selects


async def _batch(lines: list[bytes]) -> AsyncIterator[list[bytes]]:
    yield lines


async def _silence() -> AsyncIterator[list[bytes]]:
    await asyncio.Event().wait()
    yield []
