"""Remove a pod that was created for debugging, and list those that were left over.

Invariant: only the pod with the uid that was created is deleted, through the same `Writer` as every write, so it is
refused read-only and audited.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from k9py.api.errors import NotFoundError
from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.operations.debugging.pods import LEFTOVERS
from k9py.operations.delete_pod import plan_delete_pod
from k9py.operations.patcher import Reader
from k9py.operations.plan import WritePlan, WriteResult
from k9py.operations.preconditions import ref_of
from k9py.operations.write import Writer

GRACE_SECONDS: Final = 1
"""A shell ignores SIGTERM, and so would hold its pod for the usual 30 seconds. Not 0: the kubelet has to confirm it."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A pod that kdash has created for debugging.

    Args:
        node: "" when it is not scheduled.
        created: RFC 3339, as the server has it.
    """

    ref: ObjectRef
    pod: Pod
    node: str
    created: str


async def remove_pod(
    writer: Writer, reader: Reader, ref: ObjectRef, *, uid: str = "", grace_seconds: int = GRACE_SECONDS
) -> WriteResult | None:
    """Delete a pod; None when it is gone already, or another one has its name.

    Raises:
        KdashError: it was refused, or nobody knows whether it was made.
    """
    try:
        pod = await reader.get(ref)
    except NotFoundError:
        return None
    if uid and str((pod.get("metadata") or {}).get("uid") or "") != uid:
        return None
    try:
        return await writer.write(
            _with_grace(plan_delete_pod(pod, is_forced=True), grace_seconds), dry_run=False, before=pod
        )
    except NotFoundError:
        return None


def _with_grace(plan: WritePlan, seconds: int) -> WritePlan:
    options = plan.request.patch
    assert isinstance(options, Mapping)
    return replace(plan, request=replace(plan.request, patch={**options, "gracePeriodSeconds": seconds}))


async def leftovers(reader: Reader, namespace: str = "") -> list[Leftover]:
    """Return the pods for debugging in a namespace, or everywhere. Raises KdashError."""
    return [_leftover(pod) for pod in await reader.list("Pod", namespace, label_selector=LEFTOVERS)]


def _leftover(pod: Mapping[str, Any]) -> Leftover:
    meta, spec = pod.get("metadata") or {}, pod.get("spec") or {}
    return Leftover(
        ref_of({"kind": "Pod", "apiVersion": "v1", **pod}),
        POD.decode(msgspec.json.encode(pod)),
        str(spec.get("nodeName") or ""),
        str(meta.get("creationTimestamp") or ""),
    )
