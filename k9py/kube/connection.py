"""One cluster as one user: every request that k9py sends to an API server.

Owns: which HTTP request each operation becomes. Implements `LogSource`, `Patcher` and `Reader`, and creates
`ListerWatcher`s. To add an operation: a method that builds an `ApiRequest`. Imports aiohttp: before the first frame,
import `connect` instead.
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
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.write_request import FIELD_MANAGER, PatchType, WriteRequest
from k9py.informer.lister_watcher import ListerWatcher
from k9py.kube.foreign_response import malformed_body_error
from k9py.kube.lines import LogLines
from k9py.kube.lister_watcher import HttpListerWatcher
from k9py.kube.request import HEADER_TIMEOUT, LIST_TIMEOUT, ApiRequest, RequestInfo, stream_timeout
from k9py.kube.target import ConnectionInfo
from k9py.kube.transport import Transport
from k9py.kube.transport_errors import translate_errors
from k9py.logs.source import LogTarget

PAGE_LIMIT: Final = 500
"""Objects in a page of a list."""
_CONTENT_TYPE: Final[Mapping[PatchType, str]] = {
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "json": "application/json-patch+json",
}
_GZIP: Final = {"Accept-Encoding": "gzip"}


class Connection:
    """A connection for the lifetime of a session; `aclose` ends it.

    Args:
        info: where it is connected to, for the header.
        transport: sends the requests.
    """

    def __init__(self, info: ConnectionInfo, transport: Transport) -> None:
        self.info = info
        self._transport = transport

    async def aclose(self) -> None:
        """Close every connection and stream."""
        await self._transport.aclose()

    def retry_now(self) -> None:
        """Sign in again with the next request, even when that has just failed or was cancelled."""
        self._transport.retry_now()

    def lister_watcher(
        self, kind: Kind[Any], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ListerWatcher:
        """Return a `ListerWatcher` for a kind in one namespace, or in the whole cluster ("")."""
        scope = namespace if kind.namespaced else ""
        return HttpListerWatcher(
            self._transport,
            kind.path(quote(scope, safe="")),
            kind.resource,
            kind.group,
            scope,
            label_selector,
            field_selector,
            kind.list_accept,
            kind.watch_accept,
        )

    async def get(self, key: ObjectRef) -> dict[str, Any]:
        """Return the complete JSON of an object. Raises KdashError (NotFoundError, ForbiddenError ...)."""
        path, info = _object_request(key, "get")
        return self._decode(await self._transport.read(ApiRequest("GET", path, info, headers=_GZIP)))

    async def list(self, kind: str, namespace: str, *, label_selector: str = "") -> builtins.list[dict[str, Any]]:
        """Return the items of all pages of a list; list again without pages when it expires between two of them."""
        try:
            return await self._pages(_kind(kind), namespace, label_selector, PAGE_LIMIT)
        except ExpiredError:
            return await self._pages(_kind(kind), namespace, label_selector, 0)

    async def _pages(
        self, kind: AnyKind, namespace: str, label_selector: str, limit: int
    ) -> builtins.list[dict[str, Any]]:
        lister = self.lister_watcher(kind, namespace, label_selector=label_selector)
        items: builtins.list[dict[str, Any]] = []
        token = ""
        while True:
            page = self._decode(await lister.list_page(limit=limit, continue_token=token))
            items += page.get("items") or []
            token = (page.get("metadata") or {}).get("continue") or ""
            if not token:
                return items

    async def can_i(
        self, verb: str, kind: str, namespace: str, *, name: str = "", subresource: str = ""
    ) -> bool | None:
        """Ask the server whether the user may do something, in a namespace or in all of them ("").

        Returns:
            None when the server gives no answer (the user may not ask, or an authorizer failed).

        Raises:
            KdashError: the server could not be reached, or did not accept the credentials.
        """
        resource_kind = _kind(kind)
        attributes = {
            "verb": verb,
            "group": resource_kind.group,
            "resource": resource_kind.resource,
            "subresource": subresource,
            "namespace": namespace if resource_kind.namespaced else "",
            "name": name,
        }
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": {field: value for field, value in attributes.items() if value}},
        }
        info = RequestInfo("create", "selfsubjectaccessreviews", "authorization.k8s.io")
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        try:
            review = self._decode(
                await self._transport.read(ApiRequest("POST", path, info, body=body, header_timeout=HEADER_TIMEOUT))
            )
        except (UnauthorizedError, UnavailableError):
            raise
        except ApiError:
            return None
        status = review.get("status") or {}
        if status.get("allowed"):
            return True
        return None if status.get("evaluationError") and not status.get("denied") else False

    async def send(self, request: WriteRequest, *, dry_run: bool) -> dict[str, Any]:
        """Send a write and return the response: the object, a Scale, or a Status for an eviction.

        Raises:
            KdashError: ConflictError, ForbiddenError, InvalidError ...
        """
        is_eviction = request.verb == "evict"
        path, info = _object_request(
            request.key, "create" if is_eviction else request.verb, "eviction" if is_eviction else request.subresource
        )
        query = [("dryRun", "All")] if dry_run else []
        headers: dict[str, str] = {}
        body: Mapping[str, Any] | Sequence[Any]
        options = request.patch if isinstance(request.patch, Mapping) else {}
        if is_eviction:
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
                # The server reads the options only from the body when there is one (apiserver/pkg/endpoints/handlers/
                # delete.go): with `dryRun` only in the query, the dry run would delete.
                body = {**body, "dryRun": ["All"]}
        else:
            assert request.patch is not None
            method, headers = "PATCH", {"Content-Type": _CONTENT_TYPE[request.patch_type]}
            query.append(("fieldManager", FIELD_MANAGER))
            body = request.patch
        api_request = ApiRequest(method, path, info, query=query, body=body, headers=headers)
        return self._decode(await self._transport.read(api_request))

    async def server_version(self) -> str:
        """Return the server's version, such as "v1.36.2"."""
        version = self._decode(
            await self._transport.read(ApiRequest("GET", "/version", RequestInfo("get", "/version")))
        )
        return str(version.get("gitVersion", ""))

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
        """Stream a container's log in batches of whole lines, each cut at 64 KiB (with a note that says so).

        A followed log may be silent without limit; TCP keepalive detects a lost server within about a minute.
        The kubelet rounds `since_time` down to whole seconds: lines of that second may be repeated.
        """
        path, info = _object_request(ObjectRef("Pod", target.namespace, target.pod), "get", "log")
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
        async with self._transport.open(request) as response:
            if follow:
                _enable_keepalive(response)
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

    def _decode(self, body: bytes) -> dict[str, Any]:
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise malformed_body_error(self._transport.server, body) from error
        if not isinstance(value, dict):
            raise malformed_body_error(self._transport.server, body)
        return value


def _kind(name: str) -> AnyKind:
    kind = KINDS.get(name)
    if kind is None:
        raise BadRequestError(f"kdash does not know the kind {name}", f"It knows {', '.join(KINDS)}.")
    return kind


def _object_request(key: ObjectRef, verb: str, subresource: str = "") -> tuple[str, RequestInfo]:
    """Return the URL path of an object or its subresource, and what the request asks for."""
    kind: Kind[KubeObject] = _kind(key.kind)
    resource = f"{kind.resource}/{subresource}" if subresource else kind.resource
    path = kind.path(quote(key.namespace, safe=""), quote(key.name, safe=":"), subresource)
    return path, RequestInfo(verb, resource, kind.group, key.namespace, key.name)


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
