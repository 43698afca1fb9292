"""The log of a container as a stream of lines, over the HTTP sessions of `Transport`.

Owns: the query of a log request, and how a lost server is noticed on a stream that may be silent without limit.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime

from aiohttp import ClientResponse

from k9py.api.kinds import POD
from k9py.kube.lines import LogLines
from k9py.kube.object_request import object_request
from k9py.kube.request import LIST_TIMEOUT, ApiRequest, stream_timeout
from k9py.kube.transport import Transport
from k9py.kube.transport_errors import translate_errors
from k9py.logs.source import LogTarget


@asynccontextmanager
async def open_log(
    transport: Transport,
    target: LogTarget,
    *,
    follow: bool,
    tail_lines: int | None = None,
    since_time: datetime | None = None,
    since_seconds: int | None = None,
    limit_bytes: int | None = None,
    previous: bool = False,
) -> AsyncIterator[AsyncIterator[list[bytes]]]:
    """Stream a container's log in batches of whole lines, each cut at 64 KiB (with a note that says so).

    A followed log may be silent without limit; TCP keepalive detects a lost server within about a minute.
    The kubelet rounds `since_time` down to whole seconds: lines of that second may be repeated.
    """
    ref = POD.key(target.namespace, target.pod)
    path, info = object_request(POD.resource_type, ref, "get", "log")
    query = [("container", target.container), ("timestamps", "true")]
    if follow:
        query.append(("follow", "true"))
    if previous:
        query.append(("previous", "true"))
    if tail_lines is not None:
        query.append(("tailLines", str(tail_lines)))
    if since_time is not None:
        query.append(("sinceTime", since_time.astimezone(UTC).isoformat().replace("+00:00", "Z")))
    if since_seconds is not None:
        query.append(("sinceSeconds", str(max(1, since_seconds))))
    if limit_bytes is not None:
        query.append(("limitBytes", str(limit_bytes)))
    timeout = stream_timeout() if follow else LIST_TIMEOUT
    request = ApiRequest("GET", path, info, query=query, headers={"Accept": "*/*"}, timeout=timeout)
    async with transport.open(request) as response:
        if follow:
            _enable_keepalive(response)
        async with aclosing(_log_lines(transport.server, response)) as lines:
            yield lines


async def _log_lines(server: str, response: ClientResponse) -> AsyncGenerator[list[bytes], None]:
    lines = LogLines()
    with translate_errors(server):
        async for chunk in response.content.iter_any():
            if batch := lines.feed(chunk):
                yield batch
    if batch := lines.finish():
        yield batch


def _enable_keepalive(response: ClientResponse) -> None:
    """Detect a half-open stream: probe after 30 s of silence, every 10 s, three times."""
    connection = response.connection
    transport = connection.transport if connection is not None else None
    connected = transport.get_extra_info("socket") if transport is not None else None
    if connected is None:
        return
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPALIVE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        number = getattr(socket, option, None)  # TCP_KEEPIDLE on Linux, TCP_KEEPALIVE on macOS
        if number is not None:
            connected.setsockopt(socket.IPPROTO_TCP, number, value)
