"""Lists and watches one kind in one scope over HTTP: the `ListerWatcher` an informer sees.

Invariants: bytes in, bytes out, nothing decoded here; a watch ends in order only between two lines.
Source of the parameters: Kubernetes API concepts, "Efficient detection of changes" and "Retrieving large results sets".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from aiohttp import ClientResponse

from k9py.api.errors import ConnectionFailedError
from k9py.kube.errors import RequestInfo
from k9py.kube.foreign_response import malformed_body_error
from k9py.kube.lines import EventLines
from k9py.kube.transport import ANSWER, ANSWER_STREAMED_LIST, PAGE, PROBE, ApiRequest, Transport, stream_timeout
from k9py.kube.transport_errors import idle_stream_error, translate_errors, truncated_stream_error

IDLE_MARGIN = 15.0
"""Seconds a watch may be silent beyond the time after which the server itself ends it."""
_HEAD = 4096
"""Bytes of a stream without a whole line that are kept, to say what it is instead of a watch."""
_EVENT = (b'{"type"', b'{"object"')
LATE = 2.0
"""Seconds by which a timer may come late on a busy machine."""


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
        call = ApiRequest(
            "GET", self.path, self._asked("list"), query=query, headers={"Accept-Encoding": "gzip"}, timeout=PAGE
        )
        return await self.transport.read(call)

    async def probe(self) -> bytes:
        # Without the selectors: a server would read through all objects for one that they fit.
        call = ApiRequest("GET", self.path, self._asked("list"), query=[("limit", "1")], timeout=PROBE)
        return await self.transport.read(call)

    @asynccontextmanager
    async def watch(
        self,
        *,
        resource_version: str,
        send_initial_events: bool,
        timeout_seconds: int,
        silence: Callable[[], float] | None = None,
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
        allowed = silence or (lambda: timeout_seconds + IDLE_MARGIN)
        answer = ANSWER_STREAMED_LIST if send_initial_events else ANSWER
        call = ApiRequest(
            "GET", self.path, self._asked("watch"), query=query, timeout=stream_timeout(), header_timeout=answer
        )
        async with self.transport.open(call) as response, aclosing(self._events(response, allowed)) as events:
            yield events

    async def _events(
        self, response: ClientResponse, allowed: Callable[[], float]
    ) -> AsyncGenerator[list[bytes], None]:
        server = self.transport.server
        clock = asyncio.get_running_loop().time
        with translate_errors(server), EventLines(self.transport.line_budget) as lines:
            silence = allowed()
            silent_at = clock() + silence
            head: bytes | None = b""  # of a stream without a whole line as yet
            while chunk := await self._chunk(response, silent_at, silence):
                batch = lines.feed(chunk)
                head = None if batch or head is None else (head + chunk)[:_HEAD]
                if lines.overlong:
                    raise ConnectionFailedError(
                        f"The server {server} sent a line without an end to: {self._asked('watch')}",
                        "What answers there is no API server, or a proxy in between is broken.",
                    )
                if batch:
                    yield batch
                    silence = allowed()
                    silent_at = clock() + silence  # after what was read has been worked on
            if lines.unfinished and head and not head.lstrip().startswith(_EVENT):
                raise malformed_body_error(server, head)
            if lines.unfinished:
                raise truncated_stream_error(server)

    async def _chunk(self, response: ClientResponse, silent_at: float, silence: float) -> bytes:
        """Return what comes next, b"" at the end."""
        clock = asyncio.get_running_loop().time
        for until in (silent_at, clock() + LATE):
            try:
                async with asyncio.timeout_at(max(until, clock())):
                    return await response.content.readany()
            except TimeoutError:
                if clock() < until + LATE:
                    break
                # The timer came late: this process was stopped (Ctrl+Z) meanwhile. What came is still in the socket.
        raise idle_stream_error(self.transport.server, silence)

    def _selectors(self) -> list[tuple[str, str]]:
        chosen = (("labelSelector", self.label_selector), ("fieldSelector", self.field_selector))
        return [(name, value) for name, value in chosen if value]

    def _asked(self, verb: str) -> RequestInfo:
        return RequestInfo(verb, self.resource, self.group, self.namespace)
