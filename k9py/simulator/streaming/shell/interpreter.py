"""Runs the syntax tree of the fake shell: pipelines, lists, loops, redirections.

Owns: `Shell`, one shell process with its variables and directory. Invariant: what a shell starts ends with it; a
command in a pipeline runs in a shell of its own, so that its variables are not seen outside. Fields of words:
`expansion.py`; commands that change the shell itself: `builtins.py`.
"""

import asyncio
import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from k9py.simulator.streaming.shell.expansion import expand_text, expand_words
from k9py.simulator.streaming.shell.filesystem import FileSystem, error_text
from k9py.simulator.streaming.shell.pipes import NoInput, Pipe
from k9py.simulator.streaming.shell.process import (
    COMMANDS,
    NOT_EXECUTABLE,
    NOT_FOUND,
    CommandError,
    Process,
    guarded,
    run,
)
from k9py.simulator.streaming.shell.redirects import Files, Streams, redirected
from k9py.simulator.streaming.shell.syntax import (
    CommandNode,
    For,
    Group,
    If,
    Loop,
    Pipeline,
    Redirect,
    Redirected,
    Sequence,
    Simple,
)

Builtin = Callable[["Shell", Process], Awaitable[int]]


class ShellExit(Exception):  # noqa: N818 - control flow, not an error
    """`exit`, or `exec` of another command: the shell ends."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


class LoopControl(Exception):  # noqa: N818 - control flow, not an error
    """`break`, or (`is_continue`) `continue`."""

    def __init__(self, *, is_continue: bool) -> None:
        super().__init__()
        self.is_continue = is_continue


class Shell:
    """One shell."""

    def __init__(self, process: Process, builtins: Mapping[str, Builtin], positional: tuple[str, ...] = ()) -> None:
        """Make a shell of a process.

        Args:
            process: `sh` itself, with its streams.
            builtins: commands that change or read the shell itself, by name.
            positional: $0, $1, ….
        """
        self.process = process
        self.builtins = builtins
        self.variables = dict(process.environment)
        self.exported = set(process.environment)
        self.positional = positional or (process.arguments[0],)
        self.directory = process.directory
        self.status = 0
        self.jobs: list[asyncio.Task[int]] = []

    @property
    def streams(self) -> Streams:
        return Streams(self.process.stdin, self.process.stdout, self.process.stderr)

    def lookup(self, name: str) -> str | None:
        """Return the value of a variable or a parameter; None if it is not set."""
        match name:
            case "?":
                return str(self.status)
            case "$":
                return str(self.process.machine.next_pid - 1)
            case "#":
                return str(len(self.positional) - 1)
            case "@" | "*":
                return " ".join(self.positional[1:])
            case "PWD":
                return self.directory
            case _ if name.isdecimal():
                return self.positional[int(name)] if int(name) < len(self.positional) else None
            case _:
                return self.variables.get(name)

    async def execute(self, commands: Sequence, streams: Streams) -> int:
        """Run commands one after another and return the last status.

        Raises:
            ShellExit: the shell ends.
        """
        for step in commands.steps:
            if (step.operator == "&&" and self.status) or (step.operator == "||" and not self.status):
                continue
            if step.is_background:
                child = self._child(streams)
                alone = child.run_alone(step.pipeline, replace(streams, stdin=NoInput()))
                self.jobs.append(asyncio.create_task(alone))
                self.status = 0
                continue
            self.status = await self._pipeline(step.pipeline, streams)
        return self.status

    async def end_jobs(self) -> None:
        """End what runs in the background."""
        for job in self.jobs:
            job.cancel()
        await asyncio.gather(*self.jobs, return_exceptions=True)

    async def run_alone(self, pipeline: Pipeline, streams: Streams) -> int:
        """Run a pipeline in this shell, which then ends."""
        try:
            return await self._pipeline(pipeline, streams)
        except ShellExit as end:
            return end.code
        finally:
            await self.end_jobs()

    async def capture(self, commands: Sequence, streams: Streams) -> bytes:
        """Return the output of commands, as for `$(…)`."""
        pipe = Pipe()
        child = self._child(streams)

        async def write() -> None:
            try:
                self.status = await child.execute(commands, replace(streams, stdout=pipe))
            except ShellExit as end:
                self.status = end.code
            finally:
                await child.end_jobs()
                pipe.close()

        writing = asyncio.create_task(write())
        output = bytearray()
        try:
            while data := await pipe.read():
                output += data
            await writing
        finally:
            writing.cancel()
        return bytes(output)

    def _scope(self, streams: Streams) -> "_Scope":
        return _Scope(self, streams)

    async def _pipeline(self, pipeline: Pipeline, streams: Streams) -> int:
        if len(pipeline.commands) == 1:
            status = await self._command(pipeline.commands[0], streams)
        else:
            status = await self._joined(pipeline.commands, streams)
        return int(not status) if pipeline.is_negated else status

    async def _joined(self, commands: tuple[CommandNode, ...], streams: Streams) -> int:
        tasks: list[asyncio.Task[int]] = []
        stdin, before = streams.stdin, None
        for number, node in enumerate(commands):
            after = Pipe() if number < len(commands) - 1 else None
            stdout = streams.stdout if after is None else after
            child = self._child(streams)
            tasks.append(
                asyncio.create_task(child.run_piped(node, Streams(stdin, stdout, streams.stderr), before, after))
            )
            if after is not None:
                stdin = before = after
        try:
            return (await asyncio.gather(*tasks))[-1]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def run_piped(self, node: CommandNode, streams: Streams, before: Pipe | None, after: Pipe | None) -> int:
        """Run one command of a pipeline, then close its ends of the pipes."""
        try:
            return await self._command(node, streams)
        except ShellExit as end:
            return end.code
        except BrokenPipeError:
            return 141
        finally:
            if before is not None:
                before.stop_reading()
            if after is not None:
                after.close()

    def _child(self, streams: Streams) -> "Shell":
        """Return a copy of this shell that changes nothing in it."""
        process = self.process.started(
            self.process.arguments,
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            environment={name: self.variables[name] for name in self.exported if name in self.variables},
            directory=self.directory,
        )
        child = Shell(process, self.builtins, self.positional)
        child.variables = dict(self.variables)
        child.exported = set(self.exported)
        child.status = self.status
        return child

    async def _command(self, node: CommandNode, streams: Streams) -> int:
        match node:
            case Simple():
                return await self._simple(node, streams)
            case Redirected(command=command, redirects=redirects):
                try:
                    streams, files = await self._redirected(redirects, streams)
                except CommandError as error:
                    await self._complain(str(error), streams)
                    return 1
                try:
                    return await self._command(command, streams)
                finally:
                    files.finish()
            case If(branches=branches):
                for condition, body in branches:
                    if condition is None or not await self.execute(condition, streams):
                        self.status = 0
                        return await self.execute(body, streams)
                return 0
            case Loop():
                return await self._loop(node, streams)
            case For(name=name, words=words, body=body):
                return await self._for(name, await expand_words(self._scope(streams), words), body, streams)
            case Group(body=body, is_subshell=False):
                return await self.execute(body, streams)
            case Group(body=body):
                child = self._child(streams)
                try:
                    return await child.execute(body, streams)
                except ShellExit as end:
                    return end.code
                finally:
                    await child.end_jobs()

    async def _loop(self, loop: Loop, streams: Streams) -> int:
        status = 0
        while bool(await self.execute(loop.condition, streams)) == loop.is_until:
            await asyncio.sleep(0)
            try:
                status = await self.execute(loop.body, streams)
            except LoopControl as control:
                if not control.is_continue:
                    break
        return status

    async def _for(self, name: str, values: list[str], body: Sequence, streams: Streams) -> int:
        status = 0
        for value in values:
            self.variables[name] = value
            await asyncio.sleep(0)
            try:
                status = await self.execute(body, streams)
            except LoopControl as control:
                if not control.is_continue:
                    break
        return status

    async def _simple(self, node: Simple, streams: Streams) -> int:
        arguments = await expand_words(self._scope(streams), node.words)
        assigned = {name: await expand_text(self._scope(streams), word) for name, word in node.assignments}
        try:
            streams, files = await self._redirected(node.redirects, streams)
        except CommandError as error:
            await self._complain(str(error), streams)
            return 1
        try:
            if not arguments:
                self.variables.update(assigned)
                return 0
            return await self.start(arguments, streams, assigned)
        finally:
            files.finish()

    async def start(self, arguments: list[str], streams: Streams, assigned: dict[str, str] | None = None) -> int:
        """Run one command by name and return its status.

        Raises:
            ShellExit: it was `exit`.
        """
        environment = {name: self.variables[name] for name in self.exported if name in self.variables}
        process = self.process.started(
            arguments,
            stdin=streams.stdin,
            stdout=streams.stdout,
            stderr=streams.stderr,
            environment={**environment, **(assigned or {})},
            directory=self.directory,
        )
        name = arguments[0]
        builtin = self.builtins.get(name)
        if builtin is not None:
            return await guarded(process, functools.partial(builtin, self))
        base = name.rpartition("/")[2]
        is_known = name in (base, f"/bin/{base}", f"/usr/bin/{base}")
        if not is_known or not self.process.machine.is_installed(base):
            return await self._not_found(name, streams)
        return await run(process, COMMANDS[base])

    async def _not_found(self, name: str, streams: Streams) -> int:
        if "/" in name:
            try:
                self.process.files.find(self.process.started([name], directory=self.directory).path(name))
            except OSError as error:
                await self._complain(f"{name}: {error_text(error)}", streams)
                return NOT_FOUND
            await self._complain(f"{name}: Permission denied", streams)
            return NOT_EXECUTABLE
        await self._complain(f"{name}: not found", streams)
        return NOT_FOUND

    async def _complain(self, text: str, streams: Streams) -> None:
        await streams.stderr.write(f"{self.process.name}: {text}\n".encode("utf-8", "surrogateescape"))

    async def _redirected(self, redirects: tuple[Redirect, ...], streams: Streams) -> tuple[Streams, Files]:
        targets = [(redirect, await expand_text(self._scope(streams), redirect.target)) for redirect in redirects]
        process = self.process.started([], directory=self.directory)
        return redirected(process, targets, streams)


class _Scope:
    """A shell and the streams of one of its commands, for expansion."""

    def __init__(self, shell: Shell, streams: Streams) -> None:
        self._shell = shell
        self._streams = streams

    @property
    def files(self) -> FileSystem:
        return self._shell.process.files

    @property
    def directory(self) -> str:
        return self._shell.directory

    def lookup(self, name: str) -> str | None:
        return self._shell.lookup(name)

    def assign(self, name: str, value: str) -> None:
        self._shell.variables[name] = value

    def parameters(self) -> list[str]:
        return list(self._shell.positional[1:])

    async def output_of(self, commands: Sequence) -> bytes:
        return await self._shell.capture(commands, self._streams)
