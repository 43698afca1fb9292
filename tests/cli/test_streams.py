"""Output that cannot be written ends in a clear message and an exit code, never in a traceback."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from k9py.cli.console import Console

STATUS = [sys.executable, "-m", "k9py", "status", "deploy/checkout", "--demo"]


async def _nobody() -> str:
    raise AssertionError("nobody is asked")


def console(out: io.TextIOWrapper) -> Console:
    return Console(out, io.StringIO(), _nobody, is_interactive=False)


def run(command: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    line = " ".join(STATUS)
    return subprocess.run(
        ["sh", "-c", command.replace("STATUS", line)],
        capture_output=True,
        env={**os.environ, **environ},
        timeout=60,
        check=False,
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full disk at hand")
def test_a_full_disk_is_reported() -> None:
    ran = run("STATUS >/dev/full")
    assert ran.returncode == 2
    assert b"could not write the output" in ran.stderr
    assert b"Traceback" not in ran.stderr


def test_a_reader_that_leaves_exits_with_2_silently() -> None:
    ran = run("(STATUS; echo code $? >&2) | true")
    assert ran.stderr.strip() == b"code 2"


def test_a_closed_output_is_not_an_internal_error() -> None:
    ran = run("STATUS >&-")
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.parametrize(
    "environ",
    [{"PYTHONIOENCODING": "ascii"}, {"PYTHONIOENCODING": "latin-1"}, {"LANG": "C"}, {"LC_ALL": "POSIX"}],
    ids=str,
)
@pytest.mark.parametrize("command", [STATUS, [*STATUS[:3], "--once", "--demo=failures"]], ids=["status", "once"])
def test_signs_a_limited_encoding_lacks_have_ascii_forms(command: list[str], environ: dict[str, str]) -> None:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG"))}
    ran = subprocess.run(command, capture_output=True, env={**inherited, **environ}, timeout=60, check=False)
    assert b"Traceback" not in ran.stderr
    if command is STATUS:
        assert ran.returncode == 0
        assert b"desired 3 - updated 3" in ran.stdout or b"desired 3 \xb7 updated 3" in ran.stdout
    else:
        signs = {line[:1] for line in ran.stdout.splitlines()}
        assert b"o" in signs
        assert signs & {b"X", b"V", b"#"}  # down, degraded, stuck
        assert b"?" not in signs


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_json_keeps_what_a_terminal_would_act_on_as_escapes(encoding: str) -> None:
    stored = io.BytesIO()
    out = io.TextIOWrapper(stored, encoding=encoding)
    values = {"name": "\x9b31m \u202e \x1b[2J é →", "emoji": "\U0001f600"}
    console(out).print_json(values)
    out.flush()
    text = stored.getvalue().decode(encoding)
    assert json.loads(text) == values
    assert not {"\x9b", "\u202e", "\x1b"} & set(text)
