"""The main process of a container as attached clients see it: its log, or a fake shell that reads their input.

Invariant: a container whose spec has `stdin` and that runs a shell, or another known command, has one process for its
whole run, started by the first client; its end ends the container with its exit code. Output without a client is lost.
Every other container only writes: clients get its log lines from now on.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any

from k9py.simulator.kubelet.containers import spec_of
from k9py.simulator.state import SimulatorState
from k9py.simulator.streaming.channels import ClientChannels
from k9py.simulator.streaming.containers import RunningContainer
from k9py.simulator.streaming.shell.commands import COMMANDS
from k9py.simulator.streaming.shell.pipes import CallbackWriter, Pipe
from k9py.simulator.streaming.shell.process import Machine, Process, run
from k9py.simulator.streaming.shell.terminal import Terminal

Object = dict[str, Any]

_SHELLS = ("sh", "bash", "ash", "dash")
_WRAPPERS = ("chroot", "nsenter", "exec", "env")


class MainProcess:
    """A main process that reads input."""

    def __init__(self, machine: Machine, arguments: Sequence[str], *, tty: bool, closes_once: bool) -> None:
        """Prepare a main process.

        Args:
            machine: its container.
            arguments: a known command.
            tty: it has a terminal.
            closes_once: its input ends when the first client leaves (`stdinOnce`).
        """
        self._machine = machine
        self._arguments = arguments
        self._clients: list[ClientChannels] = []
        self._closes_once = closes_once
        self._task: asyncio.Task[None] | None = None
        self.terminal = Terminal(self._broadcast) if tty else None
        self.stdin = Pipe()

    async def attach(self, channels: ClientChannels, *, has_stdin: bool) -> None:
        """Connect a client until this is cancelled; the first one starts the process."""
        channels.share(self.terminal, self.stdin if has_stdin else None)
        self._clients.append(channels)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        try:
            await asyncio.shield(self._task)
        finally:
            self._clients.remove(channels)
            if self._closes_once and has_stdin:
                self.stdin.close()
                if self.terminal is not None:
                    self.terminal.hang_up()

    def end(self) -> None:
        """End it with its container."""
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        machine = self._machine
        writer = self.terminal or CallbackWriter(self._broadcast)
        process = Process(
            machine=machine,
            arguments=self._arguments,
            stdin=self.terminal or self.stdin,
            stdout=writer,
            stderr=writer,
            environment={**machine.environment, **({"TERM": "xterm"} if self.terminal else {})},
            directory=machine.working_directory,
            terminal=self.terminal,
        )
        code = await run(process, COMMANDS[process.name])
        machine.end_main(code)

    async def _broadcast(self, data: bytes) -> None:
        for client in tuple(self._clients):
            with contextlib.suppress(ConnectionError):
                await client.stdout.write(data)


async def follow_main_process(
    state: SimulatorState,
    container: RunningContainer,
    pod: Object,
    name: str,
    channels: ClientChannels,
    *,
    has_stdin: bool,
) -> None:
    """Serve an attached client until the container ends."""
    spec = spec_of(pod, name)
    if container.main is None and (arguments := interactive_command(container.machine, spec)):
        closes_once = bool(spec.get("stdinOnce"))
        container.main = MainProcess(container.machine, arguments, tty=bool(spec.get("tty")), closes_once=closes_once)
    main = container.main
    serving = asyncio.create_task(
        main.attach(channels, has_stdin=has_stdin) if main is not None else _write_log(state, pod, name, channels)
    )
    ended = asyncio.create_task(container.ended.wait())
    try:
        await asyncio.wait((serving, ended), return_when=asyncio.FIRST_COMPLETED)
        if main is None and ended.done():
            # The last lines have been written, but not read yet.
            await asyncio.wait((serving,), timeout=1.0)
    finally:
        for task in (serving, ended):
            task.cancel()
        await asyncio.gather(serving, ended, return_exceptions=True)


def interactive_command(machine: Machine, spec: Object) -> list[str]:
    """Return the command of a container that reads input; [] if it only writes.

    Without a command in the spec the image's counts: with a terminal it is taken to be a shell.
    """
    if not spec.get("stdin") or not machine.has_shell:
        return []
    words = [str(word) for word in (*(spec.get("command") or ()), *(spec.get("args") or ()))]
    if not words:
        return ["bash" if machine.has_bash else "sh"] if spec.get("tty") else []
    if words[0].rpartition("/")[2] in _WRAPPERS:
        words = next((words[at:] for at, word in enumerate(words) if word.rpartition("/")[2] in _SHELLS), [])
    if words and words[0].rpartition("/")[2] in COMMANDS:
        return words
    return []


async def _write_log(state: SimulatorState, pod: Object, name: str, channels: ClientChannels) -> None:
    """Write the log lines of a container from now on, until its run ends."""
    log = state.log_source.open(pod, name)
    if log is None:
        return
    held = log.read()
    last = held[-1].sequence if held else -1
    writer = channels.terminal or channels.stdout
    while await log.wait_for_more(last):
        for line in log.read(last):
            last = line.sequence
            await writer.write(line.text.encode("utf-8", "surrogateescape") + b"\n")
            await asyncio.sleep(0)
