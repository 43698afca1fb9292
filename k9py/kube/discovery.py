"""Ask a server for its resource types, all that it has and whatever part of it answers.

Owns the requests; `api/discovery.py` reads the responses. Invariants: one discovery at a time, whoever requests it;
names that are not known lead to at most one in `MISS_SECONDS`; a group that fails is named in the result, and its
neighbours are unaffected. A server older than 1.26 answers with one response for each version of a group: those are
requested a few at a time.
Source: Kubernetes API concepts, "Aggregated discovery".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from k9py.api.discovery import Discovered, GroupVersionTypes, combine, read_group_version, read_root
from k9py.api.errors import KdashError
from k9py.kube.foreign_response import malformed_body_error
from k9py.kube.request import ApiRequest, RequestInfo
from k9py.kube.transport import Transport

_AGGREGATED: Final = ",".join(
    (
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        "application/json",
    )
)
MISS_SECONDS: Final = 10.0
"""Seconds between two discoveries because a name was not known."""
_CONCURRENT: Final = 8
"""Requests for group versions at a time."""


class Discovery:
    """The resource types of one server.

    Args:
        transport: sends the requests.
        monotonic: returns seconds; None: the time of the event loop.

    Attributes:
        discovered: the last result; before the first, the standard types.
    """

    def __init__(self, transport: Transport, monotonic: Callable[[], float] | None = None) -> None:
        self.discovered = Discovered()
        self._transport = transport
        self._monotonic = monotonic or (lambda: asyncio.get_running_loop().time())
        self._lock = asyncio.Lock()
        self._started_at: float | None = None

    @property
    def has_discovered(self) -> bool:
        """Whether a discovery has succeeded: `discovered` is what the server said."""
        return bool(self.discovered.versions)

    async def refresh(self) -> Discovered:
        """Discover the types; one that began after this was called is enough.

        Raises:
            KdashError: the server gave no answer at all; `discovered` is what it was.
        """
        return await self._refresh(0.0)

    async def refresh_older_than(self, seconds: float) -> Discovered:
        """Discover the types unless that was done in the last seconds. Raises KdashError as `refresh`."""
        return await self._refresh(seconds)

    async def refresh_after_miss(self) -> Discovered:
        """Discover the types because a name is not known, unless that was done just now. Raises nothing."""
        try:
            return await self._refresh(MISS_SECONDS)
        except KdashError:
            return self.discovered  # whoever looks for the name says that it is not known

    async def _refresh(self, max_age: float) -> Discovered:
        requested_at = self._monotonic()
        async with self._lock:
            if self._started_at is None or requested_at - self._started_at >= max_age:
                self._started_at = self._monotonic()
                self.discovered = await self._discover()
            return self.discovered

    async def _discover(self) -> Discovered:
        errors: dict[str, KdashError] = {}
        roots = await asyncio.gather(*(self._root(path, errors) for path in ("/api", "/apis")))
        if len(errors) == len(roots):
            raise errors["/apis"]
        limit = asyncio.Semaphore(_CONCURRENT)
        wanted = [group_version for _, missing in roots for group_version in missing]
        fetched = await asyncio.gather(*(self._group_version(group, version, limit) for group, version in wanted))
        return combine([part for parts, _ in roots for part in parts] + fetched, errors)

    async def _root(
        self, path: str, errors: dict[str, KdashError]
    ) -> tuple[tuple[GroupVersionTypes, ...], tuple[tuple[str, str], ...]]:
        try:
            body = await self._get(path, _AGGREGATED)
            try:
                return read_root(body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise malformed_body_error(self._transport.server, body) from error
        except KdashError as error:
            errors[path] = error
            return (), ()

    async def _group_version(self, group: str, version: str, limit: asyncio.Semaphore) -> GroupVersionTypes:
        path = f"/apis/{group}/{version}" if group else f"/api/{version}"
        async with limit:
            try:
                body = await self._get(path, "application/json")
                try:
                    return read_group_version(group, version, body)
                except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                    raise malformed_body_error(self._transport.server, body) from error
            except KdashError as error:
                return GroupVersionTypes(group, version, error=error)

    async def _get(self, path: str, accept: str) -> bytes:
        headers = {"Accept": accept, "Accept-Encoding": "gzip"}
        return await self._transport.read(ApiRequest("GET", path, RequestInfo("get", path), headers=headers))
