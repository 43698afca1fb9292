"""How a command ended, as its exit code: the one place where causes, errors and states become numbers.

Invariant: every TroubleKind has a code of its own family, and what is not known is never DONE. The numbers are stable:
scripts rely on them. To add a cause: its TroubleKind and a line in `_BY_TROUBLE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
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


class ExitCode(IntEnum):
    """What the exit code of a command says."""

    DONE = 0
    SOMETHING_FAILING = 1  # of `--once` alone
    UNKNOWN = 2  # could not tell: unreachable, not there, still progressing, wrong usage
    IMAGE = 3
    CRASH = 4  # crash, OOM, or a container that cannot start
    PROBE = 5
    QUOTA = 6  # quota or admission
    UNSCHEDULABLE = 7  # or its node is lost
    DEADLINE = 8  # no progress in time, no cause known
    REFUSED = 9  # rights, a rule, conflict, read-only, paused, nothing to do, nobody there to confirm
    NOT_AUDITED = 10  # done, but a line of it is missing in the audit file


_BY_TROUBLE: Final[Mapping[CauseKind, ExitCode]] = {
    CauseKind.IMAGE: ExitCode.IMAGE,
    CauseKind.CRASH: ExitCode.CRASH,
    CauseKind.OOM: ExitCode.CRASH,
    CauseKind.CONFIG: ExitCode.CRASH,
    CauseKind.MOUNT: ExitCode.CRASH,
    CauseKind.PROBE: ExitCode.PROBE,
    CauseKind.QUOTA: ExitCode.QUOTA,
    CauseKind.ADMISSION: ExitCode.QUOTA,
    CauseKind.UNSCHEDULABLE: ExitCode.UNSCHEDULABLE,
    CauseKind.NODE: ExitCode.UNSCHEDULABLE,
    CauseKind.DEADLINE: ExitCode.DEADLINE,
}

_REFUSALS: Final = (RefusedError, ReadOnlyError, ForbiddenError, ConflictError, InvalidError)


def exit_code_of_cause(kind: CauseKind) -> ExitCode:
    """Return the code of a cause."""
    return _BY_TROUBLE[kind]


def exit_code_of_error(error: KdashError) -> ExitCode:
    """Return the code of a failure: REFUSED when someone said no, UNKNOWN when nothing could be told or done."""
    if isinstance(error, MissingPartError):
        return ExitCode.UNKNOWN  # as a whole object that is not there
    return ExitCode.REFUSED if isinstance(error, _REFUSALS) else ExitCode.UNKNOWN


def exit_code_of_write(code: ExitCode, problem: str) -> ExitCode:
    """Return the code of a write: what is done and could not be written down is not plainly DONE."""
    return ExitCode.NOT_AUDITED if problem and code is ExitCode.DONE else code


def exit_code_of_status(status: RolloutStatus | None) -> ExitCode:
    """Return the code of where a rollout stands; None: it is not there, or nothing was seen of it."""
    if status is None:
        return ExitCode.UNKNOWN
    match status.state:
        case RolloutState.COMPLETE | RolloutState.SCALED_TO_ZERO:
            return ExitCode.DONE
        case RolloutState.STALLED:
            return exit_code_of_cause(status.cause_kind) if status.cause_kind is not None else ExitCode.DEADLINE
    return ExitCode.UNKNOWN
