"""Decoder of the few protobuf bodies that kubectl's typed clients send.

Invariant: fields are looked up by number in `protobuf_messages.py`; an unknown number is skipped, an unknown kind
refused.
"""

import base64
from collections.abc import Iterator
from typing import Any

from k9py.simulator import status_errors
from k9py.simulator.apiserver.protobuf_messages import MESSAGES
from k9py.simulator.registry.cache import Object

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"


def decode(body: bytes) -> Object:
    """Decode a body with Kubernetes' protobuf envelope.

    Raises:
        StatusError: 415 for a kind not in `MESSAGES`; 400 for an unreadable body.
    """
    if not body.startswith(_MAGIC):
        raise status_errors.bad_request(
            "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"
        )
    try:
        envelope = _message("Unknown", body[len(_MAGIC) :])
        kind = envelope["typeMeta"]["kind"]
        if kind not in MESSAGES:
            raise status_errors.unsupported_media_type()
        api_version = envelope["typeMeta"].get("apiVersion", "")
        return {"kind": kind, "apiVersion": api_version, **_message(kind, envelope.get("raw", b""))}
    except (KeyError, IndexError, ValueError):
        raise status_errors.bad_request("the protobuf body cannot be read") from None


def _message(name: str, data: bytes) -> dict[str, Any]:
    fields = MESSAGES[name]
    read: dict[str, Any] = {}
    for number, value in _fields(data):
        if number not in fields:
            continue
        field, kind = fields[number]
        if kind.startswith("^"):
            read |= _value(kind[1:], value)
        elif kind.startswith("*"):
            read.setdefault(field, []).append(_value(kind[1:], value))
        elif kind in ("map", "quantities", "bytes map"):
            key, held = _map_entry(value, kind)
            read.setdefault(field, {})[key] = held
        else:
            decoded = _value(kind, value)
            # Go encodes the zero value of a non-pointer field, which JSON omits; replicas and the like are pointers.
            if kind in ("int", "optional bool") or decoded not in ("", 0, {}):
                read[field] = decoded
    return read


def _value(kind: str, value: int | bytes) -> Any:
    match kind, value:
        case "int" | "count", int():
            return value - (1 << 64) if value >= 1 << 63 else value
        case "bool" | "optional bool", int():
            return bool(value)
        case "string", bytes():
            return value.decode()
        case "bytes", bytes():
            return value
        case "intstr", bytes():
            read = _message("IntOrString", value)
            return read.get("strVal", "") if read.get("type") else read.get("intVal", 0)
        case "quantity", bytes():
            return _quantity(value)
        case _, bytes():
            return _message(kind, value)
        case _:
            raise ValueError(f"{kind} does not fit its wire type")


def _map_entry(value: int | bytes, kind: str) -> tuple[str, str]:
    if not isinstance(value, bytes):
        raise ValueError("a map entry is a message")
    entry: dict[int, bytes] = {number: held for number, held in _fields(value) if isinstance(held, bytes)}
    key, held = entry.get(1, b"").decode(), entry.get(2, b"")
    match kind:
        case "quantities":
            return key, _quantity(held)
        case "bytes map":
            return key, base64.b64encode(held).decode()
        case _:
            return key, held.decode()


def _quantity(data: bytes) -> str:
    return str(_message("Quantity", data).get("string", "0"))


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield (field number, value): an integer for varints and fixed widths, bytes for length-delimited fields."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        match wire:
            case 0:
                value, at = _varint(data, at)
                yield number, value
            case 2:
                length, at = _varint(data, at)
                if at + length > len(data):
                    raise ValueError("cut short")
                yield number, data[at : at + length]
                at += length
            case 1 | 5:
                width = 8 if wire == 1 else 4
                yield number, int.from_bytes(data[at : at + width], "little")
                at += width
            case _:
                raise ValueError(f"wire type {wire}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
