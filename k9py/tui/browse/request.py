"""What a resource screen lists: a type, where, and which of its objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.resource_type import ResourceType
from k9py.api.text import printable

BY_NAME: Final = "metadata.name="
"""The field selector of an object, before its name."""
MAX_CRUMBS: Final = 4
"""Parts of a title."""


@dataclass(frozen=True, slots=True)
class ResourceRequest:
    """The objects of a table.

    Args:
        resource_type: what is listed.
        namespaces: None: those of the dashboard's scope, whatever it becomes; (): the whole cluster.
        label_selector, field_selector: as the server takes them; "" selects everything.
        owner: only objects that this one controls, None for all.
        owner_uid: its uid.
    """

    resource_type: ResourceType
    namespaces: tuple[str, ...] | None = None
    label_selector: str = ""
    field_selector: str = ""
    owner: ObjectRef | None = None
    owner_uid: str = ""

    @property
    def key(self) -> tuple[object, ...]:
        """What requests for the same objects have in common; the type may be the built-in or the discovered one."""
        selectors = (self.label_selector, self.field_selector, self.owner_uid)
        return (self.resource_type.qualified_name, self.namespaces, *selectors)

    @property
    def narrowing(self) -> str:
        """Which objects are selected, for the title; "" for all."""
        owner = "" if self.owner is None else f"of {self.owner.qualified_kind} {self.owner.name}"
        return " · ".join(part for part in (owner, self.label_selector, self.field_selector) if part)

    @property
    def object_name(self) -> str:
        """The name of the only object that is wanted, "" when none was named."""
        name = self.field_selector.removeprefix(BY_NAME)
        is_name = self.field_selector.startswith(BY_NAME) and "," not in name and not self.label_selector
        return name if is_name else ""

    def namespaces_in(self, scope: tuple[str, ...]) -> tuple[str, ...]:
        """Return the namespaces that are listed, () for the whole cluster.

        Args:
            scope: those of the dashboard.
        """
        if not self.resource_type.namespaced:
            return ()
        return scope if self.namespaces is None else self.namespaces

    def place(self, scope: tuple[str, ...]) -> str:
        """Return where its objects are, for a title: "namespace shop", "all namespaces", "" for a cluster's own."""
        if not self.resource_type.namespaced:
            return ""
        match self.namespaces_in(scope):
            case ():
                return "all namespaces"
            case (namespace,):
                return f"namespace {namespace}"
            case (first, second):
                return f"namespaces {first}, {second}"
            case several:
                return count_noun(len(several), "namespace")


def title_of(crumbs: Sequence[str]) -> str:
    """Return a title of what led to a screen: `nodes › node-1 › pods`; only the last ones of many."""
    last = [printable(crumb) for crumb in crumbs[-MAX_CRUMBS:]]
    return " › ".join(["…", *last] if len(crumbs) > MAX_CRUMBS else last)
