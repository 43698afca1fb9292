"""The values of a Secret: masked to their sizes, or one of them decoded.

Invariant: a masked Secret has no value in any place, annotations that repeat the whole object included. Pure.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from typing import Any, Final

from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.redaction import redact
from k9py.resources.describe.json_fields import JsonObject, object_at, scalar_text

MASK: Final = "••••"


def is_secret(ref: ObjectRef) -> bool:
    """Return whether an object is a Secret of Kubernetes."""
    return ref.kind == "Secret" and not ref.group


def decoded(value: Any) -> bytes | None:
    """Return the bytes of a value in base64, None when it is not base64."""
    try:
        return b64decode(scalar_text(value), validate=True)
    except (Base64Error, ValueError):
        return None


def size_text(value: Any) -> str:
    """Return the size of a value in base64: `16 bytes`."""
    data = decoded(value)
    return "not base64" if data is None else count_noun(len(data), "byte")


def secret_sizes(body: JsonObject) -> dict[str, str]:
    """Return the size of each value of a Secret, by its key."""
    return {key: size_text(value) for key, value in object_at(body, "data").items()}


def revealed_text(value: Any) -> str:
    """Return a decoded value as text; of binary data, that it is binary."""
    data = decoded(value)
    if data is None:
        return scalar_text(value)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return f"binary, {count_noun(len(data), 'byte')}: {scalar_text(value)}"


def masked_secret(body: JsonObject, revealed: str = "") -> JsonObject:
    """Return a Secret with every value as its mask and size, but one.

    Args:
        body: Its whole JSON.
        revealed: Key of the value that is shown decoded; "" for none.
    """
    masked: dict[str, Any] = redact(body)
    for field in ("data", "stringData"):
        values = body.get(field)
        if isinstance(values, Mapping):
            masked[field] = {key: f"{MASK} {_size(field, value)}" for key, value in values.items()}
    if revealed in object_at(body, "data"):
        masked["data"] = {**masked["data"], revealed: revealed_text(object_at(body, "data")[revealed])}
    return masked


def _size(field: str, value: Any) -> str:
    return size_text(value) if field == "data" else count_noun(len(scalar_text(value).encode()), "byte")
