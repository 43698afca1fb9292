"""Objects as JSON bytes in the API server's form, cached until the object changes.

Invariant: an encoded object starts with kind and apiVersion, so that a list item (which has neither) is the same bytes
without that prefix. The cache holds at most `CACHE_BYTES`; beyond that, objects are encoded on every use.
"""

import json
from typing import Any

from k9py.simulator.registry.resources import Resource

CACHE_BYTES = 256 * 1024 * 1024

_encoder = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def encode(value: Any) -> bytes:
    """Return a JSON value as compact UTF-8."""
    return _encoder.encode(value).encode("utf-8", "surrogatepass")


class EncodedObjects:
    """Encoded objects by kind, namespace and name, each valid for one resourceVersion."""

    def __init__(self) -> None:
        self._cache: dict[tuple[tuple[str, str], tuple[str, str]], tuple[str, bytes]] = {}
        self._bytes = 0

    def object(self, resource: Resource, obj: dict[str, Any]) -> bytes:
        """Return a stored object's bytes."""
        metadata = obj["metadata"]
        slot = (resource.storage_key, (metadata.get("namespace") or "", metadata["name"]))
        held = self._cache.get(slot)
        if held is not None:
            if held[0] == metadata["resourceVersion"]:
                return held[1]
            if int(held[0]) > int(metadata["resourceVersion"]):
                return encode(obj)  # an older version, for a watch that lags behind: not cached
            self._bytes -= len(held[1])
            del self._cache[slot]
        encoded = encode(obj)
        if self._bytes + len(encoded) <= CACHE_BYTES:
            self._cache[slot] = (metadata["resourceVersion"], encoded)
            self._bytes += len(encoded)
        return encoded

    def list_item(self, resource: Resource, obj: dict[str, Any]) -> bytes:
        """Return a stored object's bytes as a list item: without kind and apiVersion."""
        beginning = f'{{"kind":"{obj["kind"]}","apiVersion":"{obj["apiVersion"]}",'
        return b"{" + self.object(resource, obj)[len(beginning) :]

    def forget(self, resource: Resource, key: tuple[str, str]) -> None:
        """Drop a deleted object's bytes."""
        held = self._cache.pop((resource.storage_key, key), None)
        if held is not None:
            self._bytes -= len(held[1])
