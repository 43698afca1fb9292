"""Derive exit codes from causes, errors and states.

Invariant: every CauseKind has a code, and an unknown outcome is never DONE. To add a cause: its CauseKind and a line in
`_BY_CAUSE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    KdashError,
    MissingPartError,
    ReadOnlyError,
    RefusedError,
)
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.views.exit_code_texts import EXIT_CODE_TEXTS, ExitCode

__all__ = [
    "EXIT_CODE_TEXTS",
    "ExitCode",
    "exit_code_of_cause",
    "exit_code_of_error",
    "exit_code_of_status",
    "exit_code_of_write",
]


_BY_CAUSE: Final[Mapping[CauseKind, ExitCode]] = {
    CauseKind.IMAGE: ExitCode.IMAGE,
    CauseKind.CRASH: ExitCode.CRASH,
    CauseKind.OOM: ExitCode.CRASH,
    CauseKind.PROBE: ExitCode.PROBE,
    CauseKind.CONFIG: ExitCode.CRASH,
    CauseKind.MOUNT: ExitCode.CRASH,
    CauseKind.QUOTA: ExitCode.QUOTA,
    CauseKind.ADMISSION: ExitCode.QUOTA,
    CauseKind.UNSCHEDULABLE: ExitCode.UNSCHEDULABLE,
    CauseKind.NODE: ExitCode.UNSCHEDULABLE,
    CauseKind.DEADLINE: ExitCode.DEADLINE,
}
_REFUSALS: Final = (RefusedError, ReadOnlyError, ForbiddenError, ConflictError, InvalidError)


def exit_code_of_cause(kind: CauseKind) -> ExitCode:
    """Return the exit code of a cause."""
    return _BY_CAUSE[kind]


def exit_code_of_error(error: KdashError) -> ExitCode:
    """Return the exit code of an error: REFUSED if the request was rejected, UNKNOWN if nothing could be determined."""
    if isinstance(error, MissingPartError):
        return ExitCode.UNKNOWN  # like an object that does not exist
    return ExitCode.REFUSED if isinstance(error, _REFUSALS) else ExitCode.UNKNOWN


def exit_code_of_write(code: ExitCode, audit_problem: str) -> ExitCode:
    """Return the exit code of a write: a completed one that could not be recorded is not DONE.

    Args:
        audit_problem: why the audit log is incomplete, "" if it is complete.
    """
    return ExitCode.NOT_AUDITED if audit_problem and code is ExitCode.DONE else code


def exit_code_of_status(status: RolloutStatus | None) -> ExitCode:
    """Return the exit code of a rollout's status; None: the workload does not exist, or was not seen."""
    if status is None:
        return ExitCode.UNKNOWN
    match status.state:
        case RolloutState.COMPLETE | RolloutState.SCALED_TO_ZERO:
            return ExitCode.DONE
        case RolloutState.STALLED:
            return exit_code_of_cause(status.cause_kind) if status.cause_kind is not None else ExitCode.DEADLINE
    return ExitCode.UNKNOWN
