"""Exchanges recorded from a real API server (tests/wire), as raw JSON and as typed objects."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject

_WIRE = Path(__file__).parent / "wire"

T = TypeVar("T", bound=KubeObject)


@cache
def exchanges(name: str) -> list[dict[str, Any]]:
    """Return the exchanges of one file, without its `.json`."""
    recorded: list[dict[str, Any]] = json.loads((_WIRE / f"{name}.json").read_text())
    return recorded


def body(name: str, index: int) -> dict[str, Any]:
    """Return the response's body of one exchange."""
    recorded: dict[str, Any] = exchanges(name)[index]["response"]["body"]
    return recorded


def items(name: str, index: int) -> list[dict[str, Any]]:
    """Return the items of a recorded list."""
    listed: list[dict[str, Any]] = body(name, index)["items"]
    return listed


def sent(name: str, index: int) -> Any:
    """Return the request's body of one exchange."""
    return exchanges(name)[index]["request"]["body"]


def typed(kind: Kind[T], raw: dict[str, Any]) -> T:
    """Decode one raw object."""
    return kind.decode(msgspec.json.encode(raw))


def typed_list(kind: Kind[T], name: str, index: int) -> list[T]:
    """Decode the items of a recorded list."""
    return [typed(kind, obj) for obj in items(name, index)]
