"""Sizes of the values of ConfigMaps and Secrets, so that the values themselves need not be kept.

Invariant: nothing returned here contains a value or refers to the bytes it was decoded from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from k9py.api.quantities import format_bytes

Sizes = tuple[tuple[str, int], ...]
"""(key, bytes of its value), in the order of the keys."""

_SHOWN_KEYS: Final = 12


def text_sizes(values: Mapping[str, msgspec.Raw] | None) -> Sizes:
    """Return the sizes of texts, given as JSON."""
    return tuple((key, _text_size(bytes(raw))) for key, raw in sorted((values or {}).items()))


def base64_sizes(values: Mapping[str, msgspec.Raw] | None) -> Sizes:
    """Return the sizes of binary values, given in base64 as JSON."""
    return tuple((key, _base64_size(bytes(raw))) for key, raw in sorted((values or {}).items()))


def keys_text(sizes: Sizes) -> str:
    """Return keys with sizes: `tls.crt 1.1Ki, tls.key 1.7Ki`."""
    text = ", ".join(f"{key} {format_bytes(size)}" for key, size in sizes[:_SHOWN_KEYS])
    return f"{text} + {len(sizes) - _SHOWN_KEYS} more..." if len(sizes) > _SHOWN_KEYS else text


def total(sizes: Sizes) -> int:
    """Return the bytes of all values."""
    return sum(size for _, size in sizes)


def _text_size(raw: bytes) -> int:
    if b"\\" not in raw:
        return max(0, len(raw) - 2)
    return len(msgspec.json.decode(raw, type=str).encode("utf-8", "surrogatepass"))


def _base64_size(raw: bytes) -> int:
    text = raw.strip(b'"').replace(b"\\n", b"").replace(b"\\r", b"")
    return len(text.rstrip(b"=")) * 3 // 4
