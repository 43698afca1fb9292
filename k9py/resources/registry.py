"""Descriptors by kind. Those of kdash are found in `catalog/`: a new kind is one new file.

Invariant: a registry is immutable. Front ends get theirs passed in, so kinds from elsewhere (plugins, tests) are added
to a registry of their own, never to a shared one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator
from functools import cache

from k9py.api.resource_type import ResourceType
from k9py.resources import catalog
from k9py.resources.resource import Resource


class ResourceRegistry:
    """Descriptors by group and kind."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self._by_kind: dict[tuple[str, str], Resource] = {}
        for resource in resources:
            place = (resource.kind.group, resource.kind.name)
            assert place not in self._by_kind, f"two descriptors of {place}"
            self._by_kind[place] = resource

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._by_kind.values())

    def of(self, resource_type: ResourceType) -> Resource | None:
        """Return the descriptor of a type, None when the server's own columns are used."""
        return self._by_kind.get((resource_type.group, resource_type.kind))

    def extended(self, resources: Iterable[Resource]) -> ResourceRegistry:
        """Return a registry that has these descriptors too."""
        return ResourceRegistry((*self, *resources))


@cache
def built_in_resources() -> ResourceRegistry:
    """Return the descriptors of kdash."""
    names = [module.name for module in pkgutil.iter_modules(catalog.__path__, f"{catalog.__name__}.")]
    return ResourceRegistry(resource for name in names for resource in importlib.import_module(name).RESOURCES)
