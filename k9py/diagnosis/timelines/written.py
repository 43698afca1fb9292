"""Managed fields: who wrote an object last, and when; and the release Secrets of Helm. Of metadata alone.

A field manager has one time: that of its last change (metav1.ManagedFieldsEntry). So each manager gives one entry.
Invariant: the content of a ConfigMap or Secret is never read. Writes of the status are left out unless the object has
no others. To watch another type: `WRITTEN_TYPES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from k9py.api.standard_types import standard_type
from k9py.api.text import printable
from k9py.diagnosis.dependencies import HELM_PREFIX
from k9py.diagnosis.graph import FieldManager, Graph, ObjectMetadata
from k9py.diagnosis.timeline import EntryKind, Knowledge, TimelineEntry
from k9py.diagnosis.timelines.source import source

WRITTEN_TYPES: Final = tuple(
    standard_type(group, kind)
    for group, kind in (
        ("apps", "Deployment"),
        ("apps", "StatefulSet"),
        ("apps", "DaemonSet"),
        ("", "Service"),
        ("", "ConfigMap"),
        ("", "Secret"),
        ("", "ServiceAccount"),
        ("", "PersistentVolumeClaim"),
        ("", "ResourceQuota"),
        ("", "LimitRange"),
        ("", "Node"),
        ("autoscaling", "HorizontalPodAutoscaler"),
        ("policy", "PodDisruptionBudget"),
        ("networking.k8s.io", "Ingress"),
        ("networking.k8s.io", "NetworkPolicy"),
        ("batch", "CronJob"),
        ("rbac.authorization.k8s.io", "Role"),
        ("rbac.authorization.k8s.io", "RoleBinding"),
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    )
)
SECRET: Final = standard_type("", "Secret")
LEADER_ANNOTATION: Final = "control-plane.alpha.kubernetes.io/leader"
"""Of ConfigMaps that old leader elections write every two seconds."""
_SAME_TIME: Final = timedelta(seconds=2)
_SHOWN_FIELDS: Final = 3


@source("writes", "managed fields: who wrote an object last, and when", types=WRITTEN_TYPES)
def writes(metadata: ObjectMetadata, graph: Graph, since: datetime) -> Iterator[TimelineEntry]:
    """Yield the last write of each field manager, and the creation where no manager is known for it."""
    if is_helm_release(metadata) or LEADER_ANNOTATION in metadata.annotations:
        return
    created = metadata.created_at
    is_creation_known = False
    for manager in writers(metadata.managers):
        if manager.at is None:
            continue
        is_creation = created is not None and abs(manager.at - created) <= _SAME_TIME
        is_creation_known |= is_creation
        if manager.at >= since:
            yield TimelineEntry(
                manager.at,
                metadata.ref,
                EntryKind.CHANGE,
                "created" if is_creation else written_text(manager),
                by=printable(manager.manager),
                source="managedFields",
                details=(f"manages {', '.join(map(printable, manager.fields))}",) if manager.fields else (),
                knowledge=Knowledge.WRITTEN,
            )
    if created is not None and created >= since and not is_creation_known:
        yield TimelineEntry(created, metadata.ref, EntryKind.CHANGE, "created", source="metadata.creationTimestamp")


@source("releases", "revisions of Helm releases, from the metadata of their Secrets", types=(SECRET,))
def releases(metadata: ObjectMetadata, graph: Graph, since: datetime) -> Iterator[TimelineEntry]:
    """Yield a revision of a Helm release: the labels have its name, number, status and time of the last change."""
    if not is_helm_release(metadata):
        return
    labels = metadata.labels
    at = _modified_at(labels.get("modifiedAt", "")) or metadata.created_at
    if at is not None and at >= since:
        name, number = printable(labels.get("name", "")), printable(labels.get("version", "?"))
        yield TimelineEntry(
            at,
            metadata.ref,
            EntryKind.RELEASE,
            f"Helm release {name} revision {number}: {printable(labels.get('status', 'unknown'))}",
            by=printable(metadata.managers[0].manager) if metadata.managers else "",
            source=f"Secret {printable(metadata.ref.name)}",
        )


def is_helm_release(metadata: ObjectMetadata) -> bool:
    """Return whether an object stores a revision of a Helm release (helm.sh/helm/v3/pkg/storage/driver/secrets.go)."""
    return metadata.labels.get("owner") == "helm" and metadata.ref.name.startswith(HELM_PREFIX)


def writers(managers: Sequence[FieldManager]) -> Sequence[FieldManager]:
    """Return the managers without those of the status, unless there are no others."""
    return [manager for manager in managers if not is_of_status(manager)] or managers


def is_of_status(manager: FieldManager) -> bool:
    """Return whether a manager wrote nothing but the status."""
    return manager.subresource == "status" or (bool(manager.fields) and set(manager.fields) == {"status"})


def written_text(manager: FieldManager) -> str:
    """Return what a manager wrote as far as the fields it owns show: `data changed`, `spec.replicas changed`."""
    if manager.subresource == "scale":
        return "scaled"
    fields = [field for field in manager.fields if not field.startswith("metadata.")] or list(manager.fields)
    if not fields or len(fields) > _SHOWN_FIELDS:
        return "changed"
    return f"{', '.join(printable(field) for field in fields)} changed"


def _modified_at(seconds: str) -> datetime | None:
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) < 12):
        return None
    return datetime.fromtimestamp(int(seconds), UTC)
