"""The resource types of a cluster while it is watched: when they are discovered, and who hears of new ones.

Invariants: the standard types are known from the start, so nothing waits for discovery; a discovery runs only when
somebody requests it: the dashboard once it is connected, a watch whose type is gone, a list of
CustomResourceDefinitions that changes, and a name that is not known. Several requests lead to one discovery.
The connection also discovers types on its own, when a request for one fails: `publish` compares.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, NoReturn, Protocol

from k9py.api.discovery import Discovered
from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import ResourceTypes
from k9py.runtime.clock import Clock

PAUSE_SECONDS: Final = 2.0
"""Between two discoveries: a new CustomResourceDefinition changes several times before it is served."""
RETRY_SECONDS: Final = 10.0
"""Until the next one after a discovery that got no answer."""


class DiscoveryConnection(Protocol):
    """The part of a connection that discovers. `kube.connection.Connection` implements it."""

    @property
    def discovered(self) -> Discovered: ...

    async def discover(self) -> Discovered: ...

    async def find_type(self, name: str | ObjectRef) -> ResourceType: ...


class ClusterDiscovery:
    """The types that are known, and how far that can be trusted.

    Attributes:
        error: why the last discovery got no answer at all, None when it got one, or there was none.
        is_complete: a discovery has succeeded; before that only the standard types are known.
    """

    def __init__(self, connection: DiscoveryConnection, clock: Clock) -> None:
        self.error: KdashError | None = None
        self.is_complete = False
        self._connection = connection
        self._clock = clock
        self._requested = asyncio.Event()
        self._subscribers: list[Callable[[], None]] = []
        self._published = connection.discovered

    @property
    def discovered(self) -> Discovered:
        """Everything about the last discovery."""
        return self._connection.discovered

    @property
    def types(self) -> ResourceTypes:
        """The types that are known."""
        return self._connection.discovered.types

    @property
    def errors(self) -> Mapping[str, KdashError]:
        """Why parts of the API could not be read, by group version or path."""
        return self._connection.discovered.errors

    def request(self) -> None:
        """Discover the types soon."""
        self._requested.set()

    async def find(self, name: str | ObjectRef) -> ResourceType:
        """Return the type of a name or an object; one that is not known is discovered.

        Raises:
            NotFoundError: the server has no such type.
        """
        try:
            return await self._connection.find_type(name)
        finally:
            self.publish()

    def subscribe(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Call a function after each discovery with another result.

        Returns:
            A function that ends the subscription; a second call does nothing.
        """
        self._subscribers.append(on_change)

        def unsubscribe() -> None:
            if on_change in self._subscribers:
                self._subscribers.remove(on_change)

        return unsubscribe

    async def run(self) -> NoReturn:
        """Discover whenever that is requested, until cancelled."""
        while True:
            await self._requested.wait()
            self._requested.clear()
            try:
                await self._connection.discover()
                self.error = None
            except KdashError as error:
                self.error = error
                self._notify()
                await self._clock.sleep(RETRY_SECONDS)
                self._requested.set()
                continue
            self.publish()
            await self._clock.sleep(PAUSE_SECONDS)

    def publish(self) -> None:
        """Notify the subscribers if the connection has discovered something else than they know."""
        before, discovered = self._published, self._connection.discovered
        if discovered is before:
            return
        self._published = discovered
        was_complete, self.is_complete = self.is_complete, True
        is_same = discovered.versions == before.versions and discovered.errors.keys() == before.errors.keys()
        if not was_complete or not is_same:
            self._notify()

    def _notify(self) -> None:
        for subscriber in tuple(self._subscribers):
            subscriber()
