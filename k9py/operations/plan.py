"""What will be written, as a value to confirm, and the result.

Invariant: a `Change` carries the uid, resourceVersion and generation of the object it was planned from, and its patch
carries the first two as preconditions: a replaced object, or one changed since, is refused by the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from k9py.api.meta import ObjectKey
from k9py.api.write_request import WriteRequest
from k9py.operations.stored import StoredDifference

OperationId = str


class WarningLevel(IntEnum):
    """How severe a warning is: DANGER is downtime or a write that someone else will revert."""

    DANGER = 0
    CAUTION = 1
    NOTE = 2


@dataclass(frozen=True, slots=True)
class PreflightWarning:
    """A warning to read before confirming; `code` is stable (`autoscaler`, `gitops`, `downtime` ...)."""

    level: WarningLevel
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class WritePlan:
    """One planned write.

    Args:
        action: its name.
        key, uid, resource_version, generation: the object as it was when planned.
        request: the patch with its preconditions.
        summary: one line: `scale Deployment shop/checkout from 3 to 5`.
        before_after: (what, before, after) rows for the confirm dialog.
        warnings: most severe first.
        cause: the problem of the object when the write was confirmed, "" when none was known; for the audit.
        replaces_annotations: the annotations that the patch replaces, as they were; None when it keeps them. A change
            of annotations does not change the generation, so these are compared instead.
    """

    operation: OperationId
    key: ObjectKey
    uid: str
    resource_version: str
    generation: int
    request: WriteRequest
    summary: str
    before_after: tuple[tuple[str, str, str], ...] = ()
    warnings: tuple[PreflightWarning, ...] = ()
    cause: str = ""
    replaces_annotations: Mapping[str, str] | None = None


def is_remedy(plan: WritePlan) -> bool:
    """Return whether a write is meant to repair something: if nothing is wrong, the confirmation says so first."""
    to_zero = plan.operation == "scale" and any(after == "0" for _, _, after in plan.before_after)
    return plan.operation in ("undo", "restart") or to_zero


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The result of a write.

    Args:
        plan: as it was sent last (a retry carries a newer resourceVersion).
        result: the object (or Scale) in the server's response; for a dry run, as it would be.
        dry_run: nothing was stored.
        attempts: 1, or more if only the status changed in between.
        audit_problem: the write was done but its audit line could not be stored; "" if it was stored.
        differences: what was stored differently from the preview; None without a preview.
        proof_note: why the response did not prove the write and what reading back found; "" if the response did.
        audit_id: names the write in the audit file, so that its end can be added later; "" for a dry-run.
    """

    plan: WritePlan
    result: Mapping[str, Any]
    dry_run: bool
    attempts: int = 1
    audit_problem: str = ""
    audit_id: str = ""
    differences: tuple[StoredDifference, ...] | None = None
    proof_note: str = ""

    @property
    def generation(self) -> int:
        """The generation after the write; a Scale has none, but a changed number always increments it."""
        generation = (self.result.get("metadata") or {}).get("generation")
        return int(generation) if generation else self.plan.generation + 1
