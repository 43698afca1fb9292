"""List objects of any type in the namespaces of a command line."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, TypeVar

from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject
from k9py.api.resource_type import ResourceType
from k9py.cli.command_line import ScopeArguments
from k9py.cluster.listing import Listing, list_all
from k9py.informer.lister_watcher import ListerWatcher
from k9py.session import ClusterSession

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


async def list_objects(session: ClusterSession, kind: Kind[T], scope: Scope) -> Listing[T]:
    """Read and decode the objects of a kind. Raises KdashError."""
    listings = await gather_all([list_all(_lister(session, kind, scope, at), kind) for at in _namespaces(kind, scope)])
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
