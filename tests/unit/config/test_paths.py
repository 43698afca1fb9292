"""Where files are kept."""

from __future__ import annotations

from pathlib import Path

from k9py.config.paths import audit_file, crash_file, log_directory


def test_the_audit_file_can_be_put_elsewhere_and_the_crash_report_is_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    assert audit_file({"KDASH_AUDIT_FILE": str(path)}) == path
    assert audit_file({}).name == "audit.jsonl"
    assert crash_file({"KDASH_AUDIT_FILE": str(path)}) == tmp_path / "crash.log"


def test_logs_are_saved_in_the_state_directory_or_where_the_variable_says(tmp_path: Path) -> None:
    assert log_directory({}).parts[-2:] == ("kdash", "logs")
    assert log_directory({"KDASH_LOG_DIRECTORY": str(tmp_path)}) == tmp_path
