"""Who owns what, in a list of any type: the uid of each object and of its owners, decoded without anything else.

Invariant: nothing else of an object is kept, so that thousands of them are cheap.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from k9py.api.meta import KubeStruct


class OwnedObject(NamedTuple):
    """An object by its uid, and the uids of the objects that own it."""

    uid: str
    owners: tuple[str, ...] = ()


class OwnerList(NamedTuple):
    """Objects of one type.

    Args:
        objects: Those that were read.
        left_out: How many more there are; None: some, the server gives no number.
    """

    objects: tuple[OwnedObject, ...]
    left_out: int | None = 0


class _Owner(KubeStruct, frozen=True):
    uid: str = ""


class _Meta(KubeStruct, frozen=True):
    uid: str = ""
    owner_references: tuple[_Owner, ...] | None = None


class _Item(KubeStruct, frozen=True):
    metadata: _Meta = _Meta()


class _ListMeta(KubeStruct, frozen=True):
    token: str = msgspec.field(default="", name="continue")
    remaining_item_count: int | None = None


class _Page(KubeStruct, frozen=True):
    metadata: _ListMeta = _ListMeta()
    items: tuple[_Item, ...] | None = None


_decoder = msgspec.json.Decoder(_Page)


def decode_owner_page(data: bytes) -> tuple[OwnerList, str]:
    """Decode a page of a list.

    Returns:
        The objects, with the number that the following pages have, and the token for the next page, "" after the last.

    Raises:
        msgspec.DecodeError: It is no list.
    """
    page = _decoder.decode(data)
    objects = tuple(
        OwnedObject(item.metadata.uid, tuple(owner.uid for owner in item.metadata.owner_references or ()))
        for item in page.items or ()
    )
    token = page.metadata.token
    return OwnerList(objects, page.metadata.remaining_item_count or None if token else 0), token
