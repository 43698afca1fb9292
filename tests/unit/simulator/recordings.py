"""The recorded exchanges of a real API server, for comparison."""

import json
from functools import cache
from pathlib import Path
from typing import Any

_WIRE = Path(__file__).parents[2] / "wire"


@cache
def exchanges(name: str) -> list[dict[str, Any]]:
    """Return the exchanges of a file in order: request (method, path, headers, body) and response (status, body)."""
    read: list[dict[str, Any]] = json.loads((_WIRE / f"{name}.json").read_text())
    return read


def recorded_body(name: str, path: str) -> Any:
    """Return the body of the first response to a path.

    Raises:
        LookupError: nothing was recorded for it.
    """
    for exchange in exchanges(name):
        if exchange["request"]["path"] == path:
            return exchange["response"]["body"]
    raise LookupError(path)
