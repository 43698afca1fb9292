"""Responses: status, body in one piece or streamed, and the representation of an object the client asked for.

Invariant: a body that may be large is an async iterator that yields to the event loop between chunks. Events are stored
as core/v1 and converted to events.k8s.io/v1 on request: same uid and resourceVersion, other field names.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from k9py.simulator import status_errors
from k9py.simulator.registry.autoscaler_versions import autoscaler_as_v1, autoscaler_as_v2
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.encoding import encode
from k9py.simulator.registry.older_versions import as_older_version, from_older_version, is_older
from k9py.simulator.registry.resources import EVENTS_V1, HORIZONTALPODAUTOSCALERS_V1, Resource

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
SLICE_SECONDS = 0.004  # longest time the encoding of a list holds the event loop
CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class ApiResponse:
    """An HTTP response. `compressible`: may be gzipped (lists are; watches and logs are not)."""

    status: int = 200
    body: bytes | AsyncIterator[bytes] = b""
    content_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    compressible: bool = False


def json_response(value: Any, status: int = 200) -> ApiResponse:
    """Return a JSON response that ends in a newline, as the API server's do."""
    return ApiResponse(status, encode(value) + b"\n")


def text_response(text: str, status: int = 200) -> ApiResponse:
    return ApiResponse(status, text.encode(), TEXT)


def error_response(failure: status_errors.StatusError) -> ApiResponse:
    headers = {} if failure.retry_after is None else {"Retry-After": str(failure.retry_after)}
    return ApiResponse(failure.code, encode(failure.as_status()) + b"\n", headers=headers)


@dataclass(frozen=True, slots=True)
class ObjectFormat:
    """The representation a client asked for: full objects, table rows, or metadata only (of a list or one object)."""

    kind: Literal["object", "table", "metadata", "metadata list"] = "object"

    def check_single(self, resource: Resource) -> None:
        """Refuse the metadata of a list where one object is answered.

        Raises:
            StatusError: 406.
        """
        if self.kind == "metadata list":
            why = f"the requested object is not a list ({_go_type(resource, resource.kind)})"
            raise _not_acceptable(f"you requested PartialObjectMetadataList, but {why}")

    def check_list(self, resource: Resource) -> None:
        """Refuse the metadata of one object where a list is answered.

        Raises:
            StatusError: 406.
        """
        if self.kind == "metadata":
            why = f"the requested object is a list ({_go_type(resource, resource.list_kind)})"
            raise _not_acceptable(f"you requested PartialObjectMetadata, but {why}")


def _go_type(resource: Resource, kind: str) -> str:
    if resource.custom is not None:
        return "*unstructured.Unstructured" + ("List" if kind == resource.list_kind else "")
    return f"*{resource.group.partition('.')[0] or 'core'}.{kind}"


def _not_acceptable(message: str) -> status_errors.StatusError:
    return status_errors.StatusError(406, "NotAcceptable", message)


def negotiate_format(accept: str) -> ObjectFormat:
    """Return the first supported representation of an Accept header.

    Raises:
        StatusError: 406 if the header lists no supported one.
    """
    if not accept.strip():
        return ObjectFormat()
    for clause in accept.split(","):
        media, *parameters = (part.strip() for part in clause.split(";"))
        if media not in (JSON, "*/*", "application/*"):
            continue
        given = dict(parameter.partition("=")[::2] for parameter in parameters)
        match given.get("as", ""), given.get("g", "meta.k8s.io"), given.get("v", "v1"):
            case "", _, _:
                return ObjectFormat()
            case "Table", "meta.k8s.io", "v1":
                return ObjectFormat("table")
            case "PartialObjectMetadata", "meta.k8s.io", "v1":
                return ObjectFormat("metadata")
            case "PartialObjectMetadataList", "meta.k8s.io", "v1":
                return ObjectFormat("metadata list")
            case _:
                continue
    raise status_errors.StatusError(
        406, "NotAcceptable", f"only the following media types are accepted: {JSON}, {JSON};stream=watch", {}
    )


def partial_metadata(obj: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object's metadata as a PartialObjectMetadata."""
    return {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": obj["metadata"]}


async def encode_list(head: bytes, items: Iterable[bytes], tail: bytes) -> AsyncIterator[bytes]:
    """Yield a list in chunks: head, comma-separated items, tail; yields to the event loop in between."""
    piece = bytearray(head)
    comma = b""
    started = time.perf_counter()
    for item in items:
        piece += comma
        piece += item
        comma = b","
        if len(piece) >= CHUNK_BYTES:
            yield bytes(piece)
            piece.clear()
        if time.perf_counter() - started >= SLICE_SECONDS:
            await asyncio.sleep(0)
            started = time.perf_counter()
    piece += tail
    yield bytes(piece)


_EVENT_FIELDS = {
    "involvedObject": "regarding",
    "message": "note",
    "reportingComponent": "reportingController",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
}
_STORED_EVENT_FIELDS = {new: old for old, new in _EVENT_FIELDS.items()}


def convert_to_served(resource: Resource, obj: Object) -> Object:
    """Return a stored object in the API version it is requested in."""
    if resource.custom is not None and obj.get("apiVersion") != resource.api_version:
        return {**obj, "apiVersion": resource.api_version}
    if resource is HORIZONTALPODAUTOSCALERS_V1:
        return autoscaler_as_v1(obj)
    if is_older(resource):
        return as_older_version(resource, obj)
    if resource is not EVENTS_V1:
        return obj
    shown = {_EVENT_FIELDS.get(key, key): value for key, value in obj.items()}
    shown["apiVersion"] = resource.api_version
    return shown


def convert_to_stored(resource: Resource, obj: Object) -> Object:
    """Return a submitted object in the API version it is stored in."""
    if resource.custom is not None:
        return {**obj, "apiVersion": resource.custom.stored_api_version}
    if resource is HORIZONTALPODAUTOSCALERS_V1:
        return autoscaler_as_v2(obj)
    if is_older(resource):
        return from_older_version(resource, obj)
    if resource is not EVENTS_V1:
        return obj
    return {_STORED_EVENT_FIELDS.get(key, key): value for key, value in obj.items()} | {"apiVersion": "v1"}
