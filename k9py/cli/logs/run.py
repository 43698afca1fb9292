"""Runs `kdash logs`: finds the pods, reads their logs as one stream, prints it until it ends or the reader leaves.

Invariant: lines go to standard output and everything about them to standard error. What is not written yet is bounded,
because what a slow reader does not take waits at the servers. Nothing is dropped: a dashboard must drop lines to keep
up, a pipe need not. A reader that leaves ends the command with success.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from typing import Any, Final

from k9py.api.errors import BadRequestError, KdashError, NotFoundError
from k9py.api.pods import Pod
from k9py.api.search_pattern import SearchPattern
from k9py.api.text import printable
from k9py.cli.console import takes_colour
from k9py.cli.logs.line_format import line_formatter
from k9py.cli.logs.options import DEFAULT_FOLLOW_TAIL, LogOptions
from k9py.cli.logs.output import LogReporter, OutputWriter
from k9py.cli.logs.pods import (
    FollowedPods,
    InitialPods,
    PodSelection,
    container_roles,
    list_pods,
    select_pods,
    wanted_targets,
)
from k9py.cli.logs.selection import LineSelection
from k9py.cli.resolve import resolve_argument
from k9py.cli.session import CommandSession, Invocation, open_session
from k9py.cli.targets import WORKLOADS
from k9py.logs.follow.log_range import LogRange
from k9py.logs.follow.merge import MAX_DRAIN_LINES
from k9py.logs.follow.status import TargetStatus
from k9py.logs.follow.stream import LogStream
from k9py.logs.line import WHOLE_STREAM, LogLine
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlice
from k9py.views.exit_codes import ExitCode, exit_code_of_error

TICK: Final = 0.1
"""Seconds between two drains of the stream."""
_SLICE: Final = 0.005
"""Seconds of work on lines between two passes of the event loop."""


async def print_logs(
    invocation: Invocation, options: LogOptions, selection: LineSelection, highlights: Sequence[SearchPattern]
) -> int:
    """Print the logs; return the exit code. Raises KdashError: nothing can be read."""
    try:
        async with open_session(invocation) as session:
            options = await _resolved(invocation, session, options)
            pods = await select_pods(session, options.target, options.selector)
            initial = await list_pods(session, pods, options.target)
            _check(pods, initial, options)
            return await _LogRun(invocation, session, pods, initial, options, selection, highlights).print()
    except BrokenPipeError:
        return ExitCode.DONE


async def _resolved(invocation: Invocation, session: CommandSession, options: LogOptions) -> LogOptions:
    """Return the options with the object that a bare name means. Raises KdashError: there is none, or several."""
    if options.target is None or options.target.kind:
        return options
    target = await resolve_argument(session, options.target, by_tier=True)
    invocation.console.print_err(f"kdash: reading {printable(str(target))}")
    return replace(options, target=target)


def log_range(options: LogOptions) -> LogRange:
    """Return which lines of the past are wanted."""
    tail = options.tail
    if tail is None and options.follow and options.since is None:
        tail = DEFAULT_FOLLOW_TAIL
    return LogRange("", tail_lines=tail, since_seconds=options.since)


def exit_code(statuses: Sequence[TargetStatus], *, is_complete: bool = True) -> ExitCode:
    """Return the exit code: that of a log that could not be read, otherwise DONE.

    A container that has not started, or a deleted pod, is no failure as long as another one could be read.

    Args:
        is_complete: False gives UNKNOWN in place of DONE: lines were dropped, or a query timed out on some.
    """
    errors = [status.error for status in statuses if status.error is not None]
    failures = [error for error in errors if not isinstance(error, BadRequestError | NotFoundError)]
    if failures or (errors and len(errors) == len(statuses)):
        return exit_code_of_error((failures or errors)[0])
    return ExitCode.DONE if is_complete else ExitCode.UNKNOWN


def _check(pods: PodSelection, initial: InitialPods, options: LogOptions) -> None:
    """Raise NotFoundError where nothing can ever be printed."""
    if not initial.pods:
        if options.follow:
            return
        hint = "use -f to wait for one"
        if options.target is None:
            raise NotFoundError(f"no {pods.title}", hint)
        why = "kdash status shows why there is none" if options.target.kind in WORKLOADS else "kdash events shows why"
        raise NotFoundError(f"{pods.title} has no pods", f"{hint}; {why}")
    roles = container_roles(initial.pods)
    if options.containers and not roles.keys() & set(options.containers):
        names = ", ".join(printable(f"{name} ({role})" if role else name) for name, role in roles.items())
        wanted = " or ".join(printable(name) for name in options.containers)
        raise NotFoundError(f"no pod of {pods.title} has a container {wanted}", f"containers: {names}")
    if options.previous and not wanted_targets(initial.pods, options):
        hint = "leave out -p to read the current containers"
        raise NotFoundError(f"no container of {pods.title} was restarted: there are no previous logs", hint)


class _LogRun:
    """One run of the command, from the pods to the last line."""

    def __init__(
        self,
        invocation: Invocation,
        session: CommandSession,
        pod_selection: PodSelection,
        initial: InitialPods,
        options: LogOptions,
        selection: LineSelection,
        highlights: Sequence[SearchPattern],
    ) -> None:
        self._clock: Clock = invocation.clock
        self._pod_selection = pod_selection
        self._options = options
        self._selection = selection
        self._initial = initial
        self._pods: tuple[Pod, ...] = initial.pods
        self._followed = FollowedPods(session, pod_selection, initial, self._clock) if options.follow else None
        self._has_dropped = False
        self._reported_queries: tuple[str, ...] = ()
        self._stream = LogStream(
            session.connection,
            self._clock,
            range=log_range(options),
            previous=options.previous,
            follow=options.follow,
            max_streams=options.max_streams,
            lossless=True,
        )
        console = invocation.console
        self._writer = OutputWriter(console.out, as_written=options.raw)
        no_color = invocation.arguments.no_color
        targets = wanted_targets(self._pods, options)
        is_several = len(targets) > 1 or (options.follow and not pod_selection.is_pod)
        self._format = line_formatter(
            "raw" if options.raw else options.output or ("pretty" if console.out.isatty() else "raw"),
            console.out,
            colour=takes_colour(console.out, no_color=no_color),
            prefixed=is_several if options.prefix is None else options.prefix,
            timestamps=options.timestamps,
            patterns=highlights,
            as_written=options.raw,
        )
        colour = options.output != "json" and takes_colour(console.err, no_color=no_color)
        self._reporter = LogReporter(console.err, colour=colour)
        self._stream.set_targets(targets)

    async def print(self) -> ExitCode:
        """Print until the end. Raises KdashError, and OSError when the output cannot be written."""
        await self._reporter.print(self._initial.warnings)
        if not self._pods:
            await self._reporter.print([f"{self._pod_selection.title}: no pods yet, waiting"])
        elif missing := set(self._options.containers) - container_roles(self._pods).keys():
            await self._reporter.print([f"no pod has a container {printable(name)}" for name in sorted(missing)])
        jobs: list[Coroutine[Any, Any, Any]] = [self._stream.run()]
        jobs += [reflector.run() for reflector in (self._followed.reflectors if self._followed is not None else ())]
        failure: KdashError | OSError | None = None
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
            try:
                await self._print_until_end()
            except (KdashError, OSError) as error:  # raised as itself, not in a group
                failure = error
            finally:
                for task in tasks:
                    task.cancel()
        if failure is not None:
            raise failure
        slow_queries = self._selection.slow_queries
        if slow_queries != self._reported_queries:
            await self._reporter.print(slow_queries)
        return exit_code(self._stream.statuses(), is_complete=not self._has_dropped and not slow_queries)

    async def _print_until_end(self) -> None:
        while True:
            if self._followed is not None:
                await self._update_pods(self._followed)
            lines = self._stream.drain()
            await self._print_lines(lines)
            if not self._reported_queries and self._selection.slow_queries:
                self._reported_queries = self._selection.slow_queries
                await self._reporter.print(self._reported_queries)
            await self._reporter.print_counts(self._stream.counts)
            if self._is_at_end(lines):
                return
            if self._writer.is_closed_by_reader:
                raise BrokenPipeError
            if len(lines) < MAX_DRAIN_LINES:
                await self._clock.sleep(TICK)

    async def _update_pods(self, followed: FollowedPods) -> None:
        pods = followed.changed()
        if pods is not None:
            self._pods = pods
            self._stream.set_targets(wanted_targets(pods, self._options))
        await self._reporter.print_problem(followed.problem)

    async def _print_lines(self, lines: Sequence[LogLine]) -> None:
        """Print in slices, so that the logs are read meanwhile."""
        texts: list[str] = []
        time_slice = TimeSlice(_SLICE, self._clock.monotonic)
        for line in lines:
            if line.marker == "end" and self._options.previous:
                continue  # that a previous log has ended is obvious
            if line.marker:
                await self._writer.write("".join(texts))  # first, so that the marker is in its place on a terminal
                texts = []
                await self._reporter.print_marker(line)
                self._has_dropped |= line.marker == "gap" and line.target == WHOLE_STREAM
            elif self._selection.matches(line):
                texts.append(self._format(line))
            if time_slice.is_over():
                await self._writer.write("".join(texts))
                texts = []
                await time_slice.next()
        await self._writer.write("".join(texts))

    def _is_at_end(self, lines: Sequence[LogLine]) -> bool:
        if lines:
            return False
        if not self._options.follow:
            return self._stream.is_finished
        if not self._pod_selection.is_pod or _may_continue(self._pods, self._initial):
            return False
        counts = self._stream.counts  # a followed stream is never finished while its pod exists
        return self._stream.is_finished or (bool(self._pods) and counts.ended == counts.wanted)


def _may_continue(pods: Sequence[Pod], initial: InitialPods) -> bool:
    """Return whether the one followed pod may write more: it runs, or its StatefulSet will recreate it."""
    if any(pod.status.phase not in ("Succeeded", "Failed") for pod in pods):
        return True
    owner = initial.pods[0].metadata.controller if initial.pods else None
    return owner is not None and owner.kind == "StatefulSet"
