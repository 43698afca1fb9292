"""The resources one server serves: the built-in ones and those of its CustomResourceDefinitions.

Invariant: each server (`Storage`) has a table of its own; routing, discovery and storage read it on every use, so that
a registered type is served at once and a removed one is gone at once. To serve an API that is not built in, register
its resources; to serve a server that lacks one (an older version), remove it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from k9py.simulator.registry.resources import RESOURCES, Resource

TableListener = Callable[[], None]


class ResourceTable:
    """Resources by path and by kind; iterating yields them in the order of discovery."""

    def __init__(self, resources: Iterable[Resource] = RESOURCES) -> None:
        self._by_path: dict[tuple[str, str, str], Resource] = {}
        self._listeners: list[TableListener] = []
        self._add(resources)

    def __iter__(self) -> Iterator[Resource]:
        return iter(tuple(self._by_path.values()))

    def find(self, group: str, version: str, plural: str) -> Resource | None:
        """Return the resource served under a path, or None."""
        return self._by_path.get((group, version, plural))

    def serves(self, resource: Resource) -> bool:
        """Return whether exactly this resource is served (its definition has not changed since)."""
        return self.find(resource.group, resource.version, resource.plural) is resource

    def of_kind(self, api_version: str, kind: str) -> Resource | None:
        """Return the resource that serves a kind, in any version of its group; None if there is none."""
        group = api_version.rpartition("/")[0]
        return next((r for r in self._by_path.values() if r.kind == kind and r.group == group), None)

    def owner_type(self, reference: Mapping[str, Any]) -> Resource | None:
        """Return the resource an ownerReference (or another typed reference) names; None if it is not served."""
        version = reference.get("apiVersion")
        if version is None:  # optional in a scaleTargetRef
            return next((r for r in self._by_path.values() if r.kind == reference["kind"]), None)
        return self.of_kind(version, reference["kind"])

    def stored(self) -> list[Resource]:
        """Return one resource per kind of stored objects."""
        by_key: dict[tuple[str, str], Resource] = {}
        for resource in self._by_path.values():
            if resource.storage_version is None or resource.custom is not None:
                by_key.setdefault(resource.storage_key, resource)
        return list(by_key.values())

    def register(self, *resources: Resource) -> None:
        """Serve resources; each replaces the one at its path."""
        self._add(resources)
        self._publish()

    def remove(self, *resources: Resource) -> None:
        """Stop serving resources; no-op for those that are not served."""
        for resource in resources:
            self._by_path.pop((resource.group, resource.version, resource.plural), None)
        self._publish()

    def replace(self, group: str, plural: str, resources: Iterable[Resource]) -> None:
        """Serve these versions of a resource and no others."""
        for path in [path for path in self._by_path if path[0] == group and path[2] == plural]:
            del self._by_path[path]
        self._add(resources)
        self._publish()

    def on_change(self, listener: TableListener) -> Callable[[], None]:
        """Call a function after every change; return the function that unsubscribes."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _add(self, resources: Iterable[Resource]) -> None:
        for resource in resources:
            self._by_path[resource.group, resource.version, resource.plural] = resource

    def _publish(self) -> None:
        for listener in tuple(self._listeners):
            listener()
