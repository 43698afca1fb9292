"""`kdash exec` in one container: which one is chosen, and what is reported about it beside the command's output."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

import pytest

from k9py.cli.process import ReaderLeftError
from k9py.cli.remote.execute import execute
from k9py.cli.remote.targets import ContainerOptions
from k9py.cli.session import Invocation
from k9py.cli.targets import ObjectArgument
from k9py.simulator.clock import ManualClock
from k9py.simulator.server import Simulator
from tests.cli.recorded_stream import RecordedStream
from tests.cli.shell import CommandResult, Shell

CHECKOUT = ObjectArgument("Deployment", "checkout")  # containers app and proxy
CART = ObjectArgument("Deployment", "cart")  # one container


class OnTerminal(RecordedStream):
    """Standard error of a person; the command's goes to another file."""

    def __init__(self, command: TextIO) -> None:
        super().__init__(is_terminal=True)
        self._command = command

    def fileno(self) -> int:
        return self._command.fileno()


class NotOnTerminal(OnTerminal):
    """Standard error in a script."""

    def isatty(self) -> bool:
        return False


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        simulator.advance(60)
        yield Shell(simulator, tmp_path)


async def run(
    shell: Shell,
    named: ObjectArgument,
    *command: str,
    container: str = "",
    err: Callable[[TextIO], TextIO] = NotOnTerminal,
    read_only: bool = False,
) -> CommandResult:
    """Run it with files for the output of the command."""
    stdout = shell.directory / "stdout"
    with stdout.open("w") as out, (shell.directory / "stderr").open("w") as command_error:
        own = err(command_error)

        def core(invocation: Invocation) -> Any:
            console = replace(invocation.console, out=out, err=own)
            return execute(replace(invocation, console=console), named, ContainerOptions(container), command)

        result = await shell.run(core, read_only=read_only)
    return CommandResult(result.code, stdout.read_text(), result.err + getattr(own, "getvalue", str)())


async def test_which_pod_and_container_is_used_is_reported_where_others_were_possible(shell: Shell) -> None:
    result = await run(shell, CHECKOUT, "hostname")
    assert result.code == 0, result.err
    pod = result.out.strip()
    assert pod.startswith("checkout-")
    assert result.err == f"kdash: using pod {pod} of 3, container app of app, proxy; -c names another one\n"


async def test_what_was_named_is_not_reported(shell: Shell) -> None:
    pod = (await run(shell, CHECKOUT, "hostname")).out.strip()
    named = await run(shell, ObjectArgument("Pod", pod), "hostname", container="proxy", err=OnTerminal)
    assert (named.code, named.err) == (0, "")


async def test_a_reader_that_leaves_ends_it_and_the_audit_has_why(shell: Shell) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as out:

        def core(invocation: Invocation) -> Any:
            console = replace(invocation.console, out=out, err=OnTerminal(out))
            return execute(replace(invocation, console=console), CART, ContainerOptions(), ("hostname",))

        with pytest.raises(ReaderLeftError):
            await shell.run(core)
    assert (shell.audit[-1]["outcome"], shell.audit[-1]["error"]) == ("cancelled", "nobody reads the output any more")


async def test_a_refusal_names_what_is_refused(shell: Shell) -> None:
    result = await run(shell, CHECKOUT, "hostname", read_only=True)
    message = "kdash: exec in Deployment shop/checkout refused: kdash runs with --readonly\n"
    assert (result.code, result.err) == (9, message + "  hint: start without --readonly\n")


def test_a_stream_without_a_reader_is_done() -> None:
    code = "from k9py.cli.process import *; import sys, time\n"
    code += "def work():\n with streaming_output():\n  while True: print('x' * 9999)\n"
    code += "sys.exit(run_printing(work))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait() == 0
