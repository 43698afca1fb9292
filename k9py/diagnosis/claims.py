"""Compare claims with the volumes that might be bound to them, and name claims that do not exist.

Invariant: what is said of a volume is in its spec.
Source: pkg/controller/volume/persistentvolume (`pv_controller.go`, `index.go`: which volume fits which claim).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.kinds import PERSISTENT_VOLUME_CLAIM
from k9py.api.meta import ObjectRef
from k9py.api.quantities import amount
from k9py.api.severity import Severity
from k9py.api.storage import PersistentVolume, PersistentVolumeClaim, storage_class
from k9py.api.text import printable
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import absence, did_you_mean

NO_PROVISIONER: Final = "kubernetes.io/no-provisioner"


def missing_claim(namespace: str, name: str, graph: Graph) -> Finding:
    """Return that a claim does not exist, with claims of a similar name."""
    ref = ObjectRef("PersistentVolumeClaim", namespace, name)
    claims = graph.list(PERSISTENT_VOLUME_CLAIM, namespace)
    names = () if isinstance(claims, Unread) else tuple(claim.name for claim in claims)
    helps = f"create PersistentVolumeClaim {printable(name)}, or correct the name"
    return Finding(
        Severity.DOWN,
        "NotFound",
        f"does not exist{did_you_mean(name, names)}",
        ref,
        kind=CauseKind.MOUNT,
        remedy=helps,
        check="claim-missing",
        evidence=(absence(ref),),
        next_steps=(NextStep(helps),),
    )


def misfit(volume: PersistentVolume, claim: PersistentVolumeClaim) -> str:
    """Return why a volume cannot be bound to a claim, "" when it can."""
    spec, wanted = volume.spec, claim.spec
    owner = spec.claim_ref
    is_reserved = owner is not None and (owner.namespace, owner.name) == (claim.namespace, claim.name)
    if volume.metadata.deletion_timestamp is not None:
        return "is being deleted"
    if owner is not None and not is_reserved:
        return f"is bound to claim {printable(owner.namespace)}/{printable(owner.name)}"
    if owner is not None and owner.uid and owner.uid != claim.uid:
        return "is still reserved for a claim of this name that was deleted"
    if volume.status.phase in ("Released", "Failed"):
        return f"is {volume.status.phase}"
    offered = storage_class(volume.metadata, spec.storage_class_name)
    asked = storage_class(claim.metadata, wanted.storage_class_name)
    if offered != asked:
        return f"has {f'class {printable(offered)}' if offered else 'no class'}, not {printable(asked) or 'none'}"
    size, least = (spec.capacity or {}).get("storage"), (wanted.resources.requests or {}).get("storage")
    if (amount(size) or 0.0) < (amount(least) or 0.0):
        return f"has {printable(str(size))} of {printable(str(least))}"
    lacking = [mode for mode in wanted.access_modes or () if mode not in (spec.access_modes or ())]
    if lacking:
        return f"offers {printable(', '.join(spec.access_modes or ()))}, not {printable(', '.join(lacking))}"
    if (spec.volume_mode or "Filesystem") != (wanted.volume_mode or "Filesystem"):
        return f"has volume mode {printable(spec.volume_mode or 'Filesystem')}"
    if wanted.selector is not None and not wanted.selector.matches(volume.metadata.labels):
        return f"does not match selector {printable(str(wanted.selector))}"
    return ""


def misfits(
    volumes: Sequence[PersistentVolume], claim: PersistentVolumeClaim
) -> Iterator[tuple[PersistentVolume, str]]:
    """Yield the volumes of a claim's class that do not fit it, and why.

    Volumes that are bound to another claim are left out: they are no candidates.
    """
    asked = storage_class(claim.metadata, claim.spec.storage_class_name)
    candidates = [
        volume
        for volume in sorted(volumes, key=lambda each: each.name)
        if volume.status.phase != "Bound" and storage_class(volume.metadata, volume.spec.storage_class_name) == asked
    ]
    for volume in candidates:
        why = misfit(volume, claim)
        if why:
            yield volume, why
