"""What every object has: metadata, owners, conditions, and the key by which we name it.

Invariant: values are immutable and keep no reference to the bytes they came from. `gc=False` is safe because nothing
here can form a cycle (mappings hold strings only, collections are tuples).
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, NamedTuple

import msgspec


class ObjectKey(NamedTuple):
    """Names an object for selection, rows and stores: kind, namespace ("" when cluster-scoped), name."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        place = f"{self.namespace}/" if self.namespace else ""
        return f"{self.kind} {place}{self.name}"


class KubeStruct(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Base of every decoded value: immutable, camelCase on the wire, unknown fields skipped."""


class OwnerReference(KubeStruct, frozen=True):
    """The object that owns this one (metav1.OwnerReference)."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None


class Meta(KubeStruct, frozen=True):
    """metav1.ObjectMeta without managedFields (`managed.WorkloadMeta` has a part of them). Times are aware UTC."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    owner_references: tuple[OwnerReference, ...] | None = None
    finalizers: tuple[str, ...] | None = None

    def label(self, name: str) -> str:
        """Return a label's value, "" when absent."""
        return self.labels.get(name, "") if self.labels else ""

    def annotation(self, name: str) -> str:
        """Return an annotation's value, "" when absent."""
        return self.annotations.get(name, "") if self.annotations else ""

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that manages this object, if any."""
        for owner in self.owner_references or ():
            if owner.controller:
                return owner
        return None


class Condition(KubeStruct, frozen=True):
    """A status condition of any kind; `status` is "True", "False" or "Unknown"."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None
    last_update_time: datetime | None = None


class KubeObject(KubeStruct, frozen=True):
    """An object with metadata. Subclasses set KIND, since list items carry none."""

    KIND: ClassVar[str] = ""

    metadata: Meta

    @property
    def key(self) -> ObjectKey:
        return ObjectKey(self.KIND, self.metadata.namespace, self.metadata.name)

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def namespace(self) -> str:
        return self.metadata.namespace

    @property
    def uid(self) -> str:
        return self.metadata.uid

    @property
    def owner_uid(self) -> str:
        """uid of the managing controller, "" when there is none."""
        owner = self.metadata.controller
        return owner.uid if owner else ""


def find_condition(conditions: tuple[Condition, ...] | None, type_: str) -> Condition | None:
    """Return the condition of that type, None when it is not reported."""
    for one in conditions or ():
        if one.type == type_:
            return one
    return None
