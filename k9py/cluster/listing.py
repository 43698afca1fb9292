"""List objects of any type: pages are decoded while the next one arrives.

Invariants: an object that does not decode is skipped and counted, alone. A list that expires between two pages is
listed again without pages.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import msgspec

from k9py.api.errors import ExpiredError
from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject
from k9py.informer.decoder import learn_columns, read_page
from k9py.informer.lister_watcher import ListerWatcher

PAGE_LIMIT: Final = 500
"""Objects in a page, as kubectl requests them."""

T = TypeVar("T", bound=KubeObject)


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


async def list_all(lister: ListerWatcher, kind: Kind[T]) -> Listing[T]:
    """Read and decode the objects that a lister lists. Raises KdashError."""
    try:
        return await _list_pages(lister, kind, PAGE_LIMIT)
    except ExpiredError:
        return await _list_pages(lister, kind, 0)


async def list_bodies(lister: ListerWatcher) -> list[bytes]:
    """Read the pages of a list, not decoded. Raises KdashError."""
    try:
        return await _bodies(lister, PAGE_LIMIT)
    except ExpiredError:
        return await _bodies(lister, 0)


async def _bodies(lister: ListerWatcher, limit: int) -> list[bytes]:
    bodies = [await lister.list_page(limit=limit)]
    while token := read_page(bodies[-1]).metadata.continue_:
        bodies.append(await lister.list_page(limit=limit, continue_token=token))
    return bodies


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
