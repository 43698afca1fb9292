"""PATCH bodies: parsing, JSON merge patch (RFC 7386) and JSON patch (RFC 6902).

Invariant: a patch returns a new object and never changes the given one.
"""

import copy
import json
from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.apiserver.strategic_merge_patch import strategic_merge
from k9py.simulator.registry.cache import Object

MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"


def apply_patch(content_type: str, body: bytes, obj: Object) -> tuple[Object, Any]:
    """Return the patched object and the parsed patch.

    Raises:
        StatusError: 415 for another patch type (`server_side_apply.py` has apply); 400 for an unreadable body;
            422 for a JSON patch that does not apply.
    """
    media = content_type.partition(";")[0].strip().lower()
    if media not in (MERGE, STRATEGIC, JSON_PATCH):
        raise status_errors.unsupported_media_type()
    patch = parse_json(body, "error decoding patch")
    if media == JSON_PATCH:
        if not isinstance(patch, list):
            raise status_errors.bad_request(
                "error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch"
            )
        return json_patch(obj, patch), patch
    if not isinstance(patch, dict):
        raise status_errors.bad_request(
            "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"
        )
    if media == MERGE:
        return merge_patch(obj, patch), patch
    return strategic_merge(obj, patch), patch


def parse_json(body: bytes, prefix: str) -> Any:
    """Parse a JSON body.

    Raises:
        StatusError: 400 with `complaint` and Go's error message.
    """
    try:
        return json.loads(body)
    except UnicodeDecodeError:
        raise status_errors.bad_request(f"{prefix}: invalid UTF-8") from None
    except json.JSONDecodeError as error:
        raise status_errors.bad_request(f"{prefix}: {_go_error(error)}") from None


def _go_error(error: json.JSONDecodeError) -> str:
    if error.pos >= len(error.doc.rstrip()):
        return "unexpected end of JSON input"
    where = "looking for beginning of value"
    match error.msg:
        case message if message.startswith(("Expecting property name", "Illegal trailing comma")):
            where = "looking for beginning of object key string"
        case message if message.startswith("Expecting ',' delimiter"):
            where = "after object key:value pair"
        case message if message.startswith("Expecting ':' delimiter"):
            where = "after object key"
        case message if message.startswith("Extra data"):
            where = "after top-level value"
    return f"invalid character '{error.doc[error.pos]}' {where}"


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply a JSON merge patch: null deletes, an object merges, anything else replaces."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def json_patch(obj: Object, operations: list[Any]) -> Object:
    """Apply JSON patch operations in order.

    Raises:
        StatusError: 422 if one does not apply (a failed `test` included).
    """
    patched: Any = copy.deepcopy(obj)
    for operation in operations:
        try:
            patched = _apply_operation(patched, operation)
        except (KeyError, IndexError, ValueError, TypeError, AttributeError):
            raise status_errors.rejected() from None
    if not isinstance(patched, dict):
        raise status_errors.rejected()
    return patched


def _apply_operation(document: Any, operation: Any) -> Any:
    path = _pointer(operation["path"])
    match operation["op"]:
        case "test":
            if _get(document, path) != operation["value"]:
                raise ValueError("test failed")
        case "add":
            return _add(document, path, copy.deepcopy(operation["value"]))
        case "replace":
            if not path:
                return copy.deepcopy(operation["value"])
            _get(document, path)
            _set(document, path, copy.deepcopy(operation["value"]))
        case "remove":
            _remove(document, path)
        case "copy":
            return _add(document, path, copy.deepcopy(_get(document, _pointer(operation["from"]))))
        case "move":
            origin = _pointer(operation["from"])
            value = _get(document, origin)
            _remove(document, origin)
            return _add(document, path, value)
        case other:
            raise ValueError(f"no such operation: {other}")
    return document


def _pointer(text: str) -> list[str]:
    if text == "":
        return []
    if not text.startswith("/"):
        raise ValueError("a pointer begins with a slash")
    return [part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/")]


def _get(document: Any, path: list[str]) -> Any:
    for part in path:
        document = document[_index(document, part)] if isinstance(document, list) else document[part]
    return document


def _index(array: list[Any], part: str) -> int:
    index = int(part)
    if not 0 <= index < len(array):
        raise IndexError(part)
    return index


def _set(document: Any, path: list[str], value: Any) -> None:
    holder = _get(document, path[:-1])
    if isinstance(holder, list):
        holder[_index(holder, path[-1])] = value
    else:
        holder[path[-1]] = value


def _add(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    holder = _get(document, path[:-1])
    if not isinstance(holder, list):
        if not isinstance(holder, dict):
            raise TypeError("only objects and arrays hold values")
        holder[path[-1]] = value
    elif path[-1] == "-":
        holder.append(value)
    else:
        at = int(path[-1])
        if not 0 <= at <= len(holder):
            raise IndexError(path[-1])
        holder.insert(at, value)
    return document


def _remove(document: Any, path: list[str]) -> None:
    holder = _get(document, path[:-1])
    if isinstance(holder, list):
        del holder[_index(holder, path[-1])]
    else:
        del holder[path[-1]]
