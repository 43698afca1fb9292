"""The dashboard's exit code if a change is missing in the audit file; the private crash report."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from k9py.cli import dashboard
from k9py.cli.command_line import Arguments
from k9py.cli.exit_guard import ExitGuard
from k9py.tui.app.kdash_app import KdashApp


@pytest.mark.parametrize(
    ("is_audited", "return_code", "code"), [(True, None, 0), (True, 0, 0), (False, 0, 10), (False, 143, 143)]
)
def test_a_change_that_could_not_be_written_down_is_in_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, is_audited: bool, return_code: int | None, code: int
) -> None:
    async def run(app: KdashApp, guard: ExitGuard, *, mouse: bool = False) -> None:
        app.operations.is_audited = is_audited
        monkeypatch.setattr(KdashApp, "return_code", return_code)

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(dashboard, "run_app", run)
    with open(os.devnull, encoding="utf-8") as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        assert dashboard.run_dashboard(Arguments()) == code


def test_the_directories_of_the_report_are_for_its_owner_alone_whatever_the_umask(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KDASH_AUDIT_FILE", str(tmp_path / "state" / "kdash" / "audit.jsonl"))
    before = os.umask(0)
    try:
        dashboard._report("Traceback\nValueError: x\n")
    finally:
        os.umask(before)
    made = (tmp_path / "state", tmp_path / "state" / "kdash")
    assert [path.stat().st_mode & 0o777 for path in made] == [0o700, 0o700]
