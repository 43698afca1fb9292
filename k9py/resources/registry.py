"""Descriptors by kind. Those of kdash are in `catalog/`: a new kind is one new file, named after the kind.

Invariants: a registry is immutable to its users. A module of the catalog is imported when its kind is first asked for:
all of them would hold the event loop for a tenth of a second. Front ends get their registry passed in, so kinds from
elsewhere (plugins, tests) are added to a registry of their own, never to a shared one.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from k9py.api.relations import STANDARD_RELATIONS, Relation
from k9py.api.resource_type import ResourceType
from k9py.resources import catalog
from k9py.resources.resource import Resource


class ResourceRegistry:
    """Descriptors by group and kind.

    Args:
        resources: those that are there.
        modules: names of modules by kind in lower case, each with a tuple RESOURCES.
    """

    def __init__(self, resources: Iterable[Resource], modules: Mapping[str, str] | None = None) -> None:
        self._modules = dict(modules or {})
        self._by_kind: dict[tuple[str, str], Resource] = {}
        self._add(resources)

    def __iter__(self) -> Iterator[Resource]:
        """Iterate over all descriptors; imports all modules."""
        for kind in list(self._modules):
            self._load(kind)
        return iter(self._by_kind.values())

    def of(self, resource_type: ResourceType) -> Resource | None:
        """Return the descriptor of a type, None when the server's own columns are used."""
        self._load(resource_type.kind.lower())
        return self._by_kind.get((resource_type.group, resource_type.kind))

    def relations(self) -> tuple[Relation, ...]:
        """Return how objects of all kinds refer to others; imports all modules."""
        return (*STANDARD_RELATIONS, *(relation for resource in self for relation in resource.relations))

    def load_next(self) -> bool:
        """Import one more module; return whether there was one. Between two calls the event loop can run."""
        if not self._modules:
            return False
        self._load(next(iter(self._modules)))
        return True

    def extended(self, resources: Iterable[Resource]) -> ResourceRegistry:
        """Return a registry that has these descriptors too."""
        return ResourceRegistry((*self._by_kind.values(), *resources), self._modules)

    def _load(self, kind: str) -> None:
        module = self._modules.pop(kind, None)
        if module is not None:
            self._add(importlib.import_module(module).RESOURCES)

    def _add(self, resources: Iterable[Resource]) -> None:
        for resource in resources:
            place = (resource.kind.group, resource.kind.name)
            assert place not in self._by_kind, f"two descriptors of {place}"
            self._by_kind[place] = resource


@cache
def built_in_resources() -> ResourceRegistry:
    """Return the descriptors of kdash."""
    names = [module.name for module in pkgutil.iter_modules(catalog.__path__)]
    return ResourceRegistry((), {name.replace("_", ""): f"{catalog.__name__}.{name}" for name in names})
