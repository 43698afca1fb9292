"""How a command ended, as its exit code: the one place where causes, errors and states become numbers.

Invariant: every TroubleKind has a code of its own family, and what is not known is never DONE. The numbers are stable:
scripts rely on them. To add a cause: its TroubleKind and a line in `_BY_TROUBLE`.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from k9py.api.errors import (
    AbsentError,
    ConflictError,
    ForbiddenError,
    InvalidError,
    KdashError,
    ReadOnlyError,
    RefusedError,
)
from k9py.api.troubles import TroubleKind
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


_BY_TROUBLE: Final[Mapping[TroubleKind, ExitCode]] = {
    TroubleKind.IMAGE: ExitCode.IMAGE,
    TroubleKind.CRASH: ExitCode.CRASH,
    TroubleKind.OOM: ExitCode.CRASH,
    TroubleKind.CONFIG: ExitCode.CRASH,
    TroubleKind.MOUNT: ExitCode.CRASH,
    TroubleKind.PROBE: ExitCode.PROBE,
    TroubleKind.QUOTA: ExitCode.QUOTA,
    TroubleKind.ADMISSION: ExitCode.QUOTA,
    TroubleKind.UNSCHEDULABLE: ExitCode.UNSCHEDULABLE,
    TroubleKind.NODE: ExitCode.UNSCHEDULABLE,
    TroubleKind.DEADLINE: ExitCode.DEADLINE,
}

_REFUSALS: Final = (RefusedError, ReadOnlyError, ForbiddenError, ConflictError, InvalidError)


def code_of_trouble(kind: TroubleKind) -> ExitCode:
    """Return the code of a cause."""
    return _BY_TROUBLE[kind]


def code_of_error(error: KdashError) -> ExitCode:
    """Return the code of a failure: REFUSED when someone said no, UNKNOWN when nothing could be told or done."""
    if isinstance(error, AbsentError):
        return ExitCode.UNKNOWN  # as a whole object that is not there
    return ExitCode.REFUSED if isinstance(error, _REFUSALS) else ExitCode.UNKNOWN


def code_of_audit(code: ExitCode, problem: str) -> ExitCode:
    """Return the code of a write: what is done and could not be written down is not plainly DONE."""
    return ExitCode.NOT_AUDITED if problem and code is ExitCode.DONE else code


def code_of_status(status: RolloutStatus | None) -> ExitCode:
    """Return the code of where a rollout stands; None: it is not there, or nothing was seen of it."""
    if status is None:
        return ExitCode.UNKNOWN
    match status.state:
        case RolloutState.COMPLETE | RolloutState.SCALED_TO_ZERO:
            return ExitCode.DONE
        case RolloutState.STALLED:
            return code_of_trouble(status.cause) if status.cause is not None else ExitCode.DEADLINE
    return ExitCode.UNKNOWN
