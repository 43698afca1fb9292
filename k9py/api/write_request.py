"""One write as it is sent: which object, which verb, and the body with its preconditions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from k9py.api.meta import ObjectRef

FIELD_MANAGER: Final = "kdash"
"""The field manager name of kdash in an object's managed fields."""

PatchType = Literal["merge", "strategic", "json"]


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One write.

    Args:
        key: the object.
        patch: a mapping for merge and strategic patches, a list of operations for JSON patches; for a delete and an
            eviction the DeleteOptions (preconditions), None for none.
        subresource: "scale", or ""; an eviction needs none.
        verb: the action; "evict" creates the pod's eviction, which asks its disruption budget.
    """

    key: ObjectRef
    patch: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
    patch_type: PatchType = "strategic"
    subresource: str = ""
    verb: Literal["patch", "delete", "evict"] = "patch"
