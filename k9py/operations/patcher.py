"""What a write is and who sends it: the Protocol `kube/` fulfils and tests fake."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from k9py.api.meta import ObjectKey

FIELD_MANAGER: Final = "kdash"
"""Our name in an object's managed fields."""

PatchType = Literal["merge", "strategic", "json"]


@dataclass(frozen=True, slots=True)
class WriteRequest:
    """One write.

    Args:
        key: the object.
        patch: a mapping for merge and strategic patches, a list of operations for JSON patches; for a delete and an
            eviction the DeleteOptions (preconditions), None for none.
        subresource: "scale", or ""; an eviction needs none.
        verb: what is done; "evict" creates the pod's eviction, which asks its disruption budget.
    """

    key: ObjectKey
    patch: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
    patch_type: PatchType = "strategic"
    subresource: str = ""
    verb: Literal["patch", "delete", "evict"] = "patch"


class Patcher(Protocol):
    """Sends a write and returns the object the server answers with (for a dry-run, as it would be)."""

    async def send(self, request: WriteRequest, *, dry_run: bool) -> dict[str, Any]:
        """Raises: KdashError, translated (ConflictError, ForbiddenError, InvalidError ...)."""
        ...


class Reader(Protocol):
    """Reads whole objects as the server has them, for planning a write."""

    async def get(self, key: ObjectKey) -> dict[str, Any]:
        """Return the object's JSON. Raises KdashError (NotFoundError ...)."""
        ...

    async def list(self, kind: str, namespace: str, *, label_selector: str = "") -> list[dict[str, Any]]:
        """Return the items of a list, all pages."""
        ...

    async def can_i(
        self, verb: str, kind: str, namespace: str, *, name: str = "", subresource: str = ""
    ) -> bool | None:
        """Ask the server whether the user may; None when it would not say."""
        ...
