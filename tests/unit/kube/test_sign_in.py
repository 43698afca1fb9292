"""What a plugin prints while it waits for the person: passed on by line, bounded; the plugin can be cancelled."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from k9py.api.errors import ConfigError
from k9py.kube.connect import connect
from k9py.kube.credentials import (
    CANCELLED_INTERVAL,
    MIN_INTERVAL,
    Credential,
    RenewedCredentials,
    StaticCredentials,
)
from k9py.kube.exec_plugin import ExecPlugin
from k9py.kube.kubeconfig import KubeconfigEntry
from k9py.kube.kubeconfig_schema import ExecConfig, KubeconfigUser
from k9py.kube.options import ConnectOptions
from k9py.kube.sign_in import KEPT_LINES, MAX_LINE, SignIn, SignInCancelledError, StderrLines
from k9py.kube.target import ServerEndpoint
from tests.unit.kube.kubeconfigs import environ, kubeconfig, plugin_user
from tests.unit.kube.test_credentials import DrivenClock

DEVICE_CODE = Path(__file__).with_name("device-code.sh")


@dataclass
class Listener:
    """Records what it is notified of, and runs a callback at the first line."""

    at_first: Callable[[SignIn], None] = lambda _: None
    lines: list[str] = field(default_factory=list)
    has_ended: bool = False

    def on_output(self, sign_in: SignIn, line: str) -> None:
        self.lines.append(line)
        if len(self.lines) == 1:
            self.at_first(sign_in)

    def on_end(self, sign_in: SignIn) -> None:
        self.has_ended = True


def plugin(tmp_path: Path, listener: Listener, source: str, *, sign_in_timeout: float = 60) -> ExecPlugin:
    config = msgspec.convert(plugin_user(sys.executable, ["-c", source])["exec"], ExecConfig)
    return ExecPlugin(
        config,
        tmp_path,
        ServerEndpoint("https://x"),
        environ(tmp_path),
        listener,
        silence_timeout=60,
        sign_in_timeout=sign_in_timeout,
    )


@pytest.mark.parametrize(
    ("chunks", "lines", "rest"),
    [
        ([b"open the page\nenter ABCD\n"], ["open the page", "enter ABCD"], []),
        ([b"en", b"ter ABCD\n\n\n  \n"], ["enter ABCD"], []),
        ([b"Password: "], [], ["Password:"]),
        ([b"waiting |\rwaiting /\rdone\r\n"], ["done"], []),
        (["ö".encode()[:1], "ö".encode()[1:] + b"\n"], ["ö"], []),
        ([b"\x1b[31mred\x1b[0m \x1b]0;title\x07\xff\n"], ["red \N{REPLACEMENT CHARACTER}"], []),
        ([b"a" * 5000 + b"\n"], ["a" * (MAX_LINE - 1) + "…"], []),
        ([b"x" * 100_000, b"\n"], ["x" * (MAX_LINE - 1) + "…"], []),
    ],
)
def test_plugin_output_becomes_printable_lines(chunks: list[bytes], lines: list[str], rest: list[str]) -> None:
    stderr = StderrLines()
    assert [line for chunk in chunks for line in stderr.feed(chunk)] == lines
    assert stderr.is_inside_line is bool(rest)
    assert stderr.flush() == rest


def test_of_verbose_plugin_output_the_last_lines_are_kept() -> None:
    sign_in = SignIn("login", lambda: None)
    for number in range(100):
        sign_in.add(str(number))
    assert sign_in.lines == tuple(str(number) for number in range(100 - KEPT_LINES, 100))


def test_the_last_lines_that_fit_are_shown_and_one_always_is() -> None:
    sign_in = SignIn("login", lambda: None)
    for line in ("first", "a" * 25, "last"):
        sign_in.add(line)
    assert sign_in.latest(rows=5, columns=10) == ("first", "a" * 25, "last")
    assert sign_in.latest(rows=4, columns=10) == ("a" * 25, "last")
    assert sign_in.latest(rows=3, columns=10) == ("last",)
    assert sign_in.latest(rows=0, columns=10) == ("last",)


async def test_a_device_code_is_shown_while_the_plugin_waits_and_cancelling_kills_its_children(tmp_path: Path) -> None:
    listener = Listener(lambda sign_in: sign_in.cancel())
    user = plugin_user("/bin/sh", [str(DEVICE_CODE)])
    path = kubeconfig(tmp_path, cluster={"server": "https://127.0.0.1:1"}, user=user)
    with pytest.raises(SignInCancelledError, match="You cancelled the sign-in with /bin/sh"):
        await connect(ConnectOptions(str(path), sign_in=listener), environ=environ(tmp_path))
    (line,) = listener.lines
    assert line.startswith("To sign in, use a web browser to open the page https://login.example.com/device")
    assert line.endswith("and enter the code ABCD-1234 to authenticate.")
    assert listener.has_ended


async def test_cancelling_kills_the_children_of_the_plugin_too(tmp_path: Path) -> None:
    source = (
        "import subprocess, sys, signal\n"
        "child = subprocess.Popen(['sleep', '300'])\n"
        "print(child.pid, file=sys.stderr, flush=True)\n"
        "signal.pause()"
    )
    listener = Listener(lambda sign_in: sign_in.cancel())
    with pytest.raises(SignInCancelledError):
        await plugin(tmp_path, listener, source).run()
    assert not await asyncio.to_thread(lives_on, int(listener.lines[0]))


def lives_on(pid: int) -> bool:
    """Return whether a killed process still exists in the end; its new parent reaps it some time later."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return False
        except (ProcessLookupError, FileNotFoundError):
            return False
        time.sleep(0.01)
    return True


async def test_the_time_limit_starts_over_when_the_plugin_speaks(tmp_path: Path) -> None:
    source = "import sys, signal; print('enter ABCD', file=sys.stderr, flush=True); signal.pause()"
    with pytest.raises(ConfigError, match="did not answer within 0 s of its last output: enter ABCD"):
        await plugin(tmp_path, Listener(), source, sign_in_timeout=0).run()


async def test_a_question_without_a_line_end_is_shown(tmp_path: Path) -> None:
    source = "import sys, signal; sys.stderr.write('Password: '); sys.stderr.flush(); signal.pause()"
    listener = Listener(lambda sign_in: sign_in.cancel())
    with pytest.raises(SignInCancelledError):
        await plugin(tmp_path, listener, source).run()
    assert listener.lines == ["Password:"]


async def test_a_browser_that_keeps_stderr_open_does_not_hold_the_sign_in(tmp_path: Path) -> None:
    answer = '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "t"}}'
    source = (
        "import subprocess, sys\n"
        "child = subprocess.Popen(['sleep', '300'], stdout=subprocess.DEVNULL)\n"
        "print(child.pid, file=sys.stderr, flush=True)\n"
        f"print({answer!r})"
    )
    listener = Listener()
    given = await plugin(tmp_path, listener, source).run()
    assert given.token == "t"
    assert listener.has_ended
    os.kill(int(listener.lines[0]), signal.SIGKILL)  # still there: what a successful plugin has opened stays open


async def test_a_plugin_with_interactive_mode_always_runs_without_a_terminal_and_fails_with_a_hint(
    tmp_path: Path,
) -> None:
    user = plugin_user(sys.executable, ["-c", "raise SystemExit('no terminal')"], interactiveMode="Always")
    config = msgspec.convert(user["exec"], ExecConfig)
    with pytest.raises(ConfigError, match="no terminal") as caught:
        await ExecPlugin(config, tmp_path, ServerEndpoint("https://x"), environ(tmp_path)).run()
    assert "interactiveMode is Always" in caught.value.hint


async def test_a_cancelled_plugin_is_not_started_again_by_itself_for_a_while() -> None:
    clock, runs = DrivenClock(), 0

    async def fetch() -> Credential:
        nonlocal runs
        runs += 1
        raise SignInCancelledError("You cancelled the sign-in")

    credentials = RenewedCredentials(
        "the plugin", fetch, StaticCredentials(KubeconfigEntry(KubeconfigUser(), Path("/"))), clock
    )
    for clock.passed in (0.0, MIN_INTERVAL + 1, CANCELLED_INTERVAL - 1):
        with pytest.raises(SignInCancelledError):
            await credentials.current()
        assert runs == 1
    credentials.clear_failure()  # the person pressed Ctrl+R
    with pytest.raises(SignInCancelledError):
        await credentials.current()
    assert runs == 2
    clock.passed = 2 * CANCELLED_INTERVAL
    with pytest.raises(SignInCancelledError):
        await credentials.current()
    assert runs == 3
