"""Exit codes: one for every cause, and none that calls the unknown done."""

from __future__ import annotations

import pytest

from k9py.api.errors import (
    AbsentError,
    ConfigError,
    ConflictError,
    ConnectionFailedError,
    ForbiddenError,
    InvalidError,
    KdashError,
    NotFoundError,
    ReadOnlyError,
    RefusedError,
    UnauthorizedError,
    UnavailableError,
)
from k9py.api.troubles import TroubleKind
from k9py.views.outcome import ExitCode, code_of_error, code_of_status, code_of_trouble


@pytest.mark.parametrize("kind", TroubleKind)
def test_every_cause_has_a_code_of_its_own_family(kind: TroubleKind) -> None:
    assert 3 <= code_of_trouble(kind) <= 8


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (TroubleKind.IMAGE, 3),
        (TroubleKind.CRASH, 4),
        (TroubleKind.OOM, 4),
        (TroubleKind.CONFIG, 4),
        (TroubleKind.MOUNT, 4),
        (TroubleKind.PROBE, 5),
        (TroubleKind.QUOTA, 6),
        (TroubleKind.ADMISSION, 6),
        (TroubleKind.UNSCHEDULABLE, 7),
        (TroubleKind.NODE, 7),
        (TroubleKind.DEADLINE, 8),
    ],
)
def test_the_codes_are_the_documented_ones(kind: TroubleKind, code: int) -> None:
    assert code_of_trouble(kind) == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RefusedError("no"), ExitCode.REFUSED),
        (ReadOnlyError("no"), ExitCode.REFUSED),
        (ForbiddenError("no"), ExitCode.REFUSED),
        (ConflictError("no"), ExitCode.REFUSED),
        (InvalidError("no"), ExitCode.REFUSED),
        (NotFoundError("no"), ExitCode.UNKNOWN),
        (AbsentError("no"), ExitCode.UNKNOWN),
        (UnauthorizedError("no"), ExitCode.UNKNOWN),
        (UnavailableError("no"), ExitCode.UNKNOWN),
        (ConnectionFailedError("no"), ExitCode.UNKNOWN),
        (ConfigError("no"), ExitCode.UNKNOWN),
    ],
)
def test_who_said_no_is_told_apart_from_what_could_not_be_told(error: KdashError, code: ExitCode) -> None:
    assert code_of_error(error) is code


def test_what_was_never_seen_is_not_done() -> None:
    assert code_of_status(None) is ExitCode.UNKNOWN
