"""A resource type of the API, as data: where it is served, what it is called, what can be done with it.

Owns `ResourceType` alone: the types of Kubernetes itself are in `standard_types`, lookup by name in `resource_types`.
Source of the names: `APIResource` in apimachinery/pkg/apis/meta/v1/types.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from k9py.api.meta import ObjectRef

READ_WRITE: Final = frozenset(("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"))
"""The verbs of nearly every type."""


@dataclass(frozen=True, slots=True)
class ResourceType:
    """One resource in one version of its group.

    Args:
        group: "" is the core group.
        version: Such as "v1".
        plural: The name in URLs, such as "deployments".
        kind: Such as "Deployment".
        namespaced: Whether its objects are in a namespace.
        singular: Such as "deployment"; "" where a server does not give one.
        short_names: Such as ("deploy",).
        categories: Such as ("all",).
        verbs: What the server supports on it.
        subresources: Such as "status" and "scale".
        ref_group: Group in the references of its objects: "" for a standard type (see `ObjectRef`).
    """

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    singular: str = ""
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    verbs: frozenset[str] = READ_WRITE
    subresources: frozenset[str] = frozenset()
    ref_group: str = ""

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified_name(self) -> str:
        """`deployments.apps`, or `pods` for the core group: the name that no other type has."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def shown_name(self) -> str:
        """`pods`, or `services.serving.knative.dev` for a type that Kubernetes does not define: as screens name it."""
        return self.qualified_name if self.ref_group else self.plural

    @property
    def can_list(self) -> bool:
        """Whether its objects can be listed."""
        return "list" in self.verbs

    @property
    def can_watch(self) -> bool:
        """Whether its objects can be watched; metrics cannot."""
        return "watch" in self.verbs

    def ref(self, namespace: str, name: str) -> ObjectRef:
        """Return the reference of an object of this type."""
        return ObjectRef(self.kind, namespace if self.namespaced else "", name, self.ref_group)

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """Return the URL path of the collection, of an object or of its subresource.

        Args:
            namespace: "" for the whole cluster. The caller escapes it, and the name.
            name: "" for the collection.
        """
        parts = ["/apis" if self.group else "/api", *([self.group] if self.group else []), self.version]
        if namespace and self.namespaced:
            parts += ["namespaces", namespace]
        parts.append(self.plural)
        parts += [part for part in (name, subresource) if part]
        return "/".join(parts)
