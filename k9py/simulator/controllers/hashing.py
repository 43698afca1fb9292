"""Hashes of pod templates: `576765f4dc` in `checkout-576765f4dc`.

Pure and stable: the same template has the same hash, whatever the order of its keys. As in a real cluster, the hash
is a 32-bit FNV-1a with its decimal digits encoded in an alphabet without vowels.
"""

import json
from collections.abc import Mapping
from typing import Any

from k9py.simulator.registry.storage import SUFFIX_ALPHABET

TEMPLATE_HASH_LABEL = "pod-template-hash"


def comparable_template(template: Mapping[str, Any]) -> dict[str, Any]:
    """Return a pod template normalized for comparison: without hash label, nulls, empty labels and annotations."""
    metadata = {
        key: value
        for key, value in _without_nulls(template.get("metadata") or {}).items()
        if value not in ({}, []) and key != "creationTimestamp"
    }
    labels = {key: value for key, value in (metadata.pop("labels", None) or {}).items() if key != TEMPLATE_HASH_LABEL}
    if labels:
        metadata["labels"] = labels
    return {"metadata": metadata, "spec": _without_nulls(template.get("spec") or {})}


def template_hash(template: Mapping[str, Any], collision_count: int = 0) -> str:
    """Return the hash of a pod template; a collision count changes it."""
    text = json.dumps(comparable_template(template), sort_keys=True, separators=(",", ":"))
    return encode(fnv32a(text.encode() + (str(collision_count).encode() if collision_count else b"")))


def fnv32a(content: bytes) -> int:
    """Return the 32-bit FNV-1a hash."""
    value = 0x811C9DC5
    for byte in content:
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def encode(number: int) -> str:
    """Encode a number for use in a name (apimachinery's `rand.SafeEncodeString` of its digits)."""
    return "".join(SUFFIX_ALPHABET[ord(digit) % len(SUFFIX_ALPHABET)] for digit in str(number))


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value]
    return value
