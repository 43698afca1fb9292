"""Who wrote the fields of a workload or Service that we tell about: a small part of its managedFields.

Invariant: only entries that own the pod template, the number of replicas or the selector of a Service are kept, and of
what they own only that they do: the rest is half of most objects. To tell of another field, add it to `OwnedSpec`.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from k9py.api.meta import KubeStruct, Meta


class _Anything(KubeStruct, frozen=True):
    """An object of which only its presence matters."""


class OwnedSpec(KubeStruct, frozen=True):
    """The owned part of a spec (metav1.FieldsV1)."""

    template: _Anything | None = msgspec.field(default=None, name="f:template")
    replicas: _Anything | None = msgspec.field(default=None, name="f:replicas")
    selector: _Anything | None = msgspec.field(default=None, name="f:selector")


class OwnedFields(KubeStruct, frozen=True):
    """metav1.FieldsV1 of a workload."""

    spec: OwnedSpec | None = msgspec.field(default=None, name="f:spec")


class ManagedFields(KubeStruct, frozen=True):
    """metav1.ManagedFieldsEntry: `time` is when the manager last changed any field it owns."""

    manager: str = ""
    operation: str = ""
    time: datetime | None = None
    subresource: str = ""
    fields: OwnedFields | None = msgspec.field(default=None, name="fieldsV1")

    @property
    def owns_template(self) -> bool:
        """True when a field of the pod template is the manager's."""
        spec = self.fields.spec if self.fields else None
        return spec is not None and spec.template is not None

    @property
    def owns_replicas(self) -> bool:
        """True when the number of replicas is the manager's."""
        spec = self.fields.spec if self.fields else None
        return spec is not None and spec.replicas is not None

    @property
    def owns_selector(self) -> bool:
        """True when a field of the selector is the manager's."""
        spec = self.fields.spec if self.fields else None
        return spec is not None and spec.selector is not None


class WorkloadMeta(Meta, frozen=True):
    """metav1.ObjectMeta with who wrote the template and the number of replicas."""

    managed_fields: tuple[ManagedFields, ...] | None = None

    def __post_init__(self) -> None:
        if self.managed_fields:
            kept = tuple(one for one in self.managed_fields if one.owns_template or one.owns_replicas)
            msgspec.structs.force_setattr(self, "managed_fields", kept or None)


class ServiceMeta(Meta, frozen=True):
    """metav1.ObjectMeta with who wrote the selector."""

    managed_fields: tuple[ManagedFields, ...] | None = None

    def __post_init__(self) -> None:
        if self.managed_fields:
            kept = tuple(one for one in self.managed_fields if one.owns_selector)
            msgspec.structs.force_setattr(self, "managed_fields", kept or None)
