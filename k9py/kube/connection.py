"""One cluster as one user: every request that k9py sends to an API server.

Owns: which HTTP request each operation becomes. Implements `LogSource`, `Patcher`, `Reader`, `PodPorts` and
`ContainerCommands`, and creates `ListerWatcher`s. To add an operation: a method that builds an `ApiRequest`; a stream:
a module of its own. Imports aiohttp: before the first frame, import `connect` instead.
"""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec

from k9py.api.discovery import Discovered, unknown_type_error
from k9py.api.errors import (
    ApiError,
    ExpiredError,
    KdashError,
    MissingApiError,
    UnauthorizedError,
    UnavailableError,
)
from k9py.api.kinds import METADATA_LIST, DynamicKind, Kind
from k9py.api.meta import ObjectRef
from k9py.api.owners import OwnedObject, OwnerList, decode_owner_page
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import ResourceTypes
from k9py.api.streams import ContainerRef, ContainerStream, PortTunnel
from k9py.api.write_request import WriteRequest
from k9py.informer.lister_watcher import ListerWatcher
from k9py.kube.container_stream import open_attach, open_exec
from k9py.kube.discovery import Discovery
from k9py.kube.foreign_response import malformed_body_error
from k9py.kube.lister_watcher import HttpListerWatcher
from k9py.kube.log_stream import open_log
from k9py.kube.object_request import object_request
from k9py.kube.port_forward import open_ports
from k9py.kube.request import HEADER_TIMEOUT, LIST_TIMEOUT, ApiRequest, RequestInfo
from k9py.kube.target import ConnectionInfo
from k9py.kube.transport import Transport
from k9py.kube.versioned_lister_watcher import VersionedListerWatcher
from k9py.kube.write_calls import write_call
from k9py.logs.source import LogTarget

PAGE_LIMIT: Final = 500
"""Objects in a page of a list."""
TYPES_SECONDS: Final = 10.0
"""Age up to which `served_types` takes the last discovery."""
_GZIP: Final = {"Accept-Encoding": "gzip"}


class Connection:
    """A connection for the lifetime of a session; `aclose` ends it.

    Args:
        info: where it is connected to, for the header.
        transport: sends the requests.

    Methods that take a kind accept the name of a standard kind or a `ResourceType`; references may be of any type. A
    type that is not known leads to a discovery.
    """

    def __init__(self, info: ConnectionInfo, transport: Transport) -> None:
        self.info = info
        self._transport = transport
        self._discovery = Discovery(transport)

    async def aclose(self) -> None:
        """Close every connection and stream."""
        await self._transport.aclose()

    def retry_now(self) -> None:
        """Sign in again with the next request, even when that has just failed or was cancelled."""
        self._transport.retry_now()

    @property
    def resource_types(self) -> ResourceTypes:
        """The types of the server; the standard ones before `discover`."""
        return self._discovery.discovered.types

    @property
    def discovered(self) -> Discovered:
        """The result of the last discovery."""
        return self._discovery.discovered

    async def discover(self) -> Discovered:
        """Read which types the server has. Raises KdashError when it gives no answer at all."""
        return await self._discovery.refresh()

    async def find_type(self, name: str | ObjectRef) -> ResourceType:
        """Return the type of a name as a person types it, or of an object; discover it if it is not known.

        Raises:
            NotFoundError: the server has no such type; the hint names those that are most like it.
        """
        known = self._known(name)
        if known is None:
            await self._discovery.refresh_after_miss()
            known = self._known(name)
        if known is None:
            raise unknown_type_error(name, self.discovered)
        return known

    def _known(self, name: str | ObjectRef) -> ResourceType | None:
        return self.resource_types.find(name) if isinstance(name, str) else self.resource_types.of_ref(name)

    def lister_watcher(
        self, kind: Kind[Any], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ListerWatcher:
        """Return a `ListerWatcher` for a kind in one namespace, or in the whole cluster ("").

        A server that lacks the version of the kind is listed in another one that can be decoded.
        """
        scope = namespace if kind.namespaced else ""

        def in_version(resource_type: ResourceType) -> ListerWatcher:
            return HttpListerWatcher(
                self._transport,
                resource_type.path(quote(scope, safe="")),
                resource_type.plural,
                resource_type.group,
                scope,
                label_selector,
                field_selector,
                kind.list_accept,
                kind.watch_accept,
            )

        return VersionedListerWatcher(self._discovery, kind.resource_type, in_version, kind.decodes_version)

    async def get(self, key: ObjectRef, subresource: str = "") -> dict[str, Any]:
        """Return the complete JSON of an object, or of its subresource. Raises KdashError (NotFoundError ...)."""
        resource_type = await self.find_type(key)
        try:
            return await self._get(resource_type, key, subresource)
        except MissingApiError:
            await self._discovery.refresh_after_miss()
            served = await self.find_type(key)
            if served.version == resource_type.version:
                raise
            return await self._get(served, key, subresource)

    async def _get(self, resource_type: ResourceType, ref: ObjectRef, subresource: str) -> dict[str, Any]:
        path, info = object_request(resource_type, ref, "get", subresource)
        return self._decode(await self._transport.read(ApiRequest("GET", path, info, headers=_GZIP)))

    async def list(
        self, kind: str | ResourceType, namespace: str, *, label_selector: str = "", field_selector: str = ""
    ) -> builtins.list[dict[str, Any]]:
        """Return the items of all pages of a list; list again without pages when it expires between two of them."""
        lister = self.lister_watcher(
            DynamicKind(await self._type(kind)), namespace, label_selector=label_selector, field_selector=field_selector
        )
        try:
            return await self._pages(lister, PAGE_LIMIT)
        except ExpiredError:
            return await self._pages(lister, 0)

    async def _type(self, kind: str | ObjectRef | ResourceType) -> ResourceType:
        if isinstance(kind, ResourceType):
            return kind
        return await self.find_type(ObjectRef(kind, "", "") if isinstance(kind, str) else kind)

    async def _pages(self, lister: ListerWatcher, limit: int) -> builtins.list[dict[str, Any]]:
        items: builtins.list[dict[str, Any]] = []
        token = ""
        while True:
            page = self._decode(await lister.list_page(limit=limit, continue_token=token))
            items += page.get("items") or []
            token = (page.get("metadata") or {}).get("continue") or ""
            if not token:
                return items

    async def can_i(
        self,
        verb: str,
        kind: str | ObjectRef | ResourceType,
        namespace: str,
        *,
        name: str = "",
        subresource: str = "",
    ) -> bool | None:
        """Ask the server whether the user may do something, in a namespace or in all of them ("").

        Returns:
            None when the server gives no answer (the user may not ask, or an authorizer failed).

        Raises:
            KdashError: the server could not be reached, or did not accept the credentials.
        """
        resource_type = await self._type(kind)
        attributes = {
            "verb": verb,
            "group": resource_type.group,
            "resource": resource_type.plural,
            "subresource": subresource,
            "namespace": namespace if resource_type.namespaced else "",
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
        call = write_call(request, dry_run=dry_run)
        key = request.key._replace(name="") if call.is_collection else request.key
        resource_type = request.resource_type or await self.find_type(request.key)
        path, info = object_request(resource_type, key, call.verb, call.subresource)
        api_request = ApiRequest(call.method, path, info, query=call.query, body=call.body, headers=call.headers)
        return self._decode(await self._transport.read(api_request))

    async def rules(self, namespace: str) -> dict[str, Any]:
        """Return what the user may do in a namespace: the `status` of a SelfSubjectRulesReview. Raises KdashError."""
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": namespace or "default"},  # it may not be empty; rules of the cluster are in all
        }
        info = RequestInfo("create", "selfsubjectrulesreviews", "authorization.k8s.io")
        path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
        request = ApiRequest("POST", path, info, body=body, header_timeout=HEADER_TIMEOUT)
        review = self._decode(await self._transport.read(request))
        status: dict[str, Any] = review.get("status") or {}
        return status

    async def served_types(self) -> Discovered:
        """Return the types of the server, discovered not long ago; what could not be read is in `errors`."""
        try:
            return await self._discovery.refresh_older_than(TYPES_SECONDS)
        except KdashError as error:
            return replace(self.discovered, errors={**self.discovered.errors, "/apis": error})

    async def list_owners(self, resource_type: ResourceType, namespace: str, *, most: int) -> OwnerList:
        """Return the owners of the objects of any type, read as metadata alone, page by page.

        Args:
            namespace: "" for the whole cluster.
            most: no other page is read after so many objects.
        """
        path = resource_type.path(quote(namespace, safe=""))
        info = RequestInfo("list", resource_type.plural, resource_type.group, namespace)
        headers = {"Accept": METADATA_LIST, **_GZIP}
        objects: builtins.list[OwnedObject] = []
        token = ""
        while True:
            query = [("limit", str(min(most, PAGE_LIMIT)))]
            if token:
                query.append(("continue", token))
            body = await self._transport.read(
                ApiRequest("GET", path, info, query=query, headers=headers, timeout=LIST_TIMEOUT)
            )
            try:
                page, token = decode_owner_page(body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise malformed_body_error(self._transport.server, body) from error
            objects += page.objects
            if not token or len(objects) >= most:
                return OwnerList(tuple(objects), page.left_out)

    async def server_version(self) -> str:
        """Return the server's version, such as "v1.36.2"."""
        version = self._decode(
            await self._transport.read(ApiRequest("GET", "/version", RequestInfo("get", "/version")))
        )
        return str(version.get("gitVersion", ""))

    def open_log(
        self,
        target: LogTarget,
        *,
        follow: bool,
        tail_lines: int | None = None,
        since_time: datetime | None = None,
        since_seconds: int | None = None,
        limit_bytes: int | None = None,
        previous: bool = False,
    ) -> AbstractAsyncContextManager[AsyncIterator[builtins.list[bytes]]]:
        """Stream a container's log in batches of whole lines: see `LogSource`."""
        return open_log(
            self._transport,
            target,
            follow=follow,
            tail_lines=tail_lines,
            since_time=since_time,
            since_seconds=since_seconds,
            limit_bytes=limit_bytes,
            previous=previous,
        )

    def open_exec(
        self, container: ContainerRef, command: Sequence[str], *, stdin: bool = False, tty: bool = False
    ) -> AbstractAsyncContextManager[ContainerStream]:
        """Run a command in a container: see `ContainerCommands`."""
        return open_exec(self._transport, container, command, stdin=stdin, tty=tty)

    def open_attach(
        self, container: ContainerRef, *, stdin: bool = False, tty: bool = False
    ) -> AbstractAsyncContextManager[ContainerStream]:
        """Attach to the main process of a container: see `ContainerCommands`."""
        return open_attach(self._transport, container, stdin=stdin, tty=tty)

    def open_ports(self, namespace: str, pod: str) -> AbstractAsyncContextManager[PortTunnel]:
        """Open a tunnel to the ports of a pod: see `PodPorts`."""
        return open_ports(self._transport, namespace, pod)

    def _decode(self, body: bytes) -> dict[str, Any]:
        try:
            value = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise malformed_body_error(self._transport.server, body) from error
        if not isinstance(value, dict):
            raise malformed_body_error(self._transport.server, body)
        return value
