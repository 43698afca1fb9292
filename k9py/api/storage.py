"""Storage: claims and volumes (core/v1), StorageClasses and VolumeAttachments (storage.k8s.io/v1).

Invariant: only the fields that tables and checks read. To read another one: a field here.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from k9py.api.meta import Condition, KubeObject, KubeStruct, Meta
from k9py.api.quantities import Quantity
from k9py.api.scheduling import NodeSelector
from k9py.api.selectors import LabelSelector

_CLASS_ANNOTATION: Final = "volume.beta.kubernetes.io/storage-class"
_DEFAULT_ANNOTATIONS: Final = (
    "storageclass.kubernetes.io/is-default-class",
    "storageclass.beta.kubernetes.io/is-default-class",
)


def storage_class(metadata: Meta, name: str | None) -> str:
    """Return the name of a storage class; the annotation from before there was a field comes first."""
    return metadata.annotation(_CLASS_ANNOTATION) or name or ""


class ClaimRef(KubeStruct, frozen=True):
    """core/v1 ObjectReference to a claim."""

    namespace: str = ""
    name: str = ""
    uid: str = ""


class CsiVolume(KubeStruct, frozen=True):
    """core/v1 CSIPersistentVolumeSource."""

    driver: str = ""
    volume_handle: str = ""


class VolumeNodeAffinity(KubeStruct, frozen=True):
    """core/v1 VolumeNodeAffinity."""

    required: NodeSelector | None = None


class VolumeSpec(KubeStruct, frozen=True):
    """core/v1 PersistentVolumeSpec."""

    capacity: dict[str, Quantity] | None = None
    access_modes: tuple[str, ...] | None = None
    persistent_volume_reclaim_policy: str = ""
    claim_ref: ClaimRef | None = None
    storage_class_name: str = ""
    volume_attributes_class_name: str | None = None
    volume_mode: str | None = None
    node_affinity: VolumeNodeAffinity | None = None
    csi: CsiVolume | None = None


class VolumeStatus(KubeStruct, frozen=True):
    """core/v1 PersistentVolumeStatus."""

    phase: str = ""
    reason: str = ""
    message: str = ""


class PersistentVolume(KubeObject, frozen=True):
    """A PersistentVolume."""

    KIND: ClassVar[str] = "PersistentVolume"

    spec: VolumeSpec = VolumeSpec()
    status: VolumeStatus = VolumeStatus()


class ClaimResources(KubeStruct, frozen=True):
    """core/v1 VolumeResourceRequirements."""

    requests: dict[str, Quantity] | None = None


class ClaimSpec(KubeStruct, frozen=True):
    """core/v1 PersistentVolumeClaimSpec; a class of None means the default class, "" none."""

    volume_name: str = ""
    storage_class_name: str | None = None
    volume_attributes_class_name: str | None = None
    volume_mode: str | None = None
    resources: ClaimResources = ClaimResources()
    access_modes: tuple[str, ...] | None = None
    selector: LabelSelector | None = None


class ClaimStatus(KubeStruct, frozen=True):
    """core/v1 PersistentVolumeClaimStatus."""

    phase: str = ""
    access_modes: tuple[str, ...] | None = None
    capacity: dict[str, Quantity] | None = None
    conditions: tuple[Condition, ...] | None = None


class PersistentVolumeClaim(KubeObject, frozen=True):
    """A PersistentVolumeClaim."""

    KIND: ClassVar[str] = "PersistentVolumeClaim"

    spec: ClaimSpec = ClaimSpec()
    status: ClaimStatus = ClaimStatus()


class StorageClass(KubeObject, frozen=True):
    """A StorageClass."""

    KIND: ClassVar[str] = "StorageClass"

    provisioner: str = ""
    reclaim_policy: str = "Delete"
    volume_binding_mode: str = "Immediate"
    allow_volume_expansion: bool | None = None

    @property
    def is_default(self) -> bool:
        """Whether claims without a class get this one."""
        return any(self.metadata.annotation(name) == "true" for name in _DEFAULT_ANNOTATIONS)


class AttachmentSource(KubeStruct, frozen=True):
    """storage/v1 VolumeAttachmentSource; an inline volume has no name."""

    persistent_volume_name: str = ""


class AttachmentSpec(KubeStruct, frozen=True):
    """storage/v1 VolumeAttachmentSpec; `attacher` is the CSI driver."""

    attacher: str = ""
    node_name: str = ""
    source: AttachmentSource = AttachmentSource()


class VolumeError(KubeStruct, frozen=True):
    """storage/v1 VolumeError: the last failure of attaching or detaching."""

    message: str = ""
    time: datetime | None = None


class AttachmentStatus(KubeStruct, frozen=True):
    """storage/v1 VolumeAttachmentStatus."""

    attached: bool = False
    attach_error: VolumeError | None = None
    detach_error: VolumeError | None = None


class VolumeAttachment(KubeObject, frozen=True):
    """A VolumeAttachment: a volume that is, or is to be, attached to a node."""

    KIND: ClassVar[str] = "VolumeAttachment"

    spec: AttachmentSpec = AttachmentSpec()
    status: AttachmentStatus = AttachmentStatus()
