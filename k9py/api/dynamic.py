"""Objects of any resource type: metadata is decoded, the rest is kept as JSON and decoded when somebody reads it.

Invariant: an object keeps a copy of its own bytes, never a view into a response.
"""

from __future__ import annotations

from typing import Any

import msgspec

from k9py.api.meta import KubeObject, Meta, ObjectRef
from k9py.api.resource_type import ResourceType


class DynamicObject(KubeObject, frozen=True):
    """An object of any type.

    Args:
        kind: Such as "Certificate".
        group: As in `ObjectRef`.
        raw: Its whole JSON.
    """

    kind: str = ""
    group: str = ""
    raw: bytes = b""

    @property
    def key(self) -> ObjectRef:
        return ObjectRef(self.kind, self.metadata.namespace, self.metadata.name, self.group)

    @property
    def body(self) -> dict[str, Any]:
        """The whole object, decoded each time: keep the result while it is used."""
        body: dict[str, Any] = msgspec.json.decode(self.raw)
        return body


class _MetadataOnly(msgspec.Struct, frozen=True):
    metadata: Meta


_decoder = msgspec.json.Decoder(_MetadataOnly)


def decode_dynamic(resource_type: ResourceType, data: bytes | bytearray | memoryview | msgspec.Raw) -> DynamicObject:
    """Decode one object's JSON. Raises msgspec.DecodeError (not JSON, no metadata, nested too deeply)."""
    raw = bytes(data)
    try:
        metadata = _decoder.decode(raw).metadata
    except (UnicodeDecodeError, RecursionError) as error:  # msgspec does not wrap these two
        raise msgspec.DecodeError(str(error)) from error
    return DynamicObject(metadata, resource_type.kind, resource_type.ref_group, raw)
