"""`kdash logs` at work: finds the pods, reads their logs as one stream, prints it until it ends or the reader leaves.

Invariant: lines go to standard output and everything about them to standard error; what is not written yet is bounded,
because what a slow reader does not take waits at the servers. Nothing is dropped: a dashboard must, since it may not
fall behind; a pipe may. The reader that leaves ends it as done, not as failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Final

from k9py.api.errors import BadRequestError, KdashError, NotFoundError
from k9py.api.pods import Pod
from k9py.api.search_pattern import SearchPattern
from k9py.api.text import printable
from k9py.cli.console import Console, takes_colour
from k9py.cli.logs.choosing import Choice
from k9py.cli.logs.options import FOLLOWED_PAST, LogOptions
from k9py.cli.logs.outlet import Outlet
from k9py.cli.logs.pods import FollowedPods, wanted
from k9py.cli.logs.printers import printer
from k9py.cli.logs.reporting import Reporter
from k9py.cli.logs.subject import FirstLook, Subject, container_names, find_subject, first_look
from k9py.cli.session import CommandSession, Invocation, open_session
from k9py.logs.follow.log_range import LogRange
from k9py.logs.follow.merge import MAX_DRAIN_LINES
from k9py.logs.follow.status import TargetStatus
from k9py.logs.follow.stream import LogStream
from k9py.logs.line import WHOLE_STREAM, LogLine
from k9py.runtime.clock import Clock
from k9py.runtime.time_slice import TimeSlice
from k9py.views.exit_codes import ExitCode, exit_code_of_error

TICK: Final = 0.1
"""Seconds between two looks at what has come."""
_SLICE: Final = 0.005
"""Seconds of work on lines between two passes of the event loop."""


async def logs(invocation: Invocation, options: LogOptions, choice: Choice, patterns: Sequence[SearchPattern]) -> int:
    """Print the logs; return the exit code. Raises KdashError: nothing can be read."""
    try:
        async with open_session(invocation) as session:
            subject = await find_subject(session, options.named, options.selector)
            look = await first_look(session, subject, options.named)
            _check(subject, look, options)
            return await _Run(invocation, session, subject, look, options, choice, patterns).print()
    except BrokenPipeError:
        return ExitCode.DONE


def log_range(options: LogOptions) -> LogRange:
    """Return which lines of the past are wanted."""
    tail = options.tail
    if tail is None and options.follow and options.since is None:
        tail = FOLLOWED_PAST
    return LogRange("", tail_lines=tail, since_seconds=options.since)


def outcome(states: Sequence[TargetStatus], *, is_whole: bool = True) -> ExitCode:
    """Return how it ended: as the failure of one that could not be read, or done.

    It is unknown where it is not whole: lines were dropped, or a query took too long to tell whether they belong to it.

    A container that has not started, or a pod that is gone, is no failure as long as another one could be read.
    """
    errors = [one.error for one in states if one.error is not None]
    told = [one for one in errors if not isinstance(one, BadRequestError | NotFoundError)]
    if told or (errors and len(errors) == len(states)):
        return exit_code_of_error((told or errors)[0])
    return ExitCode.DONE if is_whole else ExitCode.UNKNOWN


def _check(subject: Subject, look: FirstLook, options: LogOptions) -> None:
    """Raise NotFoundError where nothing can ever be printed."""
    if not look.pods:
        if options.follow:
            return
        hint = "-f waits for one; kdash status tells why there is none" if options.named else "-f waits for one"
        raise NotFoundError(f"there is no pod of {subject.words}" if options.named else f"no {subject.words}", hint)
    known = container_names(look.pods)
    if options.containers and not known.keys() & set(options.containers):
        names = ", ".join(printable(f"{name} ({role})" if role else name) for name, role in known.items())
        asked = " or ".join(printable(one) for one in options.containers)
        raise NotFoundError(f"no pod of {subject.words} has a container {asked}", f"there are: {names}")
    if options.previous and not wanted(look.pods, options):
        hint = "without -p the present run is read"
        raise NotFoundError(f"no container of {subject.words} has been restarted: there is no previous run", hint)


class _Run:
    """One run of the command, from the pods to the last line."""

    def __init__(
        self,
        invocation: Invocation,
        session: CommandSession,
        subject: Subject,
        look: FirstLook,
        options: LogOptions,
        choice: Choice,
        patterns: Sequence[SearchPattern],
    ) -> None:
        self._clock: Clock = invocation.clock
        self._subject = subject
        self._options = options
        self._choice = choice
        self._look = look
        self._pods: tuple[Pod, ...] = look.pods
        self._followed = FollowedPods(session, subject, look, self._clock) if options.follow else None
        self._has_dropped = False
        self._told_slow: tuple[str, ...] = ()
        self._stream = LogStream(
            session.connection,
            self._clock,
            range=log_range(options),
            previous=options.previous,
            follow=options.follow,
            max_streams=options.max_streams,
            lossless=True,
        )
        console: Console = invocation.console
        self._out = Outlet(console.out, untouched=options.raw)
        no_color = invocation.arguments.no_color
        targets = wanted(self._pods, options)
        several = len(targets) > 1 or (options.follow and not subject.is_pod)
        self._printer = printer(
            "raw" if options.raw else options.output or ("pretty" if console.out.isatty() else "raw"),
            console.out,
            colour=takes_colour(console.out, no_color=no_color),
            prefixed=several if options.prefix is None else options.prefix,
            timestamps=options.timestamps,
            patterns=patterns,
            untouched=options.raw,
        )
        in_colour = options.output != "json" and takes_colour(console.err, no_color=no_color)
        self._reporter = Reporter(console.err, colour=in_colour)
        self._stream.set_targets(targets)

    async def print(self) -> ExitCode:
        """Print until it ends. Raises KdashError, and OSError when it cannot be written."""
        await self._reporter.remark(self._look.remarks)
        if not self._pods:
            await self._reporter.remark([f"{self._subject.words}: no pod yet, waiting for one"])
        elif missing := set(self._options.containers) - container_names(self._pods).keys():
            await self._reporter.remark([f"no pod has a container {printable(one)}" for one in sorted(missing)])
        jobs: list[Coroutine[Any, Any, Any]] = [self._stream.run()]
        jobs += [one.run() for one in (self._followed.informers if self._followed is not None else ())]
        failure: KdashError | OSError | None = None
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(job) for job in jobs]
            try:
                await self._until_the_end()
            except (KdashError, OSError) as error:  # raised as itself, not in a group
                failure = error
            finally:
                for task in tasks:
                    task.cancel()
        if failure is not None:
            raise failure
        if self._choice.slow != self._told_slow:
            await self._reporter.remark(self._choice.slow)
        return outcome(self._stream.statuses(), is_whole=not self._has_dropped and not self._choice.slow)

    async def _until_the_end(self) -> None:
        while True:
            if self._followed is not None:
                await self._look_at_pods(self._followed)
            lines = self._stream.drain()
            await self._write(lines)
            if not self._told_slow and self._choice.slow:
                self._told_slow = self._choice.slow
                await self._reporter.remark(self._told_slow)
            await self._reporter.counts(self._stream.counts)
            if self._has_ended(lines):
                return
            if self._out.is_left:
                raise BrokenPipeError
            if len(lines) < MAX_DRAIN_LINES:
                await self._clock.sleep(TICK)

    async def _look_at_pods(self, followed: FollowedPods) -> None:
        pods = followed.changed()
        if pods is not None:
            self._pods = pods
            self._stream.set_targets(wanted(pods, self._options))
        await self._reporter.trouble(followed.trouble)

    async def _write(self, lines: Sequence[LogLine]) -> None:
        """Print in slices, so that the logs are read meanwhile."""
        text: list[str] = []
        time_slice = TimeSlice(_SLICE, self._clock.monotonic)
        for line in lines:
            if line.marker == "end" and self._options.previous:
                continue  # that a former run has ended goes without saying
            if line.marker:
                await self._out.write("".join(text))  # a remark stands where it belongs also where both are one screen
                text = []
                await self._reporter.marker(line)
                self._has_dropped |= line.marker == "gap" and line.target == WHOLE_STREAM
            elif self._choice.takes(line):
                text.append(self._printer(line))
            if time_slice.is_over():
                await self._out.write("".join(text))
                text = []
                await time_slice.next()
        await self._out.write("".join(text))

    def _has_ended(self, lines: Sequence[LogLine]) -> bool:
        if lines:
            return False
        if not self._options.follow:
            return self._stream.is_finished
        if not self._subject.is_pod or _may_come_back(self._pods, self._look):
            return False
        counts = self._stream.counts  # what is followed is never finished as long as its pod is there
        return self._stream.is_finished or (bool(self._pods) and counts.ended == counts.wanted)


def _may_come_back(pods: Sequence[Pod], look: FirstLook) -> bool:
    """Tell whether more may come of the one pod that is followed: it runs, or its StatefulSet makes it anew."""
    if any(pod.status.phase not in ("Succeeded", "Failed") for pod in pods):
        return True
    owner = look.pods[0].metadata.controller if look.pods else None
    return owner is not None and owner.kind == "StatefulSet"
