"""What came of one workload's write, and how that is said as JSON.

Invariant: keys are snake_case and only ever added to; `outcome` is one of dry-run, declined, failed (nothing was
changed), unknown (it may have been), done, and after --wait converged, stalled, paused, gone, not-followed.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from k9py.api.errors import DeniedError, KdashError
from k9py.api.meta import ObjectKey
from k9py.api.text import printable
from k9py.cli.following import Ending
from k9py.cli.preview import preview_values
from k9py.cli.status import status_json
from k9py.operations.plan import WriteResult
from k9py.operations.prepare import DryRun
from k9py.views.current_state import CurrentState
from k9py.views.exit_codes import ExitCode


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one write.

    Args:
        prepared: what was shown, None when it came to no plan.
        state: how the workload stood before.
        as_previewed: what was stored is what was previewed; None when it was not tried or not written.
        written: what came of the write, None when it was not made.
        stuck, deleted: names of the pods a StatefulSet will not replace by itself, and those deleted for it.
        ending: where following ended, None when it was not followed.
    """

    key: ObjectKey
    action: str
    outcome: str = "failed"
    code: ExitCode = ExitCode.UNKNOWN
    prepared: DryRun | None = None
    state: CurrentState | None = None
    as_previewed: bool | None = None
    stuck: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    ending: Ending | None = None
    audit_problem: str = ""
    error: KdashError | None = None
    written: WriteResult | None = None

    def values(self) -> dict[str, Any]:
        """Return it as JSON values; unknown is null."""
        ending, error, written = self.ending, self.error, self.written
        differences = None if written is None else written.differences
        return {
            "action": self.action,
            "kind": self.key.kind,
            "namespace": printable(self.key.namespace),
            "name": printable(self.key.name),
            "outcome": self.outcome,
            "exit_code": int(self.code),
            "plan": None if self.prepared is None else preview_values(self.prepared, self.state),
            "as_previewed": self.as_previewed,
            "stored_otherwise": None if differences is None else [asdict(one) for one in differences],
            "proof": None if written is None else "looked" if written.proof_note else "answer",
            "remark": None if written is None else printable(written.proof_note) or None,
            "stuck_pods": [printable(one) for one in self.stuck],
            "deleted_pods": [printable(one) for one in self.deleted],
            "status": None if ending is None or ending.status is None else status_json(ending.status),
            "words": None if ending is None else ending.words,
            "waited_seconds": None if ending is None else round(ending.seconds, 1),
            "audit_problem": printable(self.audit_problem) or None,
            "error": None if error is None else _error_values(error),
        }


def error_outcome(error: KdashError) -> str:
    """Return the word for a failure: failed, or unknown where the change may have been made or may still be."""
    return "unknown" if error.read_back and not error.is_read_back_final else "failed"


def _error_values(error: KdashError) -> dict[str, Any]:
    """Return a failure as JSON values: `looked` is what reading the object back found, `rule` what refused it."""
    return {
        "message": printable(error.message),
        "hint": printable(error.hint_after_giving_up),
        "looked": error.read_back or None,
        "rule": printable(error.rule) if isinstance(error, DeniedError) else None,
    }
