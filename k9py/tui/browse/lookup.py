"""References between objects, and the metadata of an object: from a table, the watched cluster, or the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from k9py.api.errors import RefusedError
from k9py.api.meta import KubeObject, Meta, ObjectRef, OwnerReference
from k9py.api.resource_types import ResourceTypes
from k9py.api.standard_types import ref_group_of
from k9py.session import ClusterSession

KnownObject = Callable[[ObjectRef], KubeObject | None]
"""Returns an object that a screen has already."""


def owner_ref(owner: OwnerReference, namespace: str, types: ResourceTypes) -> ObjectRef:
    """Return the reference of an owner.

    Args:
        namespace: Of the owned object; an owner is in the same one, or in none.
        types: Those the server has; an unknown type is taken for a namespaced one.
    """
    group = ref_group_of(owner.api_version, owner.kind)
    ref = ObjectRef(owner.kind, namespace, owner.name, group)
    known = types.of_ref(ref)
    return ref if known is None else known.ref(namespace, owner.name)


def controller_of(metadata: Meta) -> OwnerReference | None:
    """Return the controlling owner, else the first of several, None when there is none."""
    return metadata.controller or next(iter(metadata.owner_references or ()), None)


async def read_body(session: ClusterSession, ref: ObjectRef) -> dict[str, Any]:
    """Read the JSON of an object from the server. Raises KdashError."""
    return await session.connection.get(ref)


async def metadata_of(session: ClusterSession, ref: ObjectRef, known: KnownObject) -> Meta:
    """Return the metadata of an object, read from the server if it is nowhere else. Raises KdashError."""
    held = known(ref) or session.cluster.queries.object(ref)
    if held is not None:
        return held.metadata
    body = await read_body(session, ref)
    try:
        return msgspec.convert(body.get("metadata") or {}, Meta)
    except msgspec.ValidationError as error:
        raise RefusedError(f"the metadata of {ref} cannot be decoded: {error}") from error
