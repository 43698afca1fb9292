"""Read and write objects for an operation: the Protocols that `kube/` implements and tests fake."""

from __future__ import annotations

from typing import Any, Protocol

from k9py.api.discovery import Discovered
from k9py.api.meta import ObjectRef
from k9py.api.owners import OwnerList
from k9py.api.resource_type import ResourceType
from k9py.api.write_request import WriteRequest


class Patcher(Protocol):
    """Sends a write and returns the object in the server's response (for a dry run, as it would be)."""

    async def send(self, request: WriteRequest, *, dry_run: bool) -> dict[str, Any]:
        """Raises: KdashError, translated (ConflictError, ForbiddenError, InvalidError ...)."""
        ...


class Reader(Protocol):
    """Reads complete objects from the server, for planning a write."""

    async def get(self, key: ObjectRef, subresource: str = "") -> dict[str, Any]:
        """Return the JSON of an object, or of its subresource. Raises KdashError (NotFoundError ...)."""
        ...

    async def list(
        self, kind: str, namespace: str, *, label_selector: str = "", field_selector: str = ""
    ) -> list[dict[str, Any]]:
        """Return the items of a list, all pages."""
        ...

    async def served_types(self) -> Discovered:
        """Return the types of the server, discovered not long ago; what could not be read is in `errors`."""
        ...

    async def list_owners(self, resource_type: ResourceType, namespace: str, *, most: int) -> OwnerList:
        """Return who owns the objects of any type; after about `most` objects it ends. Raises KdashError."""
        ...

    async def can_i(
        self, verb: str, kind: str | ObjectRef, namespace: str, *, name: str = "", subresource: str = ""
    ) -> bool | None:
        """Ask the server whether the user may; None when it gave no answer."""
        ...
