"""Lists and watches one kind in one scope over HTTP: implements the `ListerWatcher` that an informer uses.

Invariants: bytes in, bytes out, nothing is decoded here; a watch may end without an error only between two lines.
Source of the parameters: Kubernetes API concepts, "Efficient detection of changes" and "Retrieving large results sets".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import ClientResponse

from k9py.api.errors import ConnectionFailedError
from k9py.api.kinds import JSON
from k9py.kube.foreign_response import malformed_body_error
from k9py.kube.lines import EventLines
from k9py.kube.request import (
    HEADER_TIMEOUT,
    PAGE_TIMEOUT,
    PROBE_TIMEOUT,
    STREAMED_LIST_HEADER_TIMEOUT,
    ApiRequest,
    RequestInfo,
    stream_timeout,
)
from k9py.kube.transport import Transport
from k9py.kube.transport_errors import idle_stream_error, translate_errors, truncated_stream_error

IDLE_MARGIN: Final = 15.0
"""Seconds a watch may be silent beyond the time after which the server itself ends it."""
TIMER_DELAY: Final = 2.0
"""Seconds by which a timer may fire late on a busy machine."""
_HEAD_BYTES: Final = 4096
"""Bytes kept from the start of a stream without a whole line, to describe it when it is no watch."""
_EVENT_STARTS: Final = (b'{"type"', b'{"object"')


@dataclass(frozen=True, slots=True)
class HttpListerWatcher:
    """Lists and watches one kind in one scope.

    Args:
        path: URL path of the collection.
        resource: the plural, as in `path`.
        namespace: "" for the whole cluster.
        list_accept, watch_accept: the Accept headers: objects, their metadata alone, or a Table.
    """

    transport: Transport
    path: str
    resource: str
    group: str
    namespace: str = ""
    label_selector: str = ""
    field_selector: str = ""
    list_accept: str = JSON
    watch_accept: str = JSON

    async def list_page(self, *, limit: int, continue_token: str = "", resource_version: str | None = None) -> bytes:
        query = self._selectors()
        if limit:
            query.append(("limit", str(limit)))
        if continue_token:
            query.append(("continue", continue_token))
        elif resource_version is not None:
            query.append(("resourceVersion", resource_version))
        headers = {"Accept-Encoding": "gzip", **_accept(self.list_accept)}
        return await self.transport.read(
            ApiRequest("GET", self.path, self._info("list"), query=query, headers=headers, timeout=PAGE_TIMEOUT)
        )

    async def probe(self) -> bytes:
        # Without the selectors: a server would read all objects to find one that matches.
        return await self.transport.read(
            ApiRequest(
                "GET",
                self.path,
                self._info("list"),
                query=[("limit", "1")],
                headers=_accept(self.list_accept),
                timeout=PROBE_TIMEOUT,
            )
        )

    @asynccontextmanager
    async def watch(
        self,
        *,
        resource_version: str,
        send_initial_events: bool,
        timeout_seconds: int,
        idle_timeout: Callable[[], float] | None = None,
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
        idle_timeout = idle_timeout or (lambda: timeout_seconds + IDLE_MARGIN)
        request = ApiRequest(
            "GET",
            self.path,
            self._info("watch"),
            query=query,
            headers=_accept(self.watch_accept),
            timeout=stream_timeout(),
            header_timeout=STREAMED_LIST_HEADER_TIMEOUT if send_initial_events else HEADER_TIMEOUT,
        )
        async with self.transport.open(request) as response, aclosing(self._events(response, idle_timeout)) as events:
            yield events

    async def _events(
        self, response: ClientResponse, idle_timeout: Callable[[], float]
    ) -> AsyncGenerator[list[bytes], None]:
        server = self.transport.server
        clock = asyncio.get_running_loop().time
        with translate_errors(server), EventLines(self.transport.line_budget) as lines:
            idle_seconds = idle_timeout()
            idle_at = clock() + idle_seconds
            head: bytes | None = b""  # the start of the stream, until its first whole line
            while chunk := await self._chunk(response, idle_at, idle_seconds):
                batch = lines.feed(chunk)
                head = None if batch or head is None else (head + chunk)[:_HEAD_BYTES]
                if lines.is_overlong:
                    raise ConnectionFailedError(
                        f"The server {server} sent an endless line in response to: {self._info('watch')}",
                        "It is no API server, or a proxy in between is broken.",
                    )
                if batch:
                    yield batch
                    idle_seconds = idle_timeout()
                    idle_at = clock() + idle_seconds  # counted from when the caller has processed the batch
            if lines.has_incomplete_line and head and not head.lstrip().startswith(_EVENT_STARTS):
                raise malformed_body_error(server, head)
            if lines.has_incomplete_line:
                raise truncated_stream_error(server)

    async def _chunk(self, response: ClientResponse, idle_at: float, idle_seconds: float) -> bytes:
        """Return the next bytes, b"" at the end of the stream.

        Raises:
            UnresponsiveError: nothing has arrived by `idle_at`.
        """
        clock = asyncio.get_running_loop().time
        for deadline in (idle_at, clock() + TIMER_DELAY):
            try:
                async with asyncio.timeout_at(max(deadline, clock())):
                    return await response.content.readany()
            except TimeoutError:
                if clock() < deadline + TIMER_DELAY:
                    break
                # The timer fired late: this process was stopped (Ctrl+Z). The socket still holds what has arrived.
        raise idle_stream_error(self.transport.server, idle_seconds)

    def _selectors(self) -> list[tuple[str, str]]:
        selectors = (("labelSelector", self.label_selector), ("fieldSelector", self.field_selector))
        return [(name, value) for name, value in selectors if value]

    def _info(self, verb: str) -> RequestInfo:
        return RequestInfo(verb, self.resource, self.group, self.namespace)


def _accept(media_types: str) -> dict[str, str]:
    """Return the header, none for plain JSON: the client sends that itself."""
    return {} if media_types == JSON else {"Accept": media_types}
