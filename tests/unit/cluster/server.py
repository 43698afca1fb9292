"""A cluster without a network: lists what it holds, streams what is put in, refuses and fails on demand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import msgspec

from k9py.api.discovery import Discovered
from k9py.api.errors import BadRequestError, ForbiddenError, KdashError, NotFoundError
from k9py.api.events import Event
from k9py.api.kinds import KINDS, Kind
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import ResourceTypes
from k9py.api.standard_types import STANDARD_TYPES
from k9py.informer.lister_watcher import ListerWatcher
from k9py.logs.source import LogTarget
from tests.factories import NOW


class HeldClock:
    """Time that passes when a test passes it; sleepers wake at their time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> Any:
        return NOW + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            return await asyncio.sleep(0)
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.seconds + seconds, woken))
        return await woken

    @property
    def has_sleepers(self) -> bool:
        """Whether somebody waits for time to pass."""
        return any(not woken.done() for _, woken in self._sleepers)

    def pass_time(self, seconds: float) -> None:
        self.seconds += seconds
        for due, woken in list(self._sleepers):
            if due <= self.seconds:
                self._sleepers.remove((due, woken))
                if not woken.done():
                    woken.set_result(None)


@dataclass(frozen=True)
class ContextInfo:
    """The description of a connection."""

    namespace: str = "shop"


@dataclass(eq=False)
class _Watch:
    """An open watch."""

    kind: str
    namespace: str
    field_selector: str
    queue: asyncio.Queue[bytes | KdashError] = field(default_factory=asyncio.Queue)

    @property
    def is_of_one_object(self) -> bool:
        return self.field_selector.startswith(("metadata.name=", "involvedObject.uid="))

    def wants(self, obj: KubeObject) -> bool:
        if self.kind != obj.KIND or self.namespace not in ("", obj.namespace):
            return False
        field_name, _, value = self.field_selector.partition("=")
        match field_name:
            case "metadata.name":
                return obj.name == value
            case "involvedObject.uid":
                return isinstance(obj, Event) and obj.involved_object.uid == value
        return True


async def _batches(lines: list[bytes]) -> AsyncIterator[list[bytes]]:
    yield lines


class FakeServer:
    """Implements `cluster.cluster.ClusterConnection`.

    Attributes:
        forbidden: (resource, namespace) that may not be listed; namespace "" is the cluster.
        added_types: types that it serves besides the standard ones.
        discoveries: how often its types were requested.
        unserved: resources that it does not have.
        watched: (kind, namespace) of the open watches.
        down: what every list and watch fails with; None when the server is up. Set by `go_down`.
        silent: it does not answer access reviews.
        logs: lines by `namespace/pod/container`, with `/previous` for the run that ended.
        read_logs: the keys of the logs that were read, in order.
        is_reading: set while logs are answered; clear it to hold them back.
    """

    def __init__(self, *objects: KubeObject) -> None:
        self.info = ContextInfo()
        self.forbidden: set[tuple[str, str]] = set()
        self.unserved: set[str] = set()
        self.down: KdashError | None = None
        self.silent = False
        self.added_types: list[ResourceType] = []
        self.discovered = Discovered()
        self.discoveries = 0
        self.version = 100
        self.objects: dict[ObjectRef, KubeObject] = {}
        self.listed: list[tuple[str, str, str]] = []
        self.logs: dict[str, list[str]] = {}
        self.read_logs: list[str] = []
        self.is_reading = asyncio.Event()
        self.is_reading.set()
        self._watches: list[_Watch] = []
        self._events: list[tuple[int, KubeObject, bytes]] = []
        for obj in objects:
            self.put(obj)

    def put(self, obj: KubeObject) -> None:
        """Add or change an object; watches receive it."""
        self.objects[obj.key] = self._at_next_version(obj)
        self._send("MODIFIED", self.objects[obj.key])

    def delete(self, key: ObjectRef) -> None:
        """Remove an object; watches receive it."""
        self._send("DELETED", self._at_next_version(self.objects.pop(key)))

    def _at_next_version(self, obj: KubeObject) -> KubeObject:
        self.version += 1
        return _at_version(obj, self.version)

    def go_down(self, error: KdashError) -> None:
        """Break every watch and refuse every request until `down` is None again."""
        self.down = error
        for watch in self._watches:
            watch.queue.put_nowait(error)

    def fail(self, kind: str, error: KdashError) -> None:
        """Break the watches of one kind once."""
        for watch in self._watches:
            if watch.kind == kind:
                watch.queue.put_nowait(error)

    def restore(self, *, version: int, without: ObjectRef) -> None:
        """Become what a backup holds: everything at a lower version, one object missing; no watch receives it."""
        self.version = version
        self._events.clear()
        self.objects = {key: _at_version(obj, version) for key, obj in self.objects.items() if key != without}

    def send(self, line: bytes, kind: str) -> None:
        """Send a line as it is to every watch of a kind."""
        for watch in self._watches:
            if watch.kind == kind:
                watch.queue.put_nowait(line)

    def _send(self, type_: str, obj: KubeObject) -> None:
        line = b'{"type":"%s","object":%s}' % (type_.encode(), msgspec.json.encode(obj))
        self._events.append((self.version, obj, line))
        for watch in self._watches:
            if watch.wants(obj):
                watch.queue.put_nowait(line)

    async def can_i(
        self, verb: str, kind: str, namespace: str, *, name: str = "", subresource: str = ""
    ) -> bool | None:
        if self.down is not None:
            raise self.down
        return None if self.silent else not self._is_forbidden(KINDS[kind].resource, namespace)

    async def discover(self) -> Discovered:
        self.discoveries += 1
        if self.down is not None:
            raise self.down
        self.discovered = Discovered(
            ResourceTypes((*STANDARD_TYPES, *self.added_types)),
            versions={(added.group, added.plural): (added.version,) for added in (*STANDARD_TYPES, *self.added_types)},
        )
        return self.discovered

    async def find_type(self, name: str | ObjectRef) -> ResourceType:
        find = ResourceTypes.find if isinstance(name, str) else ResourceTypes.of_ref
        known = find(self.discovered.types, name) or find((await self.discover()).types, name)  # type: ignore[arg-type]
        if known is None:
            raise NotFoundError(f"no type {name}", code=404)
        return known

    def _is_forbidden(self, resource: str, namespace: str) -> bool:
        return (resource, namespace) in self.forbidden or ("*", namespace) in self.forbidden

    def lister_watcher(
        self, kind: Kind[Any], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ListerWatcher:
        return _FakeListerWatcher(self, kind, namespace, field_selector)

    @property
    def watched(self) -> list[tuple[str, str]]:
        return sorted((watch.kind, watch.namespace) for watch in self._watches)

    @property
    def selected(self) -> list[tuple[str, str, str]]:
        """Kind, namespace and field selector of the open watches of single objects, or of the events about them."""
        return sorted(
            (watch.kind, watch.namespace, watch.field_selector) for watch in self._watches if watch.is_of_one_object
        )

    @asynccontextmanager
    async def open_log(self, target: LogTarget, **how: Any) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        key = f"{target.namespace}/{target.pod}/{target.container}{'/previous' if how.get('previous') else ''}"
        self.read_logs.append(key)
        await self.is_reading.wait()
        if key not in self.logs:
            raise NotFoundError(f"no log {key}", code=404)
        yield _batches([line.encode() for line in self.logs[key]])

    def check(self, kind: Kind[Any], namespace: str) -> None:
        if self.down is not None:
            raise self.down
        if kind.resource in self.unserved:
            raise NotFoundError(f"the server has no {kind.resource}", code=404)
        if self._is_forbidden(kind.resource, namespace):
            raise ForbiddenError(f"may not list {kind.resource} in {namespace or 'the cluster'}", code=403)

    @asynccontextmanager
    async def watching(
        self, kind: str, namespace: str, resource_version: str, field_selector: str = ""
    ) -> AsyncIterator[asyncio.Queue[bytes | KdashError]]:
        watch = _Watch(kind, namespace, field_selector)
        for version, obj, line in self._events:
            if version > int(resource_version or 0) and watch.wants(obj):
                watch.queue.put_nowait(line)
        self._watches.append(watch)
        try:
            yield watch.queue
        finally:
            self._watches.remove(watch)


class _FakeListerWatcher:
    def __init__(self, server: FakeServer, kind: Kind[Any], namespace: str, field_selector: str) -> None:
        self._server = server
        self._kind = kind
        self._namespace = namespace
        self._field_selector = field_selector

    async def list_page(self, *, limit: int, continue_token: str = "", resource_version: str | None = None) -> bytes:
        self._server.listed.append((self._kind.resource, self._namespace, self._field_selector))
        self._server.check(self._kind, self._namespace)
        # The one selector in use that splits a kind in two; whoever asks for Normal events gets none here.
        wanted = not self._field_selector.startswith("type=Normal")
        items = [
            json.loads(msgspec.json.encode(obj))
            for obj in self._server.objects.values()
            if wanted and _Watch(self._kind.name, self._namespace, self._field_selector).wants(obj)
        ]
        return json.dumps({"metadata": {"resourceVersion": str(self._server.version)}, "items": items}).encode()

    async def probe(self) -> bytes:
        self._server.check(self._kind, self._namespace)
        return b'{"metadata":{"resourceVersion":"%d"},"items":[]}' % self._server.version

    def watch(
        self,
        *,
        resource_version: str,
        send_initial_events: bool,
        timeout_seconds: int,
        idle_timeout: Callable[[], float] | None = None,
    ) -> AbstractAsyncContextManager[AsyncIterator[list[bytes]]]:
        return self._opened(send_initial_events, resource_version)

    @asynccontextmanager
    async def _opened(self, initial: bool, resource_version: str) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        if initial:
            raise BadRequestError("sendInitialEvents is not understood", code=400)
        self._server.check(self._kind, self._namespace)
        async with self._server.watching(
            self._kind.name, self._namespace, resource_version, self._field_selector
        ) as queue:
            yield self._lines(queue)

    async def _lines(self, queue: asyncio.Queue[bytes | KdashError]) -> AsyncIterator[list[bytes]]:
        while True:
            item = await queue.get()
            if isinstance(item, KdashError):
                raise item
            yield [item]


def _at_version(obj: KubeObject, version: int) -> KubeObject:
    metadata = msgspec.structs.replace(obj.metadata, resource_version=str(version))
    return msgspec.structs.replace(obj, metadata=metadata)


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until the condition holds; a test that ends here has failed."""
    for _ in range(5_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("did not come about")
