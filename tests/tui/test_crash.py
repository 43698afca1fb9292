"""A defect of our own: a report without anybody's variables."""

from __future__ import annotations

from pathlib import Path

import pytest

from k9py.cli.dashboard import _report
from k9py.tui.app.crash import CrashReport


class Failing(CrashReport[None]):
    def on_mount(self) -> None:
        secret = "from the cluster"
        raise ValueError(f"{len(secret)} characters")


async def test_the_report_is_the_traceback_without_variables() -> None:
    app = Failing()
    with pytest.raises(ValueError, match="16 characters"):
        async with app.run_test():
            pass
    assert app.crash.splitlines()[-1] == "ValueError: 16 characters"
    assert "on_mount" in app.crash
    assert "secret = 'from" not in app.crash


def test_the_report_is_written_down_for_its_owner_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KDASH_AUDIT_FILE", str(tmp_path / "state" / "audit.jsonl"))
    _report("Traceback\nValueError: 16 characters\n")
    written = tmp_path / "state" / "crash.log"
    assert "ValueError: 16 characters" in written.read_text()
    assert written.stat().st_mode & 0o777 == 0o600
    err = capsys.readouterr().err
    assert "ValueError: 16 characters" in err
    assert str(written) in err
