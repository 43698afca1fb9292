"""Find resource types by what a person types: `po`, `deploy`, `Ingress`, `certificates.cert-manager.io`, `all`.

Invariants: names are compared without regard to case. A standard type comes before one that a server adds under the
same name, as with kubectl; the added one is found by `plural.group`. A set of types is immutable: discovery makes a new
one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.api.standard_types import STANDARD_TYPES, ref_group_of

NEAREST: Final = 3
"""Names suggested for one that is not known."""


class ResourceTypes:
    """Types by their names.

    Args:
        types: those that come first take precedence where names are the same.
    """

    def __init__(self, types: Iterable[ResourceType]) -> None:
        self._types = tuple(types)
        self._by_name: dict[str, ResourceType] = {}
        self._by_ref: dict[tuple[str, str], ResourceType] = {}
        self._by_category: dict[str, list[ResourceType]] = {}
        for resource_type in self._types:
            self._by_ref.setdefault((resource_type.ref_group, resource_type.kind), resource_type)
            for category in resource_type.categories:
                self._by_category.setdefault(category, []).append(resource_type)
        for names_of in (_full_names, _singular_names, _short_names, _qualified_names):
            for resource_type in self._types:
                for name in names_of(resource_type):
                    self._by_name.setdefault(name.lower(), resource_type)

    def __iter__(self) -> Iterator[ResourceType]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def find(self, name: str) -> ResourceType | None:
        """Return the type of a name: plural, singular, kind or short name; each also `.group` or `.version.group`."""
        return self._by_name.get(name.lower())

    def in_category(self, name: str) -> tuple[ResourceType, ...]:
        """Return the types of a category such as "all"; () when there is no such category."""
        return tuple(self._by_category.get(name.lower(), ()))

    def of_ref(self, ref: ObjectRef) -> ResourceType | None:
        """Return the type of an object, None when it is not known."""
        return self._by_ref.get((ref.group, ref.kind))

    def of_kind(self, api_version: str, kind: str) -> ResourceType | None:
        """Return the type of a kind in a group; the version may be another one than in `api_version`."""
        return self._by_ref.get((ref_group_of(api_version, kind), kind))

    def nearest(self, name: str) -> tuple[str, ...]:
        """Return up to three plural names that are most like a name that is not known."""
        matches = get_close_matches(name.lower(), self._by_name, n=4 * NEAREST, cutoff=0.5)
        nearest = dict.fromkeys(self._by_name[match].plural for match in matches)
        if len(nearest) < NEAREST:  # short words are like nothing: their letters have to do
            plurals = {resource_type.plural for resource_type in self._types}
            nearest |= dict.fromkeys(get_close_matches(name.lower(), sorted(plurals), n=2 * NEAREST, cutoff=0.1))
        return tuple(nearest)[:NEAREST]


def _full_names(resource_type: ResourceType) -> tuple[str, ...]:
    plural, group, version = resource_type.plural, resource_type.group, resource_type.version
    if not group:
        return (plural, f"{plural}.{version}")
    return (plural, f"{plural}.{group}", f"{plural}.{version}.{group}")


def _singular_names(resource_type: ResourceType) -> tuple[str, ...]:
    names = (resource_type.singular, resource_type.kind) if resource_type.singular else (resource_type.kind,)
    return (*names, *(f"{name}.{resource_type.group}" for name in names)) if resource_type.group else names


def _short_names(resource_type: ResourceType) -> tuple[str, ...]:
    return resource_type.short_names


def _qualified_names(resource_type: ResourceType) -> Iterator[str]:
    """Yield the other names with group and version, as kubectl takes them: `deploy.apps`, `deploy.v1.apps`."""
    group, version = resource_type.group, resource_type.version
    for name in (*_singular_names(resource_type), *resource_type.short_names):
        yield from (f"{name}.{group}", f"{name}.{version}.{group}") if group else (f"{name}.{version}",)


STANDARD: Final = ResourceTypes(STANDARD_TYPES)
"""The types that every current server has."""
