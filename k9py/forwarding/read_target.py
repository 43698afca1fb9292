"""Reads what a forward needs to know of its target before it starts: which pods belong to it.

Invariant: nothing is guessed: a target that stands for no pods is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol, TypeVar

import msgspec

from k9py.api.errors import ConnectionFailedError, ForbiddenError, NotFoundError, RefusedError
from k9py.api.kinds import SERVICE, is_pod
from k9py.api.kinds_with_pods import FORWARDED_KINDS
from k9py.api.meta import ObjectRef, OwnerReference
from k9py.api.plural import with_article
from k9py.api.pods import Pod, PodTemplate
from k9py.api.selectors import LabelSelector, selector_text
from k9py.api.services import Service
from k9py.forwarding.targets import ForwardTarget, object_title, refuse_service

T = TypeVar("T")

_BY_NAME: Final = ("StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job")
"""Kinds that are the controller of their pods; a Deployment's are controlled by its ReplicaSets."""
_INTERCHANGEABLE: Final = ("ReplicaSet", "ReplicationController")
"""Controllers whose pods can stand in for each other."""


class ReadingConnection(Protocol):
    """The part of a connection that reads an object."""

    async def get(self, key: ObjectRef, subresource: str = "") -> dict[str, Any]: ...


async def read_target(connection: ReadingConnection, ref: ObjectRef) -> tuple[ForwardTarget, tuple[Pod, ...]]:
    """Return what a reference stands for, and the pod when it is one.

    Raises:
        RefusedError: nothing of this kind has pods, or this one has none.
        NotFoundError: it does not exist.
        KdashError: it cannot be read.
    """
    if not ref.group and ref.kind not in FORWARDED_KINDS:
        raise RefusedError(
            f"{with_article(ref.kind)} has no ports to forward",
            "name a pod, a Service or a workload: pod/NAME, svc/NAME, deploy/NAME",
        )
    raw = await _get(connection, ref)
    if is_pod(ref):
        pod = _decode(raw, Pod, "Pod")
        return await _pod_target(connection, ref, pod), (pod,)
    if ref.kind == SERVICE.name and not ref.group:
        service = _decode(raw, Service, "Service")
        refuse_service(service)
        return ForwardTarget(ref, label_selector=selector_text(service.spec.selector), service=service), ()
    return _workload_target(ref, raw), ()


def _workload_target(ref: ObjectRef, raw: Mapping[str, Any]) -> ForwardTarget:
    spec = raw.get("spec")
    fields = spec if isinstance(spec, dict) else {}
    selector = _selector(ref, fields.get("selector"))
    if not selector:
        raise RefusedError(
            f"{object_title(ref)} has no selector of pods",
            "name a pod, a Service or a workload: pod/NAME, svc/NAME, deploy/NAME",
        )
    template = _decode(fields.get("template") or {}, PodTemplate, ref.kind).spec
    if ref.group:
        return ForwardTarget(ref, label_selector=selector, template=template)
    if ref.kind in _BY_NAME:
        return ForwardTarget(
            ref, label_selector=selector, controller_kind=ref.kind, controller_name=ref.name, template=template
        )
    return ForwardTarget(ref, label_selector=selector, controller_kind="ReplicaSet", template=template)


async def _pod_target(connection: ReadingConnection, ref: ObjectRef, pod: Pod) -> ForwardTarget:
    """Return the target of a pod; with the pods that can stand in for it, if its controllers may be read."""
    alone = ForwardTarget(ref, field_selector=f"metadata.name={ref.name}", pod=ref.name)
    owner = pod.metadata.controller
    if owner is None or owner.kind not in _INTERCHANGEABLE:
        return alone
    try:
        raw = await _get(connection, ObjectRef(owner.kind, ref.namespace, owner.name))
        above = _controller(raw)
        if above is not None and above.kind == "Deployment":
            raw = await _get(connection, ObjectRef(above.kind, ref.namespace, above.name))
        spec = raw.get("spec")
        selector = _selector(ref, spec.get("selector") if isinstance(spec, dict) else None)
    except (ForbiddenError, NotFoundError):
        return alone
    if not selector:
        return alone
    is_deployed = above is not None and above.kind == "Deployment"
    return ForwardTarget(
        ref,
        label_selector=selector,
        pod=ref.name,
        has_stand_ins=True,
        controller_kind=owner.kind,
        controller_name="" if is_deployed else owner.name,
    )


def _controller(raw: Mapping[str, Any]) -> OwnerReference | None:
    metadata = raw.get("metadata")
    owners = metadata.get("ownerReferences") if isinstance(metadata, dict) else None
    decoded = _decode(owners or [], list[OwnerReference], "ownerReferences")
    return next((owner for owner in decoded if owner.controller), None)


def _selector(ref: ObjectRef, raw: Any) -> str:
    if not isinstance(raw, dict):
        return ""
    if ref.kind == "ReplicationController" and not ref.group:  # a plain map, as that of a Service
        return selector_text(_decode(raw, dict[str, str], ref.kind))
    return str(_decode(raw, LabelSelector, ref.kind))


async def _get(connection: ReadingConnection, ref: ObjectRef) -> dict[str, Any]:
    try:
        return await connection.get(ref)
    except NotFoundError as error:
        raise NotFoundError(
            f"{object_title(ref)} does not exist in {ref.namespace}",
            "check the name and the namespace",
            code=error.code,
        ) from error


def _decode(raw: Any, type_: type[T], what: str) -> T:
    try:
        return msgspec.convert(raw, type_, strict=False)
    except msgspec.ValidationError as error:
        raise ConnectionFailedError(f"unexpected format of {what}: {error}", "is this a Kubernetes API?") from error
