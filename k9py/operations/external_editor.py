"""The editor a person has chosen: `$KUBE_EDITOR`, `$VISUAL` or `$EDITOR`, run on a file in the terminal of kdash.

Invariant: the editor is a job of its own in the foreground of the terminal, as a shell would start it, so Ctrl+C and
Ctrl+Z in it reach it alone; when it ends, kdash has the terminal again.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from k9py.api.errors import ConfigError
from k9py.kube import child_processes

VARIABLES: Final = ("KUBE_EDITOR", "VISUAL", "EDITOR")
"""In the order in which they count; the first as with kubectl."""


def editor_command(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the words of the editor's command, () when none is chosen.

    Raises:
        ConfigError: the words cannot be split, or there is no such program.
    """
    for variable in VARIABLES:
        if not (value := environ.get(variable, "").strip()):
            continue
        try:
            words = tuple(shlex.split(value))
        except ValueError as error:
            raise ConfigError(f"{variable} cannot be read: {error}", "check its quotes") from error
        if words and shutil.which(words[0], path=environ.get("PATH")) is None:
            raise ConfigError(f"{variable} names {words[0]}, which is not a program", f"set {variable} to an editor")
        return words
    return ()


async def run_editor(command: tuple[str, ...], path: Path) -> None:
    """Run the editor on a file until it ends.

    Raises:
        ConfigError: it cannot be started, or reports a failure.
    """
    try:
        status = await asyncio.to_thread(_run, (*command, str(path)))
    except OSError as error:
        raise ConfigError(f"{command[0]} cannot be started: {error.strerror or error}", "") from error
    if status:
        raise ConfigError(f"{command[0]} ended with {status}", "nothing was changed")


def _run(words: tuple[str, ...]) -> int:
    """Run a program in the foreground and return its exit code, negative for a signal."""
    is_job = os.name == "posix"
    process = subprocess.Popen(words, process_group=0 if is_job else None)
    child_processes.register(process.pid)
    try:
        if not is_job:
            return process.wait()
        with _foreground(process.pid):
            return _wait(process.pid)
    finally:
        child_processes.unregister(process.pid)


@contextmanager
def _foreground(group: int) -> Iterator[None]:
    """Give the terminal to a process group, and take it back."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:  # no terminal: a test, or a service
        yield
        return
    try:
        before = os.tcgetpgrp(terminal)
        _give(terminal, group)
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGCONT)  # it may have asked for the terminal before it had it
        yield
    finally:
        _give(terminal, before)
        os.close(terminal)


def _give(terminal: int, group: int) -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTTOU})
    try:
        with suppress(OSError):
            os.tcsetpgrp(terminal, group)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait(pid: int) -> int:
    """Wait for its end; an editor that is stopped by Ctrl+Z continues, for there is no shell to bring it back."""
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            os.killpg(pid, signal.SIGCONT)
            continue
        return os.waitstatus_to_exitcode(status)


def default_editor() -> tuple[str, ...]:
    """Return the editor of a system where none is chosen, () when there is none: vi, or notepad."""
    name = "notepad" if sys.platform == "win32" else "vi"
    return (name,) if shutil.which(name) else ()
