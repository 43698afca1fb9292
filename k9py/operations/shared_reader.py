"""A reader for the preflight of several objects at once: what all of them need is read once.

Owns the requests under way; they end with it. Invariant: only lists and the types are shared, for as long as
one proposal is made; objects are always read again.
"""

from __future__ import annotations

import asyncio
import builtins
from collections.abc import Callable, Coroutine, Hashable
from types import TracebackType
from typing import Any, Self

from k9py.api.discovery import Discovered
from k9py.api.meta import ObjectRef
from k9py.api.owners import OwnerList
from k9py.api.resource_type import ResourceType
from k9py.operations.patcher import Reader


class SharedReader:
    """Reads through another reader; `async with` it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._tasks: dict[Hashable, asyncio.Task[Any]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def get(self, key: ObjectRef, subresource: str = "") -> dict[str, Any]:
        return await self._reader.get(key, subresource)

    async def list(
        self, kind: str, namespace: str, *, label_selector: str = "", field_selector: str = ""
    ) -> builtins.list[dict[str, Any]]:
        async def read() -> builtins.list[dict[str, Any]]:
            return await self._reader.list(
                kind, namespace, label_selector=label_selector, field_selector=field_selector
            )

        key = (kind, namespace, label_selector, field_selector)
        result: builtins.list[dict[str, Any]] = await self._shared(key, read)
        return result

    async def served_types(self) -> Discovered:
        result: Discovered = await self._shared("types", self._reader.served_types)
        return result

    async def list_owners(self, resource_type: ResourceType, namespace: str, *, most: int) -> OwnerList:
        async def read() -> OwnerList:
            return await self._reader.list_owners(resource_type, namespace, most=most)

        result: OwnerList = await self._shared((resource_type, namespace, most), read)
        return result

    async def can_i(
        self, verb: str, kind: str | ObjectRef, namespace: str, *, name: str = "", subresource: str = ""
    ) -> bool | None:
        return await self._reader.can_i(verb, kind, namespace, name=name, subresource=subresource)

    async def _shared(self, key: Hashable, read: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        task = self._tasks.get(key)
        if task is None:
            task = self._tasks[key] = asyncio.ensure_future(read())
        return await asyncio.shield(task)
