"""One write as it is sent: which object, which verb, and the body with its preconditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType

FIELD_MANAGER: Final = "kdash"
"""The field manager name of kdash in an object's managed fields."""

PatchType = Literal["merge", "strategic", "json", "apply"]


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One write.

    Args:
        key: the object.
        patch: a mapping for merge and strategic patches, a list of operations for JSON patches; the whole object for an
            apply and a creation; for a delete and an eviction the DeleteOptions (preconditions), None for none.
        patch_type: "apply" is a server-side apply: it creates an object that does not exist.
        subresource: "scale", or ""; an eviction needs none.
        verb: the action; "evict" creates the pod's eviction, which asks its disruption budget.
        resource_type: where it is sent; None: the connection's type of the key.
        is_strict: the server refuses fields that it does not know, such as misspelt ones.
        force: a server-side apply takes over the fields that other managers own.
    """

    key: ObjectRef
    patch: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
    patch_type: PatchType = "strategic"
    subresource: str = ""
    verb: Literal["patch", "delete", "evict", "create"] = "patch"
    resource_type: ResourceType | None = None
    force: bool = False
    is_strict: bool = False
