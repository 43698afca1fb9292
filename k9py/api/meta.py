"""What every object has: metadata, owners, conditions, field ownership, and the key that identifies it.

Invariants: values are immutable and keep no reference to the bytes they were decoded from. `gc=False` is safe because
nothing here can form a cycle (mappings contain only strings, collections are tuples). Of managedFields, which are half
of most objects, only the entries that own the pod template, the replicas, a pause or a Service's selector are kept,
and only the fact that they do. To report the owner of another field: add it to `OwnedSpec`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, Final, NamedTuple

import msgspec


class ObjectRef(NamedTuple):
    """Identifies an object in selections, rows and stores.

    Args:
        kind: Such as "Deployment".
        namespace: "" for an object of the whole cluster.
        name: Its name.
        group: API group of a kind that Kubernetes does not define itself, such as "serving.knative.dev"; "" for all
            kinds of `resource_types.STANDARD`, whose names are unique. So a Service of Knative never equals a Service,
            and the reference of a standard object does not depend on the version it was read in.
    """

    kind: str
    namespace: str
    name: str
    group: str = ""

    @property
    def qualified_kind(self) -> str:
        """`Service`, or `Service.serving.knative.dev`: the kind as texts name it, which no other kind has."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    def __str__(self) -> str:
        kind = self.qualified_kind
        return f"{kind} {self.namespace}/{self.name}" if self.namespace else f"{kind} {self.name}"


class KubeStruct(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Base of every decoded value: immutable, camelCase in JSON, unknown fields skipped."""


class Present(KubeStruct, frozen=True):
    """An object of which only the presence is read."""


REMOVED_VERSIONS: Final = {
    "extensions/v1beta1": "1.22",
    "apps/v1beta1": "1.16",
    "apps/v1beta2": "1.16",
    "networking.k8s.io/v1beta1": "1.22",
    "rbac.authorization.k8s.io/v1beta1": "1.22",
    "batch/v1beta1": "1.25",
    "discovery.k8s.io/v1beta1": "1.25",
    "policy/v1beta1": "1.25",
    "autoscaling/v2beta1": "1.25",
    "autoscaling/v2beta2": "1.26",
}
"""API versions that Kubernetes serves no more, and since which release (the deprecated API migration guide)."""


class OwnerReference(KubeStruct, frozen=True):
    """The object that owns this one (metav1.OwnerReference)."""

    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None
    api_version: str = ""


class Meta(KubeStruct, frozen=True):
    """metav1.ObjectMeta without managedFields, which only some kinds need in part. Times are aware UTC."""

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
        """Return the value of a label, "" when it is absent."""
        return self.labels.get(name, "") if self.labels else ""

    def annotation(self, name: str) -> str:
        """Return the value of an annotation, "" when it is absent."""
        return self.annotations.get(name, "") if self.annotations else ""

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that controls this object, None when there is none."""
        for owner in self.owner_references or ():
            if owner.controller:
                return owner
        return None


class OwnedSpec(KubeStruct, frozen=True):
    """The owned part of a spec (metav1.FieldsV1)."""

    template: Present | None = msgspec.field(default=None, name="f:template")
    replicas: Present | None = msgspec.field(default=None, name="f:replicas")
    selector: Present | None = msgspec.field(default=None, name="f:selector")
    unschedulable: Present | None = msgspec.field(default=None, name="f:unschedulable")
    taints: Present | None = msgspec.field(default=None, name="f:taints")
    ports: Present | None = msgspec.field(default=None, name="f:ports")
    paused: Present | None = msgspec.field(default=None, name="f:paused")
    suspend: Present | None = msgspec.field(default=None, name="f:suspend")


class OwnedMetadata(KubeStruct, frozen=True):
    """The owned part of the metadata (metav1.FieldsV1)."""

    labels: Present | None = msgspec.field(default=None, name="f:labels")


class OwnedFields(KubeStruct, frozen=True):
    """metav1.FieldsV1 of an object."""

    spec: OwnedSpec | None = msgspec.field(default=None, name="f:spec")
    metadata: OwnedMetadata | None = msgspec.field(default=None, name="f:metadata")


class ManagedFields(KubeStruct, frozen=True):
    """metav1.ManagedFieldsEntry: `time` is when the manager last changed any field it owns."""

    manager: str = ""
    operation: str = ""
    time: datetime | None = None
    subresource: str = ""
    fields: OwnedFields | None = msgspec.field(default=None, name="fieldsV1")
    api_version: str = ""

    @property
    def owns_template(self) -> bool:
        """Whether the manager owns a field of the pod template."""
        spec = self.fields.spec if self.fields else None
        return spec is not None and spec.template is not None

    @property
    def owns_replicas(self) -> bool:
        """Whether the manager owns the number of replicas."""
        spec = self.fields.spec if self.fields else None
        return spec is not None and spec.replicas is not None

    @property
    def owns_pause(self) -> bool:
        """Whether the manager owns the switch that stops a workload: `paused` or `suspend`."""
        spec = self.fields.spec if self.fields else None
        return spec is not None and (spec.paused is not None or spec.suspend is not None)

    @property
    def owns_spec(self) -> bool:
        """Whether the manager owns any field of the spec."""
        return self.fields is not None and self.fields.spec is not None

    @property
    def owns_ports(self) -> bool:
        """Whether the manager owns a port of a Service."""
        spec = self.fields.spec if self.fields else None
        return spec is not None and spec.ports is not None

    @property
    def owns_selector(self) -> bool:
        """Whether the manager owns a field of the selector."""
        spec = self.fields.spec if self.fields else None
        return spec is not None and spec.selector is not None

    @property
    def owns_unschedulable(self) -> bool:
        """Whether the manager has cordoned the node."""
        spec = self.fields.spec if self.fields else None
        return spec is not None and spec.unschedulable is not None

    @property
    def owns_taints(self) -> bool:
        """Whether the manager owns a taint of a node."""
        spec = self.fields.spec if self.fields else None
        return spec is not None and spec.taints is not None

    @property
    def owns_labels(self) -> bool:
        """Whether the manager owns a label."""
        metadata = self.fields.metadata if self.fields else None
        return metadata is not None and metadata.labels is not None


class VersionedMeta(Meta, frozen=True):
    """metav1.ObjectMeta with who writes the object in an API version that is no longer served."""

    managed_fields: tuple[ManagedFields, ...] | None = None

    def __post_init__(self) -> None:
        if self.managed_fields:
            kept = tuple(entry for entry in self.managed_fields if entry.api_version in REMOVED_VERSIONS)
            msgspec.structs.force_setattr(self, "managed_fields", kept or None)


class WorkloadMeta(Meta, frozen=True):
    """metav1.ObjectMeta with the owners of the pod template, of the replicas and of what stops it."""

    managed_fields: tuple[ManagedFields, ...] | None = None

    def __post_init__(self) -> None:
        if self.managed_fields:
            kept = tuple(
                entry for entry in self.managed_fields if entry.owns_template or entry.owns_replicas or entry.owns_pause
            )
            msgspec.structs.force_setattr(self, "managed_fields", kept or None)

    @property
    def template_changed_at(self) -> datetime | None:
        """When somebody who owns the pod template last wrote anything, None when unknown."""
        return _last_write(entry for entry in self.managed_fields or () if entry.owns_template)


class ServiceMeta(Meta, frozen=True):
    """metav1.ObjectMeta with the owners of the selector and of the ports."""

    managed_fields: tuple[ManagedFields, ...] | None = None

    def __post_init__(self) -> None:
        if self.managed_fields:
            kept = tuple(entry for entry in self.managed_fields if entry.owns_selector or entry.owns_ports)
            msgspec.structs.force_setattr(self, "managed_fields", kept or None)

    @property
    def selector_changed_at(self) -> datetime | None:
        """When somebody who owns the selector last wrote anything, None when unknown."""
        return _last_write(entry for entry in self.managed_fields or () if entry.owns_selector)

    @property
    def ports_changed_at(self) -> datetime | None:
        """When somebody who owns the ports last wrote anything, None when unknown."""
        return _last_write(entry for entry in self.managed_fields or () if entry.owns_ports)


class SpecMeta(Meta, frozen=True):
    """metav1.ObjectMeta with the owners of the spec."""

    managed_fields: tuple[ManagedFields, ...] | None = None

    def __post_init__(self) -> None:
        if self.managed_fields:
            kept = tuple(entry for entry in self.managed_fields if entry.owns_spec)
            msgspec.structs.force_setattr(self, "managed_fields", kept or None)

    @property
    def spec_changed_at(self) -> datetime | None:
        """When somebody who owns a field of the spec last wrote anything, None when unknown."""
        return _last_write(self.managed_fields or ())


def _last_write(entries: Iterable[ManagedFields]) -> datetime | None:
    return max((entry.time for entry in entries if entry.time is not None), default=None)


_NODE_CONTROLLERS: Final = frozenset({"kubelet", "kube-controller-manager", "cloud-controller-manager"})
"""Managers that set labels and taints for what a node is, or for its state."""


class NodeMeta(Meta, frozen=True):
    """metav1.ObjectMeta with who cordoned the node, and who else wrote its taints and labels."""

    managed_fields: tuple[ManagedFields, ...] | None = None

    def __post_init__(self) -> None:
        if self.managed_fields:
            kept = tuple(
                entry
                for entry in self.managed_fields
                if entry.owns_unschedulable
                or (entry.manager not in _NODE_CONTROLLERS and (entry.owns_taints or entry.owns_labels))
            )
            msgspec.structs.force_setattr(self, "managed_fields", kept or None)

    @property
    def taints_changed_at(self) -> datetime | None:
        """When somebody who owns a taint last wrote anything, None when unknown."""
        return _last_write(entry for entry in self.managed_fields or () if entry.owns_taints)

    @property
    def labels_changed_at(self) -> datetime | None:
        """When somebody who owns a label last wrote anything, None when unknown."""
        return _last_write(entry for entry in self.managed_fields or () if entry.owns_labels)


class Condition(KubeStruct, frozen=True):
    """metav1.Condition; `status` is "True", "False" or "Unknown"."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None
    last_update_time: datetime | None = None


class KubeObject(KubeStruct, frozen=True):
    """An object with metadata. Subclasses set KIND, because list items have none."""

    KIND: ClassVar[str] = ""

    metadata: Meta

    @property
    def key(self) -> ObjectRef:
        return ObjectRef(self.KIND, self.metadata.namespace, self.metadata.name)

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
        """uid of the controlling owner, "" when there is none."""
        owner = self.metadata.controller
        return owner.uid if owner else ""


def find_condition(conditions: tuple[Condition, ...] | None, type_: str) -> Condition | None:
    """Return the condition of a type, None when it is not reported."""
    for condition in conditions or ():
        if condition.type == type_:
            return condition
    return None
