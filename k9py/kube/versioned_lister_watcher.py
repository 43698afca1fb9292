"""List and watch a type in the version that the server has, when it lacks the one that kdash prefers.

Invariant: a server that has the preferred version is never asked for another; one that lacks the type in every version
answers with the error of the first request. resourceVersions are the same in all versions of a type, so a watch may
begin where a list in another version ended.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from k9py.api.errors import NotFoundError
from k9py.api.resource_type import ResourceType
from k9py.informer.lister_watcher import ListerWatcher
from k9py.kube.discovery import Discovery


class VersionedListerWatcher:
    """A `ListerWatcher` for a type in any of its versions.

    Args:
        resource_type: in the preferred version.
        make: returns the `ListerWatcher` for a version.
        can_decode: whether the objects of a version can be decoded.
    """

    def __init__(
        self,
        discovery: Discovery,
        resource_type: ResourceType,
        make: Callable[[ResourceType], ListerWatcher],
        can_decode: Callable[[str], bool],
    ) -> None:
        self._discovery = discovery
        self._type = resource_type
        self._make = make
        self._can_decode = can_decode
        version = self._served_version()
        if version is not None:
            self._type = replace(resource_type, version=version)
        self._lister_watcher = make(self._type)

    async def list_page(self, *, limit: int, continue_token: str = "", resource_version: str | None = None) -> bytes:
        try:
            return await self._lister_watcher.list_page(
                limit=limit, continue_token=continue_token, resource_version=resource_version
            )
        except NotFoundError:
            if not await self._change_version():
                raise
        return await self._lister_watcher.list_page(
            limit=limit, continue_token=continue_token, resource_version=resource_version
        )

    async def probe(self) -> bytes:
        try:
            return await self._lister_watcher.probe()
        except NotFoundError:
            if not await self._change_version():
                raise
        return await self._lister_watcher.probe()

    @asynccontextmanager
    async def watch(
        self,
        *,
        resource_version: str,
        send_initial_events: bool,
        timeout_seconds: int,
        idle_timeout: Callable[[], float] | None = None,
    ) -> AsyncIterator[AsyncIterator[list[bytes]]]:
        async with AsyncExitStack() as stack:
            try:
                stream = await stack.enter_async_context(
                    self._lister_watcher.watch(
                        resource_version=resource_version,
                        send_initial_events=send_initial_events,
                        timeout_seconds=timeout_seconds,
                        idle_timeout=idle_timeout,
                    )
                )
            except NotFoundError:
                if not await self._change_version():
                    raise
                stream = await stack.enter_async_context(
                    self._lister_watcher.watch(
                        resource_version=resource_version,
                        send_initial_events=send_initial_events,
                        timeout_seconds=timeout_seconds,
                        idle_timeout=idle_timeout,
                    )
                )
            yield stream

    async def _change_version(self) -> bool:
        """Change to a version that the server has; return whether there is one.

        What the last discovery says is missing is not discovered again: a later try shows whether it has come back.
        """
        if self._discovery.has_discovered and self._discovery.discovered.serves(self._type) is False:
            return False
        await self._discovery.refresh_after_miss()
        version = self._served_version()
        if version is None:
            return False
        self._type = replace(self._type, version=version)
        self._lister_watcher = self._make(self._type)
        return True

    def _served_version(self) -> str | None:
        """Return the version to use in place of the current one, None when the server has that, or nothing is known."""
        versions = self._discovery.discovered.versions.get((self._type.group, self._type.plural), ())
        if self._type.version in versions:
            return None
        return next((version for version in versions if self._can_decode(version)), None)
