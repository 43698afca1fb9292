"""List objects of any type in some namespaces: pages decoded while the next one arrives.

Invariants: an object that does not decode is skipped and counted, alone. A list that expires between two pages is
listed again without pages.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import msgspec

from k9py.api.errors import ExpiredError
from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject
from k9py.api.resource_type import ResourceType
from k9py.cli.command_line import ScopeArguments
from k9py.informer.decoder import learn_columns, read_page
from k9py.informer.lister_watcher import ListerWatcher
from k9py.session import ClusterSession

PAGE_LIMIT: Final = 500
"""Objects in a page, as kubectl requests them."""

T = TypeVar("T", bound=KubeObject)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which objects are read.

    Args:
        namespaces: "" alone is the whole cluster.
        label_selector, field_selector: "" selects everything.
    """

    namespaces: tuple[str, ...]
    label_selector: str = ""
    field_selector: str = ""

    @property
    def is_one_namespace(self) -> bool:
        """Whether all objects are in the same namespace."""
        return len(self.namespaces) == 1 and bool(self.namespaces[0])

    def namespaces_of(self, resource_type: ResourceType) -> tuple[str, ...]:
        """Return the namespaces to read for a type; ("",) for one without namespaces."""
        return self.namespaces if resource_type.namespaced else ("",)

    @classmethod
    def of(
        cls, session: ClusterSession, arguments: ScopeArguments, *, label_selector: str = "", field_selector: str = ""
    ) -> Scope:
        """Return the scope of a command line: the context's namespace unless one was named."""
        namespaces = ("",) if arguments.all_namespaces else arguments.namespaces or (session.namespace,)
        return cls(namespaces, label_selector, field_selector)


@dataclass(slots=True)
class Listing(Generic[T]):
    """A list that was read completely.

    Args:
        objects: in the server's order, by namespace and name.
        skipped: objects that did not decode, and why the last of them did not.
    """

    objects: list[T] = field(default_factory=list)
    skipped: int = 0
    skipped_reason: str = ""


async def list_objects(session: ClusterSession, kind: Kind[T], scope: Scope) -> Listing[T]:
    """Read and decode the objects of a kind. Raises KdashError."""
    listings = await gather_all([_list(_lister(session, kind, scope, at), kind) for at in _namespaces(kind, scope)])
    merged: Listing[T] = Listing()
    for listing in listings:
        merged.objects += listing.objects
        merged.skipped += listing.skipped
        merged.skipped_reason = listing.skipped_reason or merged.skipped_reason
    return merged


async def gather_all(jobs: list[Any]) -> list[Any]:
    """Await jobs together; the first error cancels the others and is raised as itself."""
    tasks = [asyncio.ensure_future(job) for job in jobs]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


def _namespaces(kind: Kind[Any], scope: Scope) -> tuple[str, ...]:
    return scope.namespaces_of(kind.resource_type)


def _lister(session: ClusterSession, kind: Kind[Any], scope: Scope, namespace: str) -> ListerWatcher:
    return session.connection.lister_watcher(
        kind, namespace, label_selector=scope.label_selector, field_selector=scope.field_selector
    )


async def _list(lister: ListerWatcher, kind: Kind[T]) -> Listing[T]:
    try:
        return await _list_pages(lister, kind, PAGE_LIMIT)
    except ExpiredError:
        return await _list_pages(lister, kind, 0)


async def _list_pages(lister: ListerWatcher, kind: Kind[T], limit: int) -> Listing[T]:
    listing: Listing[T] = Listing()
    following: asyncio.Future[bytes] | None = asyncio.ensure_future(lister.list_page(limit=limit))
    try:
        while following is not None:
            body = await following
            page = read_page(body)
            token = page.metadata.continue_
            following = asyncio.ensure_future(lister.list_page(limit=limit, continue_token=token)) if token else None
            await asyncio.sleep(0)  # the next page is requested before this one is decoded
            learn_columns(kind, body)
            for element in page.elements:
                try:
                    listing.objects.append(kind.decode(element))
                except msgspec.DecodeError as error:
                    listing.skipped += 1
                    listing.skipped_reason = str(error)
    finally:
        if following is not None:
            following.cancel()
    return listing
