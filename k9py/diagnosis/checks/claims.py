"""Find claims that are not bound, or have lost their volume, and volumes and attachments that failed.

Invariants: a claim that waits for its first pod, and one that is being provisioned, is no finding; nor is a claim that
is kept by the pods that use it, for a moment.
Source: pkg/controller/volume/persistentvolume, pvcprotection, attachdetach.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.kinds import (
    PERSISTENT_VOLUME,
    PERSISTENT_VOLUME_CLAIM,
    POD,
    VOLUME_ATTACHMENT,
)
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.storage import PersistentVolume, PersistentVolumeClaim, VolumeAttachment
from k9py.api.text import printable, shorten
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.node_states import has_lost_node
from k9py.diagnosis.proof import event_evidence, field
from k9py.diagnosis.settling import is_recent
from k9py.diagnosis.unbound_claims import claim_users, unbound_claim

_GRACE: Final = timedelta(seconds=10)
_DELETING: Final = timedelta(minutes=2)
_WAIT: Final = "WaitForFirstConsumer"
_CLAIM_PROTECTION: Final = "kubernetes.io/pvc-protection"
_FAILURES: Final = frozenset({"ProvisioningFailed", "VolumeMismatch", "FailedBinding", "ClaimMisbound", "ClaimLost"})
_RESIZE_FAILURES: Final = frozenset({"VolumeResizeFailed", "FileSystemResizeFailed"})
_NO_VOLUME: Final = "no persistent volumes available for this claim and no storage class is set"
_MAX_VOLUMES: Final = 3


@check(
    "claim-unbound",
    "a PersistentVolumeClaim is not bound, or has lost its volume",
    subjects=(PERSISTENT_VOLUME_CLAIM,),
    reads=("PersistentVolume", "StorageClass", "Pod", "Event"),
    source="https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding",
    remedy="correct its StorageClass, or create a volume that fits it",
)
def claim_unbound(claim: PersistentVolumeClaim, graph: Graph) -> Iterator[Finding]:
    """Yield why a claim has no volume."""
    yield from unbound_claim(claim, graph)


@check(
    "claim-resize",
    "the volume of a claim cannot be enlarged",
    subjects=(PERSISTENT_VOLUME_CLAIM,),
    reads=("Event",),
    source="https://kubernetes.io/docs/concepts/storage/persistent-volumes/#expanding-persistent-volumes-claims",
    remedy="look at the events of the claim and the log of its CSI driver",
)
def claim_resize(claim: PersistentVolumeClaim, graph: Graph) -> Iterator[Finding]:
    """Yield that a volume could not be enlarged as asked."""
    conditions = {each.type for each in claim.status.conditions or () if each.status == "True"}
    if not conditions & {"Resizing", "ControllerResizeError", "NodeResizeError", "FileSystemResizePending"}:
        return
    failed = next((each for each in graph.events(claim) if each.reason in _RESIZE_FAILURES), None)
    if failed is not None:
        text = f"volume cannot be enlarged: {shorten(failed.message)}"
        proof = (event_evidence(claim, failed),)
        yield Finding(Severity.WARNING, failed.reason, text, claim.key, failed.first_seen, evidence=proof)


@check(
    "claim-terminating",
    "a claim or volume that is deleted is kept by its finalizers",
    subjects=(PERSISTENT_VOLUME_CLAIM, PERSISTENT_VOLUME),
    reads=("Pod",),
    source="https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection",
    remedy="end the pods that use it",
)
def claim_terminating(subject: PersistentVolumeClaim | PersistentVolume, graph: Graph) -> Iterator[Finding]:
    """Yield what keeps a claim or volume that is being deleted."""
    deleted = subject.metadata.deletion_timestamp
    if deleted is None or is_recent(deleted, graph, _DELETING):
        return
    finalizers = tuple(printable(each) for each in subject.metadata.finalizers or ())
    proof = (field(subject, "metadata.finalizers", ", ".join(finalizers)),)
    text = f"is being deleted, and kept by finalizer {', '.join(finalizers)}"
    steps: tuple[NextStep, ...] = ()
    if isinstance(subject, PersistentVolumeClaim):
        users = claim_users(subject, graph)
        if users and _CLAIM_PROTECTION in finalizers:
            text = f"is being deleted, and kept by the pods that use it: {', '.join(users[:_MAX_VOLUMES])}"
            user = graph.get(POD, users[0], subject.namespace)
            if not isinstance(user, Pod) or not has_lost_node(user, graph):
                ref = ObjectRef("Pod", subject.namespace, users[0])
                steps = (NextStep(f"end pod {users[0]}", "object.delete", ref),)
    elif subject.spec.claim_ref is not None and subject.status.phase == "Bound":
        owner = subject.spec.claim_ref
        text = f"is being deleted, and kept by claim {printable(owner.namespace)}/{printable(owner.name)}"
    yield Finding(Severity.WARNING, "Terminating", text, subject.key, deleted, evidence=proof, next_steps=steps)


@check(
    "volume-failed",
    "a PersistentVolume could not be deleted or recycled",
    subjects=(PERSISTENT_VOLUME,),
    reads=("Event",),
    source="https://kubernetes.io/docs/concepts/storage/persistent-volumes/#phase",
    remedy="look at the volume in its storage system, then delete the PersistentVolume",
)
def volume_failed(volume: PersistentVolume, graph: Graph) -> Iterator[Finding]:
    """Yield why a volume is in phase Failed."""
    if volume.status.phase == "Failed":
        detail = shorten(volume.status.message) or printable(volume.status.reason)
        text = "reclaiming failed" + (f": {detail}" if detail else "")
        proof = (field(volume, "status.phase", "Failed"), field(volume, "status.message", detail))
        yield Finding(Severity.WARNING, volume.status.reason or "VolumeFailedDelete", text, volume.key, evidence=proof)


@check(
    "volume-attachment",
    "a volume cannot be attached to its node, or not be detached",
    subjects=(VOLUME_ATTACHMENT,),
    reads=("PersistentVolume",),
    source="https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/volume-attachment-v1/",
    remedy="look at the log of the CSI driver's controller",
)
def volume_attachment(attachment: VolumeAttachment, graph: Graph) -> Iterator[Finding]:
    """Yield the error that a CSI driver reports; about the claim of the volume where it is known."""
    status, node = attachment.status, printable(attachment.spec.node_name)
    is_leaving = attachment.metadata.deletion_timestamp is not None
    error = status.detach_error if is_leaving else None if status.attached else status.attach_error
    if error is None or is_recent(attachment.metadata.creation_timestamp, graph, _GRACE):
        return
    verb, part = ("detached from", "detachError") if is_leaving else ("attached to", "attachError")
    text = f"volume cannot be {verb} node {node}: {shorten(error.message)}"
    proof = (field(attachment, f"status.{part}", error.message, error.time),)
    severity = Severity.WARNING if is_leaving else Severity.DOWN
    about = _claim_of(attachment, graph) or attachment.key
    reason = "FailedDetachVolume" if is_leaving else "FailedAttachVolume"
    yield Finding(severity, reason, text, about, error.time, CauseKind.MOUNT, evidence=proof)


def _claim_of(attachment: VolumeAttachment, graph: Graph) -> ObjectRef | None:
    name = attachment.spec.source.persistent_volume_name
    volume = graph.get(PERSISTENT_VOLUME, name) if name else None
    owner = volume.spec.claim_ref if volume is not None and not isinstance(volume, Unread) else None
    return ObjectRef("PersistentVolumeClaim", owner.namespace, owner.name) if owner is not None else None
