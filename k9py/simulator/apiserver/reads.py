"""GET and LIST: pagination over a consistent snapshot, selectors, tables and metadata only.

Invariant: all pages of one list show the state at the first page's resourceVersion, as etcd's snapshots do: the current
state minus the changes since. If those are compacted, the answer is 410 Expired.
"""

import base64
import binascii
import bisect
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.apiserver.request import IncomingRequest
from k9py.simulator.apiserver.responses import (
    ApiResponse,
    ObjectFormat,
    convert_to_served,
    encode_list,
    json_response,
    negotiate_format,
    partial_metadata,
)
from k9py.simulator.printers import table
from k9py.simulator.registry.cache import Key, Object
from k9py.simulator.registry.encoding import encode
from k9py.simulator.registry.resources import NAMESPACES, Resource
from k9py.simulator.registry.selectors import Predicate, both, field_selector, label_selector
from k9py.simulator.registry.storage import Storage
from k9py.simulator.state import SimulatorState
from k9py.simulator.status_errors import StatusCause

_CONTINUE_TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list "
    "without the continue parameter."
)


def get(state: SimulatorState, request: IncomingRequest) -> ApiResponse:
    """Answer a GET of one object."""
    stored = existing_object(state, request)
    shown = convert_to_served(request.resource, stored)
    return object_response(state, request, shown)


def existing_object(state: SimulatorState, request: IncomingRequest) -> Object:
    """Return the stored object a request names.

    Raises:
        StatusError: 404.
    """
    target = request.info
    stored = state.storage.get(request.resource, target.namespace, target.name)
    if stored is None:
        raise status_errors.not_found(request.resource, target.name)
    return stored


def object_response(state: SimulatorState, request: IncomingRequest, obj: Object, status: int = 200) -> ApiResponse:
    """Return one object in the representation the client asked for."""
    object_format = negotiate_format(request.accept)
    object_format.check_single(request.resource)
    match object_format.kind:
        case "table":
            metadata = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            as_table = table.table(request.resource, [obj], metadata, state.clock.now(), included_object(request))
            return json_response(as_table, status)
        case "metadata":
            return json_response(partial_metadata(obj), status)
        case _:
            return json_response(obj, status)


def included_object(request: IncomingRequest) -> str:
    """Return the `includeObject` of a request for a Table.

    Raises:
        StatusError: 400 for an unknown value.
    """
    given = request.query.get("includeObject", "")
    if given not in ("", "None", "Metadata", "Object"):
        why = f"includeObject: Invalid value: \"{given}\": must be 'Metadata', 'Object', 'None', or empty"
        raise status_errors.StatusError(400, "BadRequest", f"Unable to convert to Table as requested: {why}")
    return given


@dataclass(frozen=True, slots=True)
class ListSelector:
    """The objects a list or watch selects."""

    resource: Resource
    namespace: str
    predicate: Predicate | None


def list_selector(request: IncomingRequest) -> ListSelector:
    """Parse the selectors of a list or watch.

    Raises:
        StatusError: 400 for an invalid selector.
    """
    labels = label_selector(request.query.get("labelSelector", ""))
    fields = field_selector(request.query.get("fieldSelector", ""), request.resource)
    target = request.info
    by_name: Predicate | None = None
    if target.name:  # a watch of one object by its path

        def by_name(obj: Object) -> bool:
            return bool(obj["metadata"]["name"] == target.name)

    namespace = "" if request.resource is NAMESPACES else target.namespace
    return ListSelector(request.resource, namespace, both(both(labels, fields), by_name))


def list_objects(state: SimulatorState, request: IncomingRequest) -> ApiResponse:
    """Answer a LIST."""
    query, object_format = list_selector(request), negotiate_format(request.accept)
    object_format.check_list(request.resource)
    storage = state.storage
    _check_version(request, storage)
    limit = request.whole_number("limit") or 0
    token = request.query.get("continue", "")
    if request.query.get("resourceVersion") == "0" and not token:
        limit = 0  # served from the watch cache, which ignores limit
    start, revision = _decode_continue(token, query.namespace) if token else (None, storage.revision)
    snapshot = _snapshot(storage, query.resource, query.namespace, start, revision)
    if snapshot is None:
        raise status_errors.expired(_CONTINUE_TOO_OLD)
    keys, overlay = snapshot
    objects = _select(storage, query, keys, overlay, at_once=limit + 1 if limit else max(1, len(keys)))
    metadata: dict[str, Any] = {"resourceVersion": str(revision)}
    if not limit:
        return _list_response(state, request, object_format, objects, metadata)
    page: list[Object] = []
    more = False
    for obj in objects:
        if len(page) == limit:
            more = True
            break
        page.append(obj)
    if more:
        last = page[-1]["metadata"]
        last_key = (last.get("namespace") or "", last["name"])
        metadata["continue"] = _encode_continue(revision, last_key, query.namespace)
        if query.predicate is None:
            metadata["remainingItemCount"] = len(keys) - bisect.bisect_right(keys, last_key)
    return _list_response(state, request, object_format, iter(page), metadata)


def _list_response(
    state: SimulatorState,
    request: IncomingRequest,
    object_format: ObjectFormat,
    objects: Iterator[Object],
    metadata: Mapping[str, Any],
) -> ApiResponse:
    resource = request.resource
    kind, api_version = resource.list_kind, resource.api_version
    items: Iterator[bytes]
    name = b"items"
    columns: dict[str, Any] = {}
    if object_format.kind == "table":
        now, include = state.clock.now(), included_object(request)
        kind, api_version, name = "Table", "meta.k8s.io/v1", b"rows"
        columns = {"columnDefinitions": table.column_definitions(resource)}
        items = (encode(table.row(resource, convert_to_served(resource, obj), now, include)) for obj in objects)
    elif object_format.kind == "metadata list":
        kind, api_version = "PartialObjectMetadataList", "meta.k8s.io/v1"
        items = (encode(partial_metadata(obj)) for obj in objects)
    elif resource.custom is not None:  # their items keep kind and apiVersion
        items = (encode(convert_to_served(resource, obj)) for obj in objects)
    elif resource.storage_version is not None:
        items = (encode(_without_kind(convert_to_served(resource, obj))) for obj in objects)
    else:
        encoded = state.storage.encoded
        items = (encoded.list_item(resource, obj) for obj in objects)
    head = encode({"kind": kind, "apiVersion": api_version, "metadata": metadata, **columns})
    return ApiResponse(body=encode_list(head[:-1] + b',"' + name + b'":[', items, b"]}\n"), compressible=True)


def _without_kind(obj: Object) -> Object:
    return {key: value for key, value in obj.items() if key not in ("kind", "apiVersion")}


def _select(
    storage: Storage, query: ListSelector, keys: list[Key], overlay: Mapping[Key, Object | None], *, at_once: int
) -> Iterator[Object]:
    """Yield the selected objects in order; writes during the response do not show.

    Args:
        at_once: objects to look up at a time: all for a list that is streamed while others write, one page for a
            page, which is consumed before another task runs.
    """
    # Looked up now, not while it is sent: a list is a snapshot, and its sender yields to the event loop.
    first = storage.get_many(query.resource, keys[:at_once])
    others = (storage.get_many(query.resource, keys[at : at + at_once]) for at in range(at_once, len(keys), at_once))
    current = chain(first, chain.from_iterable(others))
    held = (overlay.get(key, stored) if overlay else stored for key, stored in zip(keys, current, strict=True))
    predicate = query.predicate
    return (obj for obj in held if obj is not None and (predicate is None or predicate(obj)))


def _snapshot(
    storage: Storage, resource: Resource, namespace: str, start: Key | None, revision: int
) -> tuple[list[Key], Mapping[Key, Object | None]] | None:
    """Return the keys after `start` at a revision and the objects that differed then; None if compacted."""
    keys = list(storage.keys_after(resource, namespace, start))
    if revision == storage.revision:
        return keys, {}
    changes = storage.events_since(resource, revision)
    if changes is None:
        return None
    overlay: dict[Key, Object | None] = {}
    for change in reversed(changes):
        metadata = change.obj["metadata"]
        key = (metadata.get("namespace") or "", metadata["name"])
        if (namespace and key[0] != namespace) or (start is not None and key <= start):
            continue
        overlay[key] = None if change.type == "ADDED" else change.old
    if not overlay:
        return keys, {}
    then = [key for key in keys if overlay.get(key, True) is not None]
    for key, obj in overlay.items():
        if obj is not None and storage.get(resource, *key) is None:  # deleted since
            bisect.insort(then, key)
    return then, overlay


def _check_version(request: IncomingRequest, storage: Storage) -> None:
    """Refuse a resourceVersion that is not a number, contradicts other parameters, or lies in the future."""
    given = request.query.get("resourceVersion", "")
    match = request.query.get("resourceVersionMatch", "")
    if match and not given:
        cause = StatusCause(
            "FieldValueForbidden",
            "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided",
            "resourceVersionMatch",
        )
        raise status_errors.invalid("meta.k8s.io", "ListOptions", "", [cause])
    if not given:
        return
    wanted = parse_revision(given)
    if wanted > storage.revision:
        raise too_large_revision(wanted, storage.revision)
    if request.query.get("continue") and wanted:
        raise status_errors.bad_request("specifying resource version is not allowed when using continue")


def parse_revision(text: str) -> int:
    """Parse a resourceVersion.

    Raises:
        StatusError: 500 if it is not a number, as a real server answers.
    """
    if not text.isascii() or not text.isdigit():
        message = f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        raise status_errors.StatusError(500, "", message)
    return int(text)


def too_large_revision(wanted: int, current: int) -> status_errors.StatusError:
    """Return the error for a resourceVersion in the future."""
    message = "Too large resource version"
    details = {"causes": [{"reason": "ResourceVersionTooLarge", "message": message}], "retryAfterSeconds": 1}
    text = f"Timeout: {message}: {wanted}, current: {current}"
    return status_errors.StatusError(504, "Timeout", text, details, retry_after=1)


def _encode_continue(revision: int, last: Key, namespace: str) -> str:
    start = (last[1] if namespace or not last[0] else f"{last[0]}/{last[1]}") + "\0"
    text = json.dumps({"v": "meta.k8s.io/v1", "rv": revision, "start": start}, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode_continue(token: str, namespace: str) -> tuple[Key, int]:
    """Return the key after which the next page starts, and its revision.

    Raises:
        StatusError: 400.
    """
    try:
        decoded = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raise status_errors.bad_request(
            "invalid continue token: continue key is not valid: illegal base64 data"
        ) from None
    try:
        fields = json.loads(decoded)
        version, revision, start = fields["v"], fields["rv"], fields["start"]
    except (ValueError, KeyError, TypeError):
        first = decoded[:1].decode("latin-1")
        shown = first if first.isascii() and first.isprintable() else f"\\x{ord(first):02x}"
        raise status_errors.bad_request(
            "invalid continue token: continue key is not valid: "
            f"invalid character '{shown}' looking for beginning of value"
        ) from None
    if version != "meta.k8s.io/v1" or not isinstance(revision, int) or not isinstance(start, str):
        raise status_errors.bad_request(
            "invalid continue token: continue key is not valid: server does not recognize this"
        )
    name = start.removesuffix("\0")
    if namespace:
        return (namespace, name), revision
    before, slash, after = name.partition("/")
    return ((before, after) if slash else ("", before)), revision
