"""Exit codes: one for every cause, and unknown is never 0."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from k9py.api.causes import CauseKind
from k9py.api.errors import (
    ConfigError,
    ConflictError,
    ConnectionFailedError,
    ForbiddenError,
    InvalidError,
    KdashError,
    MissingPartError,
    NotFoundError,
    ReadOnlyError,
    RefusedError,
    UnauthorizedError,
    UnavailableError,
)
from k9py.views.exit_codes import EXIT_CODE_TEXTS, ExitCode, exit_code_of_cause, exit_code_of_error, exit_code_of_status


@pytest.mark.parametrize("kind", CauseKind)
def test_every_cause_has_a_code_of_its_own_family(kind: CauseKind) -> None:
    assert 3 <= exit_code_of_cause(kind) <= 8


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (CauseKind.IMAGE, 3),
        (CauseKind.CRASH, 4),
        (CauseKind.OOM, 4),
        (CauseKind.CONFIG, 4),
        (CauseKind.MOUNT, 4),
        (CauseKind.PROBE, 5),
        (CauseKind.QUOTA, 6),
        (CauseKind.ADMISSION, 6),
        (CauseKind.UNSCHEDULABLE, 7),
        (CauseKind.NODE, 7),
        (CauseKind.DEADLINE, 8),
    ],
)
def test_the_codes_are_the_documented_ones(kind: CauseKind, code: int) -> None:
    assert exit_code_of_cause(kind) == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RefusedError("no"), ExitCode.REFUSED),
        (ReadOnlyError("no"), ExitCode.REFUSED),
        (ForbiddenError("no"), ExitCode.REFUSED),
        (ConflictError("no"), ExitCode.REFUSED),
        (InvalidError("no"), ExitCode.REFUSED),
        (NotFoundError("no"), ExitCode.UNKNOWN),
        (MissingPartError("no"), ExitCode.UNKNOWN),
        (UnauthorizedError("no"), ExitCode.UNKNOWN),
        (UnavailableError("no"), ExitCode.UNKNOWN),
        (ConnectionFailedError("no"), ExitCode.UNKNOWN),
        (ConfigError("no"), ExitCode.UNKNOWN),
    ],
)
def test_refused_and_unknown_have_different_exit_codes(error: KdashError, code: ExitCode) -> None:
    assert exit_code_of_error(error) is code


def test_what_was_never_seen_is_not_done() -> None:
    assert exit_code_of_status(None) is ExitCode.UNKNOWN


def test_the_readme_lists_the_exit_codes_with_their_texts() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    table = readme.partition("| exit code |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", table, re.M)
    assert {int(number): text.replace("`", "") for number, text in rows} == dict(EXIT_CODE_TEXTS)


def test_every_exit_code_has_a_text() -> None:
    assert set(EXIT_CODE_TEXTS) == set(ExitCode)
