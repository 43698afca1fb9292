"""Run a command in a container from a shell, attach to its main process, or open a shell in it.

Invariants: standard output has exactly the bytes of the command's, unless it is a terminal that has not been handed
over, which gets its text; the exit code is the command's own. What kdash
itself has to report goes to standard error, with its own exit codes. The audit has who, where and which command, never
what was typed or read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from k9py.api.pods import Pod
from k9py.api.streams import CommandEnd, ContainerRef, ContainerStream
from k9py.api.text import printable
from k9py.cli.console import Console
from k9py.cli.process import streaming_output
from k9py.cli.remote.targets import ContainerOptions, described, resolve_container_target
from k9py.cli.session import Invocation, explain_not_found, open_session
from k9py.cli.targets import ObjectArgument
from k9py.remote.attaching import main_process_of
from k9py.remote.command_end import exit_code_of, failure_text
from k9py.remote.containers import find_container
from k9py.remote.descriptors import DescriptorWriter, read_descriptor
from k9py.remote.leave_keys import LEAVE_KEYS
from k9py.remote.shell import open_shell, runs_windows, shell_command
from k9py.remote.terminal import LEFT, LocalTerminal, TerminalClosedError, run_interactively
from k9py.remote.terminal_text import OutputWriter
from k9py.remote.transfer import transfer
from k9py.session import ClusterSession
from k9py.views.exit_codes import ExitCode, exit_code_of_write

HUNG_UP = 129
"""Exit code after the terminal was closed, as if SIGHUP had ended the command."""


async def execute(
    invocation: Invocation, named: ObjectArgument, options: ContainerOptions, command: Sequence[str]
) -> int:
    """Run a command in a container; return its exit code. Raises KdashError."""
    console, options = invocation.console, _without_missing_terminal(invocation.console, options)
    async with open_session(invocation) as session:
        pod, container = await _find(console, session, named, options, "exec")
        commands = session.connection

        def opened() -> AbstractAsyncContextManager[ContainerStream]:
            return commands.open_exec(container, command, stdin=options.stdin, tty=options.tty)

        what = _where("exec in", container)
        accesses = session.writer.accesses
        async with accesses.recorded(
            "exec", pod.key, what, uid=pod.metadata.uid, container=container.container, command=command
        ) as record:
            async with opened() as stream:
                end = await _connect(console, stream, options)
            record.exit_code = end.exit_code
        return _report(console, end, record.problem)


async def attach(invocation: Invocation, named: ObjectArgument, options: ContainerOptions) -> int:
    """Attach to the main process of a container; return its exit code. Raises KdashError."""
    console, options = invocation.console, _without_missing_terminal(invocation.console, options)
    async with open_session(invocation) as session:
        pod, container = await _find(console, session, named, options, "attach")
        process = await main_process_of(session, container)
        if options.stdin and not process.has_stdin:
            console.print_err(f"kdash: {_where('the main process of', container)} has no standard input: -i is ignored")
        if options.tty and not process.has_tty:
            console.print_err(f"kdash: {_where('the main process of', container)} has no terminal: -t is ignored")
        stdin, tty = options.stdin and process.has_stdin, options.tty and process.has_tty
        options = ContainerOptions(options.container, stdin, tty and stdin)
        what, accesses = _where("attach to", container), session.writer.accesses
        async with accesses.recorded(
            "attach", pod.key, what, uid=pod.metadata.uid, container=container.container
        ) as record:
            # A process with a terminal has one output, also for those who only look.
            async with session.connection.open_attach(container, stdin=stdin, tty=process.has_tty) as stream:
                if options.tty:
                    console.print_err(f"Attached; Ctrl+C goes to the process, {LEAVE_KEYS} leaves it running.")
                end = await _connect(console, stream, options)
            record.exit_code = end.exit_code
        return _report(console, end, record.problem)


async def shell(invocation: Invocation, named: ObjectArgument, options: ContainerOptions) -> int:
    """Open a shell in a container; return its exit code. Raises KdashError."""
    console = invocation.console
    async with open_session(invocation) as session:
        terminal = LocalTerminal(sys.stdin.fileno())
        pod, container = await _find(console, session, named, options, "shell")
        command = shell_command(invocation.environ, is_windows=runs_windows(pod))
        what, accesses = _where("shell in", container), session.writer.accesses
        async with accesses.recorded(
            "shell", pod.key, what, uid=pod.metadata.uid, container=container.container, command=command
        ) as record:
            async with open_shell(session.connection, container, command, terminal.size) as stream:
                console.print_err(f"{what} · {LEAVE_KEYS} leaves it")
                end = await _interact(stream, terminal)
            record.exit_code = end.exit_code
        return _report(console, end, record.problem)


async def _find(
    console: Console, session: ClusterSession, named: ObjectArgument, options: ContainerOptions, action: str
) -> tuple[Pod, ContainerRef]:
    session.writer.accesses.refuse(f"{action}{' to' if action == 'attach' else ' in'} {described(session, named)}")
    ref = await resolve_container_target(session, named)
    with explain_not_found(ref):
        chosen = await find_container(session, ref, options.container)
    if note := chosen.note(is_terminal=console.err.isatty(), names_pod=action != "shell"):  # it has a line of its own
        console.print_err(f"kdash: {note}")
    pod = chosen.pod
    return pod, ContainerRef(pod.namespace, pod.name, chosen.container.name)


def _where(action: str, container: ContainerRef) -> str:
    return f"{action} {printable(container.pod)} ({printable(container.container)})"


def _without_missing_terminal(console: Console, options: ContainerOptions) -> ContainerOptions:
    """Leave out the terminal where there is none, as kubectl does."""
    if not options.tty or (options.stdin and sys.stdin.isatty()):
        return options
    reason = "standard input is not a terminal" if options.stdin else "-t needs -i"
    console.print_err(f"kdash: no terminal is used: {reason}")
    return ContainerOptions(options.container, options.stdin)


async def _connect(console: Console, stream: ContainerStream, options: ContainerOptions) -> CommandEnd:
    """Connect a command with this process's streams until it ends."""
    if options.tty:
        return await _interact(stream, LocalTerminal(sys.stdin.fileno()))
    console.out.flush()
    out, error = OutputWriter(console.out.fileno()), OutputWriter(console.err.fileno())
    stdin = sys.stdin.fileno() if options.stdin else -1
    try:
        with streaming_output():
            return await transfer(
                stream,
                (lambda: read_descriptor(stdin)) if options.stdin else None,
                out.write,
                error.write,
                lambda text: console.print_err(f"kdash: {printable(text)}"),
            )
    finally:
        out.close()
        error.close()


async def _interact(stream: ContainerStream, terminal: LocalTerminal) -> CommandEnd:
    """Hand the terminal over; what is not written to it goes where standard output goes."""
    output = None if os.isatty(sys.stdout.fileno()) else DescriptorWriter(sys.stdout.fileno())
    try:
        async with terminal:
            with streaming_output():
                return await run_interactively(stream, terminal, write=output.write if output is not None else None)
    except TerminalClosedError:
        return CommandEnd(HUNG_UP, "TerminalClosed")


def _report(console: Console, end: CommandEnd, audit_problem: str) -> int:
    """Return the exit code, and report why there is none of the command."""
    if end is LEFT:
        console.print_err(f"kdash: {end.message}")
        return ExitCode.DONE
    if failure := failure_text(end):
        console.print_err(f"kdash: {failure}")
    code = exit_code_of(end)
    if audit_problem:
        console.print_err(f"kdash: the audit record is incomplete: {printable(audit_problem)}")
    if code is None:
        return ExitCode.UNKNOWN
    return code if code else exit_code_of_write(ExitCode.DONE, audit_problem)
