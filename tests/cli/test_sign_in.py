"""Output of a credential plugin while a command waits: on standard error, and Ctrl+C ends the plugin."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from k9py.cli.progress import MAX_LINES, SignInPrinter
from k9py.kube.sign_in import SignIn
from tests.unit.kube.kubeconfigs import environ, kubeconfig, plugin_user

DEVICE_CODE = Path(__file__).parents[1] / "unit" / "kube" / "device-code.sh"


def test_the_plugin_is_named_once_and_a_flood_is_cut_off() -> None:
    printed: list[str] = []
    listener, sign_in = SignInPrinter(printed.append), SignIn("login", lambda: None)
    for _ in range(MAX_LINES + 50):
        listener.on_output(sign_in, "enter ABCD")
    assert printed[0] == "kdash: output of the credential plugin login (Ctrl+C cancels it):"
    assert printed[1] == "  enter ABCD"
    assert len(printed) == 1 + MAX_LINES + 1
    assert "omitted" in printed[-1]


def test_a_standard_error_that_nobody_reads_does_not_end_the_sign_in() -> None:
    tried: list[str] = []

    def closed(line: str) -> None:
        tried.append(line)
        raise BrokenPipeError

    SignInPrinter(closed).on_output(SignIn("login", lambda: None), "enter ABCD")
    assert tried


@pytest.mark.slow
@pytest.mark.parametrize("command", [("--once",), ("status", "deploy/checkout"), ("logs", "deploy/checkout")])
async def test_a_command_shows_the_code_and_ctrl_c_ends_the_plugin(tmp_path: Path, command: tuple[str, ...]) -> None:
    pids = tmp_path / "pids"
    script = tmp_path / "login"
    script.write_text(f"echo $$ > {pids}\n" + DEVICE_CODE.read_text())
    user = plugin_user("/bin/sh", [str(script)])
    path = kubeconfig(tmp_path, cluster={"server": "https://127.0.0.1:1"}, user=user)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "k9py",
        *command,
        "--kubeconfig",
        str(path),
        env=environ(tmp_path),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    try:
        assert b"output of the credential plugin /bin/sh" in await process.stderr.readline()
        assert b"enter the code ABCD-1234" in await process.stderr.readline()
    finally:
        process.send_signal(signal.SIGINT)
        out, _ = await process.communicate()
    assert out == b""
    with pytest.raises(ProcessLookupError):
        os.kill(int(pids.read_text()), 0)
