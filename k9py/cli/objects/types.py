"""Find the resource types of a command line: the standard ones without asking the server, others by discovery."""

from __future__ import annotations

from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import STANDARD
from k9py.api.text import printable
from k9py.resources.query import UnknownTypeError, find_types
from k9py.session import ClusterSession


async def types_named(session: ClusterSession, name: str) -> tuple[ResourceType, ...]:
    """Return the listable types of one name, several separated by commas, or a category.

    Raises:
        UnknownTypeError: the server has no such type.
        KdashError: the server could not be asked, or the objects cannot be listed.
    """
    if all(STANDARD.find(part) is not None for part in name.split(",")):
        return find_types(name, STANDARD)
    discovered = await session.discover()
    try:
        return find_types(name, session.resource_types)
    except UnknownTypeError as error:
        if discovered.errors:
            parts = ", ".join(map(printable, sorted(discovered.errors)))
            error.hint += f"; parts of the API do not answer: {parts}"
        raise
