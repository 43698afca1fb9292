"""Runs `kdash forward`: prints the addresses, then what happens, until it is ended.

Invariant: standard output has one line for each local port and nothing else, flushed before the first connection;
everything about the forward goes to standard error. A signal ends it in order, with a summary; the exit code is then
that of the signal, as for every command.
"""

from __future__ import annotations

import asyncio
from typing import Final

from k9py.api.errors import KdashError, NotFoundError
from k9py.api.plural import count_noun
from k9py.api.quantities import size_text
from k9py.cli.console import Console, is_unicode, json_text
from k9py.cli.forward.saved import ForwardArguments, choose
from k9py.cli.session import Invocation, open_session
from k9py.forwarding.figures import ForwardEvent, ForwardEventKind, ForwardFigures
from k9py.forwarding.forward import Forward
from k9py.forwarding.listeners import FIRST_UNPRIVILEGED, LOOPBACK, Listener
from k9py.forwarding.ports import PortPair
from k9py.forwarding.start import start_forward
from k9py.runtime.background_jobs import JobState
from k9py.runtime.clock import Clock
from k9py.runtime.gc_tuner import GcTuner
from k9py.views.exit_codes import ExitCode, exit_code_of_write

ERROR_SECONDS: Final = 5.0
"""The same error is printed once in so many seconds."""


async def forward_ports(invocation: Invocation, arguments: ForwardArguments) -> ExitCode:
    """Forward until the command is ended; return the exit code. Raises KdashError: it could not start."""
    console = invocation.console
    gc_tuner = GcTuner()
    gc_tuner.start()  # a full collection of all modules holds the event loop for 50 ms
    async with open_session(invocation) as session:
        chosen = await choose(session, arguments, invocation.config_path)
        if chosen.fault:
            console.print_err(f"kdash: warning: config file, {chosen.fault}")
        async with asyncio.TaskGroup() as group:
            forward: Forward | None = None
            failure: Exception | None = None
            try:
                forward = await start_forward(
                    session,
                    chosen.ref,
                    chosen.ports,
                    address=chosen.address or LOOPBACK,
                    spawn=lambda run, name: group.create_task(run, name=name),
                )
            except KdashError as error:  # raised as itself, not in a group
                if isinstance(error, NotFoundError) and chosen.hint:
                    error.hint = "; ".join(filter(None, (error.hint, chosen.hint)))
                failure = error
            if forward is not None:
                printer = ForwardPrinter(console, invocation.clock, forward)
                try:
                    printer.print_start(json=invocation.arguments.json)
                    await forward.wait_ended()
                except asyncio.CancelledError:
                    # By a signal: the guard of the process makes its exit code of it.
                    task = asyncio.current_task()
                    assert task is not None
                    task.uncancel()
                    await forward.stop()
                except OSError as error:  # standard output is closed, or its disk full
                    await forward.stop()
                    failure = error
                except BaseException:
                    await forward.stop()
                    raise
        if failure is not None:
            raise failure
        assert forward is not None
        printer.print_end()
        if forward.error is not None:
            raise forward.error
        return exit_code_of_write(ExitCode.DONE, forward.audit_problem)


def target_text(title: str, listener: Listener) -> str:
    """Return what a local port leads to: `svc/web:80`, of a named port `svc/web:http (80)` where it is known."""
    number = f" ({listener.remote_port})" if listener.remote_port not in (None, listener.remote) else ""
    return f"{title}:{listener.remote}{number}"


def other_port(pair: PortPair, listener: Listener) -> str:
    """Return why the local port has another number than the one that is forwarded to, "" where it was chosen so."""
    number = listener.remote_port
    if pair.local is not None or number is None or listener.port == number:
        return ""
    if number < FIRST_UNPRIVILEGED:
        reason = f"ports below {FIRST_UNPRIVILEGED} need privileges"
        return f"local port {listener.port} is taken, not {number}: {reason}"
    return f"local port {listener.port} is taken, not {number}: that is in use"


class ForwardPrinter:
    """Prints a forward: its addresses, its events and its end."""

    def __init__(self, console: Console, clock: Clock, forward: Forward) -> None:
        self._console = console
        self._clock = clock
        self._forward = forward
        self._last_error = ""
        self._last_error_at = 0.0
        self._skipped = 0

    def print_start(self, *, json: bool) -> None:
        """Print the addresses, and from now on every event. Raises OSError: standard output cannot be written."""
        console, forward = self._console, self._forward
        for listener in forward.listeners:
            console.print(
                self._json(listener) if json else f"{listener.url} -> {target_text(forward.target.title, listener)}"
            )
        console.out.flush()
        for pair, listener in zip(forward.ports, forward.listeners, strict=False):
            if note := other_port(pair, listener):
                console.print_err(f"kdash: {note}")
        if forward.warning:
            console.print_err(f"kdash: warning: {forward.warning}")
        if forward.state is JobState.WAITING:
            console.print_err(f"kdash: waiting: {forward.waits_for}")
        elif forward.pod:
            console.print_err(f"kdash: connections go to {forward.pod}; Ctrl+C ends the forward")
        forward.subscribe(self.print_event)

    def print_event(self, event: ForwardEvent) -> None:
        """Print an event; of equal errors at once, only the first."""
        if event.kind is ForwardEventKind.ERROR:
            now = self._clock.monotonic()
            if event.text == self._last_error and now - self._last_error_at < ERROR_SECONDS:
                self._skipped += 1
                return
            self._last_error, self._last_error_at = event.text, now
        if self._skipped:
            self._console.print_err(f"kdash: and {count_noun(self._skipped, 'more such error', 'more such errors')}")
            self._skipped = 0
        self._console.print_err(f"kdash: {event.text}")

    def print_end(self) -> None:
        """Print what it did."""
        self._console.print_err(f"kdash: ended: {summary(self._forward.figures)}")
        if self._forward.audit_problem:
            self._console.print_err(f"kdash: the audit log is incomplete: {self._forward.audit_problem}")

    def _json(self, listener: Listener) -> str:
        values = {
            "address": listener.address,
            "addresses": list(listener.addresses),
            "port": listener.port,
            "remote": listener.remote,
            "url": listener.url,
            "target": self._forward.target.title,
            "namespace": self._forward.ref.namespace,
            "pod": self._forward.pod,
        }
        return json_text(values, plain=not is_unicode(self._console.out))


def summary(figures: ForwardFigures) -> str:
    """Return what a forward did: "12 connections, 1.2 KiB sent, 3 MiB received, 2 cut, moved once"."""
    parts = [
        count_noun(figures.total, "connection"),
        f"{size_text(figures.sent)} sent",
        f"{size_text(figures.received)} received",
        f"{figures.cut:,} cut",
    ]
    if figures.ended_with_pod:
        parts.append(f"{figures.ended_with_pod:,} ended with their pod")
    if figures.failed:
        parts.append(f"{figures.failed:,} failed")
    if figures.moves:
        parts.append(f"moved {count_noun(figures.moves, 'time')}")
    return ", ".join(parts)
