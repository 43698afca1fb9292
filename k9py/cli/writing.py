"""The way of every change without a screen: plan, dry-run, show, confirm, write, follow.

Invariant: nothing is sent before it was shown and confirmed (by a person at a terminal, or by --yes); several workloads
are changed one after the other, and the first that fails is the last that is tried.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from k9py.api.errors import KdashError, RefusedError
from k9py.api.meta import ObjectKey
from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.cli.command_line import WriteOptions
from k9py.cli.console import StyledLine
from k9py.cli.following import Ending, follow_to_end
from k9py.cli.plans import Plan, Planner
from k9py.cli.preview import preview_lines
from k9py.cli.session import CommandSession, Invocation, open_session, report_error
from k9py.cli.stuck import delete_in_order, try_deleting
from k9py.cli.targets import ObjectArgument
from k9py.cli.written import Result, error_outcome
from k9py.operations.plan import WriteResult
from k9py.operations.prepare import is_stored_as_previewed, prepare
from k9py.operations.remarks import audit_remark, remarks
from k9py.views.exit_codes import ExitCode, exit_code_of_error, exit_code_of_write
from k9py.views.values import Tone


async def write(
    invocation: Invocation,
    targets: Sequence[ObjectArgument],
    action: str,
    planner: Planner,
    options: WriteOptions,
    *,
    delete_stuck: bool = False,
) -> int:
    """Change each workload in turn; return the exit code of the last that was tried.

    Args:
        action: its word, for the answer where it comes to no plan.
        delete_stuck: delete the pods a StatefulSet leaves stuck after an undo.

    Raises:
        RefusedError: it was not confirmed beforehand, and nobody can be asked.
        KdashError: there is no connection.
    """
    console = invocation.console
    if not (options.yes or options.dry_run or console.is_interactive):
        hint = "give --yes to write without asking, or --dry-run to only look"
        raise RefusedError("nothing was sent: there is no terminal to confirm it at", hint)
    results: list[Result] = []
    async with open_session(invocation) as session:
        for named in targets:
            way = _Way(invocation, session, session.key(named), action, options, delete_stuck=delete_stuck)
            try:
                results.append(await way.go(planner))
            except asyncio.CancelledError:
                # Ctrl+C: what was written already is told before the end.
                _sum_up(invocation, session.context, [*results, way.result], targets, options)
                raise
            if results[-1].code is not ExitCode.DONE:
                break
        return _sum_up(invocation, session.context, results, targets, options)


def _sum_up(
    invocation: Invocation,
    context: str,
    results: Sequence[Result],
    targets: Sequence[ObjectArgument],
    options: WriteOptions,
) -> ExitCode:
    """Say what was not tried, print the answer as JSON where that is wished, and return the last one's code."""
    console, left = invocation.console, targets[len(results) :]
    code = results[-1].code if results else ExitCode.DONE
    if left:
        console.print_err(f"kdash: not tried any more: {', '.join(str(one) for one in left)}")
    if invocation.arguments.json:
        console.print_json(
            {
                "context": printable(context),
                "dry_run": options.dry_run,
                "results": [one.values() for one in results],
                "not_tried": [{"kind": one.kind, "name": one.name} for one in left],
                "exit_code": int(code),
            }
        )
    return code


class _Way:
    """One workload's way from the plan to the end; `result` is what has come of it so far."""

    def __init__(
        self,
        invocation: Invocation,
        session: CommandSession,
        key: ObjectKey,
        action: str,
        options: WriteOptions,
        *,
        delete_stuck: bool,
    ) -> None:
        self.console = invocation.console
        self.clock = invocation.clock
        self.is_json = invocation.arguments.json
        self.session = session
        self.options = options
        self.delete_stuck = delete_stuck
        self.result = Result(key, action)

    async def go(self, planner: Planner) -> Result:
        """Go the way; a failure ends it and is told."""
        try:
            await self._go(await planner(self.session, self.result.key, self.clock))
        except KdashError as error:
            report_error(self.console, error)
            # What was written stays written, whatever became of following it.
            outcome = "not-followed" if self.result.outcome == "not-followed" else error_outcome(error)
            self.result = replace(self.result, outcome=outcome, error=error, code=exit_code_of_error(error))
        return self.result

    async def _go(self, plan: Plan) -> None:
        self.console.print_warnings(plan.remarks)
        self.result = replace(self.result, stuck=tuple(one.name for one in plan.stuck))
        lines: list[StyledLine] = []
        if plan.change is not None:
            prepared = await prepare(self.session.writer, self.session.connection, plan.obj, plan.change)
            self.result = replace(self.result, prepared=prepared, state=plan.state)
            lines += preview_lines(prepared, self.session.context, plan.state)
        if self.delete_stuck and plan.stuck:
            await try_deleting(self.session, plan.stuck)
            lines.append(((f"  then deletes, one by one: {_names(plan.stuck)}", Tone.WARN),))
        self._show(lines)
        if self.options.dry_run:
            self.result = replace(self.result, outcome="dry-run", code=ExitCode.DONE)
            self._answer("nothing was written: a dry-run")
            return
        if not self.options.yes and not await self._confirmed():
            self.result = replace(self.result, outcome="declined", code=ExitCode.REFUSED)
            return
        written = await self._write() if plan.change is not None else None
        await self._see_to_stuck(plan, written)
        if self.options.wait:
            await self._follow(written)

    async def _confirmed(self) -> bool:
        agreed = False
        try:
            agreed = await self.console.confirm("Do it?")
        finally:
            if not agreed:
                self.console.print_err("kdash: nothing was written")
        return agreed

    async def _write(self) -> WriteResult:
        prepared = self.result.prepared
        assert prepared is not None
        try:
            written = await self.session.writer.write(
                prepared.plan, dry_run=False, before=prepared.before, previewed=prepared.after
            )
        except asyncio.CancelledError:
            self.result = replace(self.result, outcome="unknown")
            self.console.print_err("kdash: given up before the server answered: it is not known whether it was made")
            raise
        self.result = replace(
            self.result,
            outcome="done",
            code=exit_code_of_write(ExitCode.DONE, written.audit_problem),
            audit_problem=written.audit_problem,
            as_previewed=is_stored_as_previewed(prepared, written) if prepared.is_verified else None,
            written=written,
        )
        for remark in remarks(written):
            self.console.print_err(f"kdash: {remark}")
        self._answer(f"done: {printable(written.plan.summary)}")
        return written

    async def _see_to_stuck(self, plan: Plan, written: WriteResult | None) -> None:
        """Delete the stuck pods where that is wished, or may be asked; else say how."""
        if not plan.stuck:
            return
        names = _names(plan.stuck)
        wished = self.delete_stuck
        if not wished:
            place = printable(self.result.key.namespace)
            self.console.print_err(
                f"kdash: stuck: {names}; the StatefulSet waits for what is stuck instead of replacing it"
            )
            self.console.print_err(
                f"  hint: kubectl delete pod -n {place} {names.replace(',', '')}; undo --delete-stuck-pods does it too"
            )
            wished = not self.options.yes and await self.console.confirm(f"Delete {names} now?")
        if wished:
            present = int((plan.obj.get("metadata") or {}).get("generation") or 0)
            generation = present if written is None else written.generation
            async for name, deleted in delete_in_order(
                self.session, self.result.key, generation, plan.stuck, self.clock
            ):
                problem = deleted.audit_problem or self.result.audit_problem
                self.result = replace(
                    self.result,
                    outcome="done",
                    code=exit_code_of_write(ExitCode.DONE, problem),
                    deleted=(*self.result.deleted, name),
                    audit_problem=problem,
                )
                for remark in remarks(deleted):
                    self.console.print_err(f"kdash: {remark}")
                self._answer(f"done: delete Pod {printable(name)}")

    async def _follow(self, written: WriteResult | None) -> None:
        key, began = self.result.key, self.clock.monotonic()
        try:
            ending = await follow_to_end(
                self.session,
                key,
                self.clock,
                self.console,
                timeout=self.options.timeout,
                generation=None if written is None else written.generation,
            )
        except (asyncio.CancelledError, KdashError) as error:
            words = error.message if isinstance(error, KdashError) else "given up by the person"
            self.result = replace(self.result, outcome="not-followed", code=ExitCode.UNKNOWN)
            self._complete_audit(written, "not-followed", words, self.clock.monotonic() - began)
            self.console.print_err("kdash: not followed any longer; what was written stays, and goes on by itself")
            raise
        self._complete_audit(written, ending.outcome, ending.words, ending.seconds)
        self.result = replace(self.result, outcome=ending.outcome, ending=ending, code=self._code(ending))
        if ending.outcome == "converged":
            self._answer(f"done in {ending.seconds:.0f} s")
        elif not self.is_json:
            self.console.print(ending.words)

    def _code(self, ending: Ending) -> ExitCode:
        is_asked_for = ending.outcome == "paused" and self.result.action == "pause"
        return exit_code_of_write(ExitCode.DONE if is_asked_for else ending.code, self.result.audit_problem)

    def _complete_audit(self, written: WriteResult | None, outcome: str, words: str, seconds: float) -> None:
        if written is None:
            return
        problem = self.session.writer.follow_up(written, outcome, words, seconds)
        if problem:
            self.result = replace(self.result, audit_problem=problem)
            self.console.print_err(f"kdash: {audit_remark(problem)}")

    def _show(self, lines: Sequence[StyledLine]) -> None:
        """Show the plan: it is the answer of a dry-run, else it stands beside it."""
        is_answer = self.options.dry_run
        if self.is_json and (is_answer or self.options.yes):
            return
        for line in lines:
            (self.console.print if is_answer else self.console.print_err)(self.console.render(line))

    def _answer(self, text: str) -> None:
        if not self.is_json:
            self.console.print(text)


def _names(pods: Sequence[Pod]) -> str:
    return ", ".join(printable(one.name) for one in pods)
