"""The result of an operation on one target, as a value that both front ends render.

Invariant: `outcome` is one of dry-run, declined, unchanged (it is as requested already), failed (nothing was changed),
unknown (it may have been), done, and once tracked converged, stalled, paused, gone, not-followed.
"""

from __future__ import annotations

from dataclasses import dataclass

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.operations.dry_run import DryRun
from k9py.operations.plan import OperationId, WriteResult
from k9py.operations.target import Target
from k9py.operations.track import TrackedEnd


@dataclass(frozen=True, slots=True)
class OperationResult:
    """What came of one write.

    Args:
        target: as it was read; None: it could not be read.
        dry_run: the preview; None: there was no plan.
        is_as_previewed: the stored object equals the preview; None without a dry run or a write.
        written: the result of the write, None when it was not made.
        stuck_pods, deleted_pods: names of the pods a StatefulSet does not replace by itself, and of those deleted.
        end: where tracking ended, None when it was not tracked.
        is_stuck_pod: a pod that was deleted on the way to the result of its StatefulSet.
        audit_problem: why an audit line is missing, "" when all were stored.
    """

    key: ObjectRef
    operation: OperationId
    outcome: str = "failed"
    target: Target | None = None
    dry_run: DryRun | None = None
    is_as_previewed: bool | None = None
    written: WriteResult | None = None
    stuck_pods: tuple[str, ...] = ()
    deleted_pods: tuple[str, ...] = ()
    end: TrackedEnd | None = None
    audit_problem: str = ""
    is_stuck_pod: bool = False
    error: KdashError | None = None

    @property
    def is_good(self) -> bool:
        """True when the next target may be started: this one is done, and healthy as far as it was tracked."""
        if self.error is not None or self.audit_problem:
            return False
        if self.end is not None:
            return self.end.is_expected
        return self.outcome in ("done", "dry-run", "unchanged")


def error_outcome(error: KdashError) -> str:
    """Return `failed`, or `unknown` if the write may have been made or may still be."""
    return "unknown" if error.read_back and not error.is_read_back_final else "failed"
