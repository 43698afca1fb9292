"""Runs operations from the command line, and prints their results; how one asks is in `operation_front_end`.

Invariant: nothing is sent before it was shown and confirmed, at a terminal or by --yes. Several workloads are changed
one after the other; it stops at the first that fails.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.cli.command_line import WriteOptions
from k9py.cli.operation_front_end import ConsoleFrontEnd
from k9py.cli.operation_output import exit_code, result_values
from k9py.cli.operation_targets import NamedTarget
from k9py.cli.resolve import resolve_argument
from k9py.cli.session import CommandSession, Invocation, explain_not_found, open_session
from k9py.cli.targets import ObjectArgument
from k9py.cluster.cluster import Cluster
from k9py.cluster.scope import Scope
from k9py.operations.batch_results import keys_without_result
from k9py.operations.operation import name_of
from k9py.operations.proposing import OperationSession
from k9py.operations.result import OperationResult
from k9py.operations.run_options import RunOptions
from k9py.operations.runner import OperationRunner
from k9py.operations.target import FetchedTarget, FetchedTargets, TargetSnapshot
from k9py.views.exit_codes import ExitCode


async def run_operation(
    invocation: Invocation,
    targets: Sequence[NamedTarget],
    operation_id: str,
    options: WriteOptions,
    **inputs: Any,
) -> int:
    """Run an operation on each workload in turn; return the first exit code that is not 0.

    Raises:
        KdashError: there is no connection.
    """
    async with open_session(invocation) as session:
        snapshots = [TargetSnapshot(await resolve(session, target)) for target in targets]
        return await run_in_session(invocation, session, operation_id, snapshots, options, **inputs)


async def run_in_session(
    invocation: Invocation,
    session: CommandSession,
    operation_id: str,
    snapshots: Sequence[TargetSnapshot],
    options: WriteOptions,
    *,
    together: bool = False,
    confirmed_by_number: bool = False,
    **inputs: Any,
) -> int:
    """Run an operation in an open session; `together`: all targets are confirmed by one answer.

    Args:
        confirmed_by_number: that answer is their number, typed.
    """
    code, _ = await run_for_results(
        invocation,
        session,
        operation_id,
        snapshots,
        options,
        together=together,
        confirmed_by_number=confirmed_by_number,
        **inputs,
    )
    return code


async def run_for_results(
    invocation: Invocation,
    session: CommandSession,
    operation_id: str,
    snapshots: Sequence[TargetSnapshot],
    options: WriteOptions,
    *,
    together: bool = False,
    confirmed_by_number: bool = False,
    on_results: Callable[[Sequence[OperationResult]], None] = lambda _: None,
    **inputs: Any,
) -> tuple[ExitCode, Sequence[OperationResult]]:
    """Run as `run_in_session` does, and return the results too.

    Args:
        on_results: is given them however the run ends, also by an error of a terminal that is gone.
    """
    front_end = ConsoleFrontEnd(invocation, session, options, confirmed_by_number=confirmed_by_number)
    runner = OperationRunner(
        _operation_session(invocation, session),
        front_end,
        RunOptions(together=together, tracks=options.wait, timeout=options.timeout),
    )
    try:
        await runner.run(invocation.operations[operation_id], snapshots, **inputs)
    except asyncio.CancelledError:
        # Ctrl+C: completed writes are reported before the end.
        _sum_up(invocation, session, runner, snapshots, options, together=together, is_cancelled=True)
        raise
    finally:
        on_results(runner.results)
    code = _sum_up(invocation, session, runner, snapshots, options, together=together)
    return code, runner.results


async def resolve(session: CommandSession, named: NamedTarget) -> ObjectRef:
    """Return the object that is named, in the default namespace. Raises NotFoundError: there is no such type."""
    if isinstance(named, ObjectArgument):
        return session.key(await resolve_argument(session, named))
    found = await session.connection.find_type(named.kind)
    return found.ref(session.namespace, named.name)


def _operation_session(invocation: Invocation, session: CommandSession) -> OperationSession:
    clock, connection, writer = invocation.clock, session.connection, session.writer

    def watch(key: ObjectRef) -> AbstractAsyncContextManager[Cluster]:
        return session.watch(Scope((key.namespace,)))

    return OperationSession(writer, connection, _Targets(FetchedTargets(connection, writer, clock)), clock, watch)


class _Targets:
    """Reads targets; the error for a missing one names the namespace."""

    def __init__(self, targets: FetchedTargets) -> None:
        self._targets = targets

    async def read(self, snapshot: TargetSnapshot) -> FetchedTarget:
        with explain_not_found(snapshot.key):
            return await self._targets.read(snapshot)


def _sum_up(
    invocation: Invocation,
    session: CommandSession,
    runner: OperationRunner,
    snapshots: Sequence[TargetSnapshot],
    options: WriteOptions,
    *,
    together: bool,
    is_cancelled: bool = False,
) -> ExitCode:
    """Report the targets that were not written, print JSON if requested, and return the first code that is not 0."""
    console, results = invocation.console, runner.results
    left = keys_without_result([snapshot.key for snapshot in snapshots], results)
    if together and not is_cancelled:
        left = runner.not_started  # others were declined as a whole, or left out for a reason that was printed
    code = next((code for code in map(exit_code, results) if code is not ExitCode.DONE), ExitCode.DONE)
    refused = [result for result in results if result.error is not None]
    passed = [result.key for result in results if result.outcome == "dry-run"]
    for result in refused[1:] if runner.refused is None else ():
        assert result.error is not None
        console.print_err(f"kdash: refused too: {printable(result.error.message)}")
    if refused and passed:
        names = ", ".join(printable(name_of(key)) for key in passed)
        console.print_err(f"kdash: not written, although the dry run passed: {names}")
    if left:
        console.print_err(f"kdash: not tried: {', '.join(printable(name_of(key)) for key in left)}")
    if invocation.arguments.json:
        console.print_json(
            {
                "context": printable(session.context),
                "dry_run": options.dry_run,
                "results": [result_values(result) for result in results],
                "not_tried": [{"kind": key.kind, "name": key.name} for key in left],
                "exit_code": int(code),
            }
        )
    return code
