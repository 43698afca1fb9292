"""A signal ends a command in order: with its exit code, and without leaving processes behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from k9py.kube import child_processes

PATIENCE = 60.0
KDASH = [sys.executable, "-m", "k9py"]

CONFIG = """
apiVersion: v1
kind: Config
current-context: one
contexts: [{{name: one, context: {{cluster: one, user: one}}}}]
clusters: [{{name: one, cluster: {{server: "https://127.0.0.1:1"}}}}]
users:
- name: one
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      interactiveMode: Never
      command: /bin/sh
      args: [-c, 'echo $$ > {note}; while :; do sleep 60; done']
"""
"""A credential plugin that prints its process id and never answers."""


@dataclass
class Plugin:
    """A kubeconfig with a plugin that hangs."""

    config: Path
    note: Path

    def wait_for_pid(self) -> int:
        """Return the plugin's process id when it runs."""
        pipe = os.open(self.note, os.O_RDONLY | os.O_NONBLOCK)
        try:
            assert select.select((pipe,), (), (), PATIENCE)[0], "the plugin was not run"
            return int(os.read(pipe, 100))
        finally:
            os.close(pipe)


@pytest.fixture
def plugin(tmp_path: Path) -> Plugin:
    note = tmp_path / "note"
    os.mkfifo(note)
    config = tmp_path / "config"
    config.write_text(CONFIG.format(note=note))
    return Plugin(config, note)


def assert_gone(pid: int) -> None:
    """Wait for a process to end; raises AssertionError when it does not."""
    try:
        program = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        assert select.select((program,), (), (), PATIENCE)[0], f"process {pid} has not ended"
    finally:
        os.close(program)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
@pytest.mark.parametrize(
    "command", [["--once"], ["status", "deploy/a"], ["logs", "deploy/a"]], ids=lambda command_: command_[0]
)
def test_a_signal_ends_a_command_and_its_plugin(command: list[str], number: signal.Signals, plugin: Plugin) -> None:
    argv = [*KDASH, "--kubeconfig", str(plugin.config), *command]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=_hear_all) as program:
        pid = plugin.wait_for_pid()
        program.send_signal(number)
        _, stderr = program.communicate(timeout=PATIENCE)
    assert program.returncode == (-number if number == signal.SIGQUIT else 128 + number)
    assert b"Traceback" not in stderr
    assert_gone(pid)


@pytest.mark.parametrize("failure", ["", "raise RuntimeError"], ids=["interrupted", "failing for it"])
def test_an_interrupt_while_it_is_being_imported_ends_it_without_a_word(failure: str, tmp_path: Path) -> None:
    interrupt = "import os, signal\ntry: os.kill(os.getpid(), signal.SIGINT)\nexcept KeyboardInterrupt:\n " + (
        failure or "raise"
    )
    (tmp_path / "click.py").write_text(interrupt)
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ended = subprocess.run([*KDASH, "--once"], capture_output=True, env=environ, preexec_fn=_hear_all, timeout=PATIENCE)
    assert ended.returncode == -signal.SIGINT
    assert ended.stderr == b""


def test_nohup_is_respected(plugin: Plugin) -> None:
    argv = [*KDASH, "--kubeconfig", str(plugin.config), "--once"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, preexec_fn=_ignore_hangups) as program:
        pid = plugin.wait_for_pid()
        program.send_signal(signal.SIGHUP)
        program.send_signal(signal.SIGTERM)
        program.communicate(timeout=PATIENCE)
    assert program.returncode == 128 + signal.SIGTERM
    assert_gone(pid)


def test_what_still_runs_is_killed_with_what_it_has_started() -> None:
    script = "sleep 1000 & echo $!; wait"
    with subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.PIPE, start_new_session=True) as program:
        assert program.stdout is not None
        grandchild = int(program.stdout.readline())
        child_processes.register(program.pid)
        child_processes.kill_all()
        assert program.wait(PATIENCE) == -signal.SIGKILL
        child_processes.unregister(program.pid)
        child_processes.kill_all()
    assert_gone(grandchild)


def _hear_all() -> None:
    """Reset the signals that the test environment ignores."""
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def _ignore_hangups() -> None:
    _hear_all()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
