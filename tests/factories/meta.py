"""Metadata, conditions, keys and the current time in tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from k9py.api.meta import Condition, KubeObject, ManagedFields, ObjectRef, OwnerReference, WorkloadMeta

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
IMAGE = "registry.example.com/checkout:1.0.0"


def before(seconds: float) -> datetime:
    """Return the time that many seconds before NOW."""
    return NOW - timedelta(seconds=seconds)


def meta(
    kind: str,
    name: str,
    namespace: str = "shop",
    *,
    owner: KubeObject | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    generation: int = 1,
    created: datetime | None = None,
    deleted: datetime | None = None,
    uid: str = "",
    resource_version: str = "1",
    managed: Sequence[ManagedFields] = (),
) -> WorkloadMeta:
    owners = (OwnerReference(kind=owner.KIND, name=owner.name, uid=owner.uid, controller=True),) if owner else None
    return WorkloadMeta(
        name=name,
        namespace=namespace,
        uid=uid or f"{kind.lower()}-{name}",
        resource_version=resource_version,
        generation=generation,
        creation_timestamp=created or before(3600),
        deletion_timestamp=deleted,
        labels=dict(labels or {}),
        annotations=dict(annotations or {}),
        owner_references=owners,
        managed_fields=tuple(managed) or None,
    )


def condition(type_: str, status: str = "True", reason: str = "", message: str = "", since: float = 60) -> Condition:
    at = before(since)
    return Condition(
        type=type_, status=status, reason=reason, message=message, last_transition_time=at, last_update_time=at
    )


def key(kind: str, name: str, namespace: str = "shop") -> ObjectRef:
    return ObjectRef(kind, namespace, name)
