"""WATCH: changes since a revision and from now on, as JSON lines.

Invariant: a watch has no queue: it reads the kind's history from its position, so a slow reader costs nothing, and one
that falls behind the history gets 410, as from a real server.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Iterator

from k9py.simulator import status_errors
from k9py.simulator.apiserver.empty_objects import empty_fields
from k9py.simulator.apiserver.reads import ListSelector, included_object, list_selector, parse_revision
from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.apiserver.responses import (
    ApiResponse,
    ObjectFormat,
    convert_to_served,
    negotiate_format,
    partial_metadata,
)
from k9py.simulator.clock import SimulationClock
from k9py.simulator.printers import table
from k9py.simulator.registry.cache import Object, StorageEvent
from k9py.simulator.registry.encoding import encode
from k9py.simulator.registry.resources import Resource
from k9py.simulator.state import SimulatorState
from k9py.simulator.status_errors import StatusCause

BOOKMARK_SECONDS = 60.0
SHORTEST_DEFAULT_SECONDS = 1800  # without timeoutSeconds a watch lasts between this and twice this long
_EVENTS_PER_SLICE = 64


def watch(state: SimulatorState, request: IncomingRequest) -> ApiResponse:
    """Answer a WATCH.

    Raises:
        StatusError: 400, 422 or 500 for invalid parameters; an expired revision is reported in the stream.
    """
    query, object_format = list_selector(request), negotiate_format(request.accept)
    given = request.query.get("resourceVersion", "")
    initial = request.flag("sendInitialEvents")
    match = request.query.get("resourceVersionMatch", "")
    if "sendInitialEvents" in request.query and match != "NotOlderThan":
        why = "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
        cause = StatusCause("FieldValueForbidden", why, "resourceVersionMatch")
        raise status_errors.invalid("meta.k8s.io", "ListOptions", "", [cause])
    if match and "sendInitialEvents" not in request.query:
        why = "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        raise status_errors.invalid(
            "meta.k8s.io", "ListOptions", "", [StatusCause("FieldValueForbidden", why, "resourceVersionMatch")]
        )
    revision = parse_revision(given) if given else 0
    seconds = request.whole_number("timeoutSeconds")
    if seconds is None or seconds <= 0:
        seconds = int(SHORTEST_DEFAULT_SECONDS * (1 + random.random()))
    if object_format.kind == "metadata list":  # no event has this form: a real server ends the watch at once
        return ApiResponse()
    stream = _Stream(state, query, object_format, request)
    from_now = "sendInitialEvents" in request.query and not initial and revision == 0
    if initial or (revision == 0 and not from_now):
        lines = stream.run(None, seconds, end_mark=initial)
    else:
        lines = stream.run(state.storage.revision if from_now else revision, seconds, end_mark=False)
    return ApiResponse(body=lines)


class _Stream:
    """One open watch."""

    def __init__(
        self, state: SimulatorState, query: ListSelector, object_format: ObjectFormat, request: IncomingRequest
    ) -> None:
        self._state = state
        self._query = query
        self._format = object_format
        self._include = included_object(request) if object_format.kind == "table" else ""
        self._bookmarks = request.flag("allowWatchBookmarks")
        self._has_sent_columns = False

    async def run(self, revision: int | None, seconds: int, *, end_mark: bool) -> AsyncIterator[bytes]:
        """Yield events from a revision on, or (None) the current objects first."""
        storage, clock = self._state.storage, self._state.clock
        yield b""  # send the headers now: a watch without events is open too
        if revision is None:
            revision = storage.revision
            current = storage.list(self._query.resource, self._query.namespace)
            for line in self._initial(current):
                yield line
            if end_mark and self._bookmarks:
                yield self._bookmark(revision, {"k8s.io/initial-events-end": "true"})
        async with _WatchTimer(clock, seconds) as timer:
            unsubscribe = storage.subscribe(self._query.resource, lambda _: timer.wake())
            unregister = storage.resources.on_change(lambda: timer.wake())
            try:
                async for line in self._follow(revision, timer):
                    yield line
            finally:
                unsubscribe()
                unregister()

    def _initial(self, current: list[Object]) -> Iterator[bytes]:
        for obj in current:
            if self._selects(obj):
                yield self._line("ADDED", obj, encoded=self._cached_bytes(obj))

    async def _follow(self, revision: int, timer: "_WatchTimer") -> AsyncIterator[bytes]:
        storage = self._state.storage
        while True:
            reached = storage.revision  # changes during the sending are read in the next iteration
            if not storage.resources.serves(self._query.resource):
                # Its definition changed or is gone: the watch ends after its last events, without an error.
                for change in storage.last_events_since(self._query.resource, revision):
                    if (line := self._change_line(change)) is not None:
                        yield line
                return
            changes = storage.events_since(self._query.resource, revision)
            if changes is None:
                # The number in parentheses is the oldest revision still held.
                oldest = storage.oldest_revision(self._query.resource) + 1
                error = status_errors.expired(f"too old resource version: {revision} ({oldest})")
                yield _event_line(b"ERROR", encode(error.as_status()))
                return
            for at, change in enumerate(changes, 1):
                line = self._change_line(change)
                if line is not None:
                    yield line
                if at % _EVENTS_PER_SLICE == 0:
                    await asyncio.sleep(0)
            revision = max(revision, reached)
            if timer.expired:
                if self._bookmarks:
                    yield self._bookmark(revision, {})
                return
            if timer.take_bookmark_due() and self._bookmarks:
                yield self._bookmark(revision, {})
            await timer.wait()

    def _change_line(self, change: StorageEvent) -> bytes | None:
        """Return the event line of a change for this selector, None if it does not match."""
        query = self._query
        if query.namespace and change.obj["metadata"].get("namespace") != query.namespace:
            return None
        now = change.type != "DELETED" and self._selects(change.obj)
        before = change.old is not None and self._selects(change.old)
        if now:
            return self._line("MODIFIED" if before else "ADDED", change.obj, encoded=self._cached_bytes(change.obj))
        if not before or change.old is None:
            return None
        if change.type == "DELETED":
            return self._line("DELETED", change.obj, encoded=None)
        # It no longer matches: DELETED with the old object and the resourceVersion of the change.
        version = change.obj["metadata"]["resourceVersion"]
        last_state = {**change.old, "metadata": {**change.old["metadata"], "resourceVersion": version}}
        return self._line("DELETED", last_state, encoded=None)

    def _selects(self, obj: Object) -> bool:
        return self._query.predicate is None or self._query.predicate(obj)

    def _cached_bytes(self, obj: Object) -> bytes | None:
        resource = self._query.resource
        if self._format.kind != "object" or resource.storage_version is not None:  # converted
            return None
        return self._state.storage.encoded.object(resource, obj)

    def _line(self, change_type: str, obj: Object, *, encoded: bytes | None) -> bytes:
        if encoded is None:
            encoded = encode(self._formatted(convert_to_served(self._query.resource, obj)))
        return _event_line(change_type.encode(), encoded)

    def _formatted(self, obj: Object) -> Object:
        match self._format.kind:
            case "table":
                metadata = {"resourceVersion": obj["metadata"]["resourceVersion"]}
                resource, now = self._query.resource, self._state.clock.now()
                as_table = table.table(resource, [obj], metadata, now, self._include)
                if self._has_sent_columns:
                    as_table["columnDefinitions"] = None
                self._has_sent_columns = True
                return as_table
            case "metadata":
                return partial_metadata(obj)
            case _:
                return obj

    def _bookmark(self, revision: int, annotations: dict[str, str]) -> bytes:
        resource: Resource = self._query.resource
        metadata: Object = {"resourceVersion": str(revision)}
        if annotations:
            metadata["annotations"] = annotations
        body: Object = {"kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}
        body |= empty_fields(resource)
        match self._format.kind:
            case "table":
                empty = table.empty_cells(resource, self._state.clock.now())
                body = {
                    "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {"resourceVersion": str(revision)},
                    "columnDefinitions": None if self._has_sent_columns else table.column_definitions(resource),
                    "rows": [{"cells": empty, "object": body if self._include == "Object" else partial_metadata(body)}],
                }  # fmt: skip
                self._has_sent_columns = True
            case "metadata":
                body = partial_metadata(body)
            case _:
                pass
        return _event_line(b"BOOKMARK", encode(body))


class _WatchTimer:
    """Wakes a watch when something changed, a bookmark is due, or its timeout has passed."""

    def __init__(self, clock: SimulationClock, seconds: float) -> None:
        self._clock = clock
        self._ends = clock.monotonic() + seconds
        self._bookmark_due = False
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.expired = False
        self.wake: Callable[[], None] = self._woken.set

    async def __aenter__(self) -> "_WatchTimer":
        self._task = asyncio.create_task(self._tick(), name="watch-timer")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def wait(self) -> None:
        await self._woken.wait()
        self._woken.clear()

    def take_bookmark_due(self) -> bool:
        due, self._bookmark_due = self._bookmark_due, False
        return due

    async def _tick(self) -> None:
        while (left := self._ends - self._clock.monotonic()) > 0:
            await self._clock.sleep(min(left, BOOKMARK_SECONDS))
            self._bookmark_due = True
            self._woken.set()
        self.expired = True
        self._woken.set()


def _event_line(change_type: bytes, encoded: bytes) -> bytes:
    return b'{"type":"' + change_type + b'","object":' + encoded + b"}\n"
