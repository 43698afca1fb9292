"""Lists and watches one kind in one scope over HTTP: the `ListerWatcher` an informer sees.

Invariants: bytes in, bytes out, nothing decoded here; a watch ends in order only between two lines.
Source of the parameters: Kubernetes API concepts, "Efficient detection of changes" and "Retrieving large results sets".
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientResponse

from k9py.kube.errors import Asked
from k9py.kube.failures import cut_inside_line, translated
from k9py.kube.lines import EventLines
from k9py.kube.transport import LIST, Call, Transport, stream_timeout
from k9py.objects.errors import ConnectionFailedError

IDLE_MARGIN = 15.0
"""Seconds a watch may be silent beyond the time after which the server itself ends it."""


@dataclass(frozen=True, slots=True)
class HttpListerWatcher:
    """One kind in one scope. `path` is the collection's; `namespace` "" is the whole cluster."""

    transport: Transport
    path: str
    resource: str
    group: str
    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""

    async def list_page(self, *, limit: int, continue_token: str = "", resource_version: str | None = None) -> bytes:
        query = self._selectors()
        if limit:
            query.append(("limit", str(limit)))
        if continue_token:
            query.append(("continue", continue_token))
        elif resource_version is not None:
            query.append(("resourceVersion", resource_version))
        call = Call(
            "GET", self.path, self._asked("list"), query=query, headers={"Accept-Encoding": "gzip"}, timeout=LIST
        )
        return await self.transport.read(call)

    @asynccontextmanager
    async def watch(
        self, *, resource_version: str, send_initial_events: bool, timeout_seconds: int
    ) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        query = [
            *self._selectors(),
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", str(timeout_seconds)),
        ]
        if resource_version:
            query.append(("resourceVersion", resource_version))
        if send_initial_events:
            query += [("sendInitialEvents", "true"), ("resourceVersionMatch", "NotOlderThan")]
        silence = timeout_seconds + IDLE_MARGIN
        call = Call(
            "GET", self.path, self._asked("watch"), query=query, timeout=stream_timeout(silence), silence=silence
        )
        async with self.transport.open(call) as response, aclosing(self._events(response, silence)) as events:
            yield events

    async def _events(self, response: ClientResponse, silence: float) -> AsyncGenerator[list[bytes], None]:
        lines = EventLines()
        server = self.transport.server
        with translated(server, silent_for=silence):
            async for chunk in response.content.iter_any():
                batch = lines.feed(chunk)
                if batch:
                    yield batch
                elif lines.overlong:
                    raise ConnectionFailedError(
                        f"The server {server} sent a watch event without an end", "What answers there is no API server."
                    )
        if lines.unfinished:
            raise cut_inside_line(server)

    def _selectors(self) -> list[tuple[str, str]]:
        chosen = (("labelSelector", self.label_selector), ("fieldSelector", self.field_selector))
        return [(name, value) for name, value in chosen if value]

    def _asked(self, verb: str) -> Asked:
        return Asked(verb, self.resource, self.group, self.namespace)
