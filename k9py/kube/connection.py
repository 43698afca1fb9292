"""One cluster as one user: everything k9py asks of an API server.

Owns: which request each question becomes. Implements `LogSource`, `Patcher` and `Reader`, and makes `ListerWatcher`s.
To add a question: one method that builds a `Call`. Imports aiohttp: before the first frame import `connect` instead.
"""

from __future__ import annotations

import builtins
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec
from aiohttp import ClientResponse

from k9py.api.errors import (
    ApiError,
    BadRequestError,
    ExpiredError,
    UnauthorizedError,
    UnavailableError,
)
from k9py.api.kinds import KINDS, AnyKind, Kind
from k9py.api.meta import KubeObject, ObjectKey
from k9py.api.write_request import FIELD_MANAGER, PatchType, WriteRequest
from k9py.informer.lister_watcher import ListerWatcher
from k9py.kube.errors import RequestInfo
from k9py.kube.foreign_response import malformed_body_error
from k9py.kube.lines import LogLines
from k9py.kube.lister_watcher import HttpListerWatcher
from k9py.kube.target import ConnectionInfo
from k9py.kube.transport import ANSWER, LIST, REQUEST, ApiRequest, Transport, stream_timeout
from k9py.kube.transport_errors import translate_errors
from k9py.logs.source import LogTarget

PAGE: Final = 500
_CONTENT_TYPE: Final[Mapping[PatchType, str]] = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
}
_GZIP: Final = {"Accept-Encoding": "gzip"}


class Connection:
    """A connection that lives as long as the session on screen; `aclose` ends it.

    Args:
        info: what it is connected to, for the header.
        transport: sends the requests.
    """

    def __init__(self, info: ConnectionInfo, transport: Transport) -> None:
        self.info = info
        self._transport = transport

    async def aclose(self) -> None:
        """Close every connection and stream."""
        await self._transport.aclose()

    def retry_now(self) -> None:
        """Try to sign in again with the next request, also when that has just failed or was cancelled."""
        self._transport.retry_now()

    def lister_watcher(
        self, kind: Kind[Any], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ListerWatcher:
        """Return what lists and watches a kind in one namespace, or in the whole cluster ("")."""
        place = namespace if kind.namespaced else ""
        return HttpListerWatcher(
            self._transport,
            kind.path(quote(place, safe="")),
            kind.resource,
            kind.group,
            place,
            label_selector,
            field_selector,
        )

    async def get(self, key: ObjectKey) -> dict[str, Any]:
        """Return an object's whole JSON. Raises KdashError (NotFoundError, ForbiddenError ...)."""
        path, asked = _object(key, "get")
        return self._object(await self._transport.read(ApiRequest("GET", path, asked, headers=_GZIP)))

    async def list(self, kind: str, namespace: str, *, label_selector: str = "") -> builtins.list[dict[str, Any]]:
        """Return the items of a list, all pages; starts over once when the list expires between two pages."""
        try:
            return await self._pages(_kind(kind), namespace, label_selector, PAGE)
        except ExpiredError:
            return await self._pages(_kind(kind), namespace, label_selector, 0)

    async def _pages(
        self, kind: AnyKind, namespace: str, label_selector: str, limit: int
    ) -> builtins.list[dict[str, Any]]:
        lister = self.lister_watcher(kind, namespace, label_selector=label_selector)
        items: builtins.list[dict[str, Any]] = []
        token = ""
        while True:
            page = self._object(await lister.list_page(limit=limit, continue_token=token))
            items += page.get("items") or []
            token = (page.get("metadata") or {}).get("continue") or ""
            if not token:
                return items

    async def can_i(
        self, verb: str, kind: str, namespace: str, *, name: str = "", subresource: str = ""
    ) -> bool | None:
        """Ask the server whether the user may do this; "" as the namespace asks for all of them.

        Returns:
            None when the server would not say (no right to ask, or an authorizer that failed).

        Raises:
            KdashError: the server could not be asked at all.
        """
        what = _kind(kind)
        given = {
            "verb": verb,
            "group": what.group,
            "resource": what.resource,
            "subresource": subresource,
            "namespace": namespace if what.namespaced else "",
            "name": name,
        }
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {field: value for field, value in given.items() if value}},
        }
        asked = RequestInfo("create", "selfsubjectaccessreviews", "authorization.k8s.io")
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        try:
            answer = self._object(
                await self._transport.read(ApiRequest("POST", path, asked, body=body, header_timeout=ANSWER))
            )
        except (UnauthorizedError, UnavailableError):
            raise
        except ApiError:
            return None
        status = answer.get("status") or {}
        if status.get("allowed"):
            return True
        return None if status.get("evaluationError") and not status.get("denied") else False

    async def send(self, request: WriteRequest, *, dry_run: bool) -> dict[str, Any]:
        """Send a write; return what the server answers: the object, a Scale, or a Status for an eviction.

        Raises:
            KdashError: translated (ConflictError, ForbiddenError, InvalidError ...).
        """
        evict = request.verb == "evict"
        path, asked = _object(
            request.key, "create" if evict else request.verb, "eviction" if evict else request.subresource
        )
        query = [("dryRun", "All")] if dry_run else []
        headers: dict[str, str] = {}
        body: Mapping[str, Any] | Sequence[Any]
        options = request.patch if isinstance(request.patch, Mapping) else {}
        if evict:
            method = "POST"
            body = {
                "apiVersion": "policy/v1",
                "kind": "Eviction",
                "metadata": {"name": request.key.name, "namespace": request.key.namespace},
                "deleteOptions": {"apiVersion": "v1", "kind": "DeleteOptions", **options},
            }
        elif request.verb == "delete":
            method = "DELETE"
            body = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background", **options}
            if dry_run:
                # A server that is sent a body takes the options from there alone (apiserver/pkg/endpoints/handlers/
                # delete.go): with `dryRun` in the query only, the trial would delete.
                body = {**body, "dryRun": ["All"]}
        else:
            assert request.patch is not None
            method, headers = "PATCH", {"Content-Type": _CONTENT_TYPE[request.patch_type]}
            query.append(("fieldManager", FIELD_MANAGER))
            body = request.patch
        call = ApiRequest(method, path, asked, query=query, body=body, headers=headers, timeout=REQUEST)
        return self._object(await self._transport.read(call))

    async def server_version(self) -> str:
        """Return the server's version, such as "v1.36.2"."""
        answer = self._object(await self._transport.read(ApiRequest("GET", "/version", RequestInfo("get", "/version"))))
        return str(answer.get("gitVersion", ""))

    @asynccontextmanager
    async def open_log(
        self,
        target: LogTarget,
        *,
        follow: bool,
        tail_lines: int | None = None,
        since_time: datetime | None = None,
        since_seconds: int | None = None,
        limit_bytes: int | None = None,
        previous: bool = False,
    ) -> AsyncIterator[AsyncIterator[builtins.list[bytes]]]:
        """Stream a container's log in batches of whole lines, each cut at 64 KiB (with a mark that says so).

        A followed log may be silent for ever; a server that is gone is noticed by TCP keepalive within a minute or so.
        The kubelet takes `since_time` in whole seconds: lines from the second it falls into may come again.
        """
        path, asked = _object(ObjectKey("Pod", target.namespace, target.pod), "get", "log")
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
        timeout = stream_timeout(None) if follow else LIST
        call = ApiRequest("GET", path, asked, query=query, headers={"Accept": "*/*"}, timeout=timeout)
        async with self._transport.open(call) as response:
            if follow:
                _keep_alive(response)
            async with aclosing(self._log_lines(response)) as lines:
                yield lines

    async def _log_lines(self, response: ClientResponse) -> AsyncGenerator[builtins.list[bytes], None]:
        lines = LogLines()
        with translate_errors(self._transport.server):
            async for chunk in response.content.iter_any():
                if batch := lines.feed(chunk):
                    yield batch
        if batch := lines.finish():
            yield batch

    def _object(self, body: bytes) -> dict[str, Any]:
        try:
            answer = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise malformed_body_error(self._transport.server, body) from error
        if not isinstance(answer, dict):
            raise malformed_body_error(self._transport.server, body)
        return answer


def _kind(name: str) -> AnyKind:
    kind = KINDS.get(name)
    if kind is None:
        raise BadRequestError(f"kdash does not know the kind {name}", f"It knows {', '.join(KINDS)}.")
    return kind


def _object(key: ObjectKey, verb: str, subresource: str = "") -> tuple[str, RequestInfo]:
    kind: Kind[KubeObject] = _kind(key.kind)
    resource = f"{kind.resource}/{subresource}" if subresource else kind.resource
    path = kind.path(quote(key.namespace, safe=""), quote(key.name, safe=":"), subresource)
    return path, RequestInfo(verb, resource, kind.group, key.namespace, key.name)


def _keep_alive(response: ClientResponse) -> None:
    """Notice a half-open stream: probe after 30 s of silence, every 10 s, three times."""
    connection = response.connection
    transport = connection.transport if connection is not None else None
    plain = transport.get_extra_info("socket") if transport is not None else None
    if plain is None:
        return
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPALIVE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        number = getattr(socket, option, None)  # the first is Linux's name, the second macOS's
        if number is not None:
            plain.setsockopt(socket.IPPROTO_TCP, number, value)
