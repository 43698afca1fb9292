"""Read and write objects for an operation: the Protocols that `kube/` implements and tests fake."""

from __future__ import annotations

from typing import Any, Protocol

from k9py.api.meta import ObjectRef
from k9py.api.write_request import WriteRequest


class Patcher(Protocol):
    """Sends a write and returns the object in the server's response (for a dry run, as it would be)."""

    async def send(self, request: WriteRequest, *, dry_run: bool) -> dict[str, Any]:
        """Raises: KdashError, translated (ConflictError, ForbiddenError, InvalidError ...)."""
        ...


class Reader(Protocol):
    """Reads complete objects from the server, for planning a write."""

    async def get(self, key: ObjectRef) -> dict[str, Any]:
        """Return the object's JSON. Raises KdashError (NotFoundError ...)."""
        ...

    async def list(self, kind: str, namespace: str, *, label_selector: str = "") -> list[dict[str, Any]]:
        """Return the items of a list, all pages."""
        ...

    async def can_i(
        self, verb: str, kind: str, namespace: str, *, name: str = "", subresource: str = ""
    ) -> bool | None:
        """Ask the server whether the user may; None when it gave no answer."""
        ...
