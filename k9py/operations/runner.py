"""The one way from an operation to a finished write: read, check, choose, plan, dry-run, confirm, write, track, audit.

One or several objects take the same way. A *batch* is read, dry-run and confirmed together and then written one after
the other: all targets of the dashboard are one batch, each target of a command is a batch of its own, planned in its
turn. Invariants: `Writer.write` is called only with what the front end has confirmed; the first target that fails is
the last that is started; a write that is tracked leaves one more audit line, also when it is interrupted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any

from k9py.api.errors import ConflictError, KdashError, UnchangedError
from k9py.api.meta import ObjectRef
from k9py.operations.batch_results import (
    keys_without_result,
    passed_results,
    refused_batch,
    refused_results,
    result_of,
)
from k9py.operations.concurrent_change import is_changed_by_others
from k9py.operations.dry_run import DryRun, is_stored_as_previewed
from k9py.operations.following import follow_context, removal, tracked_ends
from k9py.operations.front_end import (
    Confirmed,
    Decision,
    FrontEnd,
    InputRequest,
    Proposal,
    Proposals,
    SeveralRefusedError,
)
from k9py.operations.late_dry_run import late_dry_run
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.plan import Tracking, WritePlan, WriteResult
from k9py.operations.proposing import (
    OperationSession,
    Outcomes,
    check_targets,
    pods_to_delete,
    propose,
    read_again,
    read_targets,
    stuck_pod_deleter,
)
from k9py.operations.result import OperationResult, error_outcome
from k9py.operations.run_options import RunOptions
from k9py.operations.target import Target, TargetSnapshot
from k9py.operations.track import TrackedEnd, interrupted_end


class OperationRunner:
    """Runs one operation on one or several targets.

    `results` has one entry for each started target, the last one with its progress so far; it is valid after a
    cancellation too. `not_started` names the targets that were left out because an earlier one failed.
    """

    def __init__(self, session: OperationSession, front_end: FrontEnd, options: RunOptions) -> None:
        self._session = session
        self._front_end = front_end
        self._options = options
        self._inputs: Any = None
        self._operation: Operation[Any]
        self._at = -1  # of the result of the target that is being tracked
        self._targets: Sequence[Target] = ()
        self._outcomes: Outcomes = {}
        self.results: list[OperationResult] = []
        self.not_started: tuple[ObjectRef, ...] = ()
        self.refused: SeveralRefusedError | None = None

    async def run(self, operation: Operation[Any], snapshots: Sequence[TargetSnapshot], **given: Any) -> None:
        """Run the operation; failures are in `results` and were reported to the front end."""
        self._operation, inputs = operation, operation.inputs(**given)
        batches = [tuple(snapshots)] if self._options.together else [(snapshot,) for snapshot in snapshots]
        for number, batch in enumerate(batches, start=1):
            self.results.append(OperationResult(batch[0].key, operation.id))
            self._inputs = inputs
            try:
                await self._run_batch(operation, batch, inputs)
            except UnchangedError as error:
                self._update(outcome="unchanged")
                self._end_inputs(operation, None)
                self._front_end.note(error.message)
            except KdashError as error:
                self._end_inputs(operation, error)
                if isinstance(error, SeveralRefusedError):
                    self.results[-1:], self.refused = refused_results(error), error
                    await self._front_end.refused(error)
                else:
                    self._fail(error)
                if not self.refused and len(batch) > 1 and self.results[-1].written is None:
                    keys = [snapshot.key for snapshot in batch]
                    if each := refused_batch(operation, keys, self._outcomes, error):
                        self.results[-1:] = each
                        self.not_started = keys_without_result(keys, each)
            else:
                self._end_inputs(operation, None)
            if not self.results[-1].is_good and number < len(batches):
                self.not_started = tuple(snapshot.key for left in batches[number:] for snapshot in left)
                return

    # -- up to the confirmation ---------------------------------------------------------------------------------------

    def _end_inputs(self, operation: Operation[Any], error: KdashError | None) -> None:
        """Release what the inputs hold; what there is to know about them belongs to the error, if there is one."""
        result = replace(self.results[-1], error=error)
        note = operation.ended(self._inputs, result)
        if note and error is not None:
            error.hint = f"{error.hint.rstrip('.')}; {note}" if error.hint else note
        elif note:
            self._front_end.note(note)

    async def _run_batch(self, operation: Operation[Any], batch: Sequence[TargetSnapshot], inputs: Any) -> None:
        """Run a batch; after a failure ask again, or plan again from objects that others have changed."""
        targets: Sequence[Target] = ()
        while True:
            try:
                proposals = await self._confirmed(operation, batch, inputs, targets)
                if proposals is not None:
                    await self._apply_all(operation, proposals)
                return
            except KdashError as error:
                if self.results[-1].written is not None or error_outcome(error) == "unknown":
                    raise
                if operation.starts_over and is_changed_by_others(error):
                    if not await self._front_end.starts_over(error):
                        raise
                    targets, inputs = await read_again(self._session, self._targets), self._inputs
                    continue
                if not operation.asks_again:
                    raise
                before = self._targets
                targets = await read_targets(self._session, batch) if isinstance(error, ConflictError) else before
                again = await operation.ask_again(self._inputs, error, targets, before)
                if again is None:
                    raise
                inputs = again

    async def _apply_all(self, operation: Operation[Any], proposals: Proposals) -> None:
        count = len(proposals.items)
        if count > 1 and not operation.waits_for_each:
            await self._apply_at_once(operation, proposals)
            return
        for number, proposal in enumerate(proposals.items, start=1):
            left = tuple(later.key for later in proposals.items[number:])
            if number > 1:
                self.results.append(result_of(operation, proposal))
            try:
                await self._apply(proposal, number, count)
            except KdashError as error:
                if count == 1:
                    raise
                self.not_started = left
                self._fail(error)
                return
            if left and (not self.results[-1].is_good or self._front_end.stops()):
                self.not_started = left
                return

    async def _confirmed(
        self, operation: Operation[Any], batch: Sequence[TargetSnapshot], inputs: Any, targets: Sequence[Target] = ()
    ) -> Proposals | None:
        """Return what was confirmed, None when the user declined; `targets`: as they were read, when they were."""
        front_end = self._front_end
        self._outcomes.clear()
        targets = targets or await read_targets(self._session, batch, self._outcomes)
        self._targets = targets
        check_targets(operation, targets, self._outcomes)
        self._inputs = inputs = await operation.resolve(targets, inputs)

        async def proposed(chosen: Any) -> Proposals:
            self._outcomes.clear()
            return await propose(self._session, operation, targets, chosen, self._outcomes)

        is_asked = False
        while True:
            if is_asked or operation.needs_input(inputs):
                is_asked = True
                answer = await front_end.choose(InputRequest(operation, targets, inputs, proposed))
                if answer is None:
                    self._update(outcome="declined")
                    return None
                if isinstance(answer, Confirmed):
                    self._show(operation, answer.proposals)
                    return answer.proposals
                self._inputs = inputs = answer
            title = operation.title(inputs) + (f" of {len(targets)}" if len(targets) > 1 else "")
            proposals = await front_end.while_preparing(targets[0].key, title, proposed(inputs))
            if proposals is not None:
                self._show(operation, proposals)
            match await front_end.confirm(proposals) if proposals is not None else Decision.BACK:
                case Decision.YES:
                    return proposals
                case Decision.PREVIEW:
                    assert proposals is not None
                    self.results[-1:] = passed_results(proposals)
                    return None
                case Decision.BACK if is_asked:
                    continue
            self._update(outcome="declined")
            return None

    # -- from the confirmation on -------------------------------------------------------------------------------------

    async def _apply(self, proposal: Proposal, number: int, count: int) -> None:
        written: WriteResult | None = None
        if proposal.dry_run is not None and proposal.planned.writes:
            written = await self._write(proposal, proposal.dry_run, number, count)
        began, is_tracking = self._session.clock.monotonic(), False
        planned = proposal.planned
        try:
            if pods := pods_to_delete(planned):
                generation = int((planned.target.raw.get("metadata") or {}).get("generation") or 0)
                stuck = stuck_pod_deleter(
                    self._session,
                    planned,
                    pods,
                    generation if written is None else written.generation,
                    self._delete_stuck_pod,
                )
                await self._front_end.offer_stuck_pods(stuck)
            if planned.follow is not None:
                is_tracking = True
                if written is None:
                    self._front_end.writing(proposal, number, count)
                context = follow_context(self._session, self._front_end, self._options.timeout, proposal.key)
                self._ended(await planned.follow(context), began)
            elif self._options.tracks and (proposal.plan is None or proposal.plan.tracking is not Tracking.NONE):
                is_tracking = True
                await self._track(proposal, written, began)
        except (asyncio.CancelledError, KdashError) as error:
            if is_tracking or (self._options.tracks and written is not None):
                self._ended(interrupted_end(error), began)
            raise

    async def _apply_at_once(self, operation: Operation[Any], proposals: Proposals) -> None:
        """Write one after the other, and then follow all of them together."""
        count, followed = len(proposals.items), []
        for number, proposal in enumerate(proposals.items, start=1):
            if number > 1:
                self.results.append(result_of(operation, proposal))
            assert proposal.dry_run is not None
            try:
                written = await self._write(proposal, proposal.dry_run, number, count)
            except KdashError as error:
                self.not_started = tuple(later.key for later in proposals.items[number:])
                self._fail(error)
                break
            followed.append((len(self.results) - 1, proposal, written, self._session.clock.monotonic()))
            if number < count and (not self.results[-1].is_good or self._front_end.stops()):
                self.not_started = tuple(later.key for later in proposals.items[number:])
                break
        if not self._options.tracks:
            return
        removals = [(at, item.plan) for at, _, item, _ in followed if item.plan.tracking is Tracking.REMOVAL]
        await asyncio.gather(*(self._follow_removal(at, plan) for at, plan in removals))
        for at, proposal, written, began in followed:
            if written.plan.tracking is Tracking.ROLLOUT:
                self._at = at
                await self._track(proposal, written, began)
        self._at = -1

    async def _follow_removal(self, index: int, plan: WritePlan) -> None:
        began = self._session.clock.monotonic()
        try:
            end = await removal(self._session, self._front_end, plan)
        except (asyncio.CancelledError, KdashError) as error:
            self._record(self.results[index], interrupted_end(error))
            if isinstance(error, asyncio.CancelledError):
                raise
            return
        end = replace(end, seconds=self._session.clock.monotonic() - began)
        self.results[index] = replace(self.results[index], outcome=end.outcome, end=end)
        self._record(self.results[index], end)

    async def _write(self, proposal: Proposal, tried: DryRun, number: int, count: int) -> WriteResult:
        self._front_end.writing(proposal, number, count)
        tried = await late_dry_run(
            self._session, proposal.target.raw, tried, partial(self._front_end.report, proposal.key)
        )
        try:
            written = await self._session.writer.write(
                tried.plan, dry_run=False, before=tried.before, previewed=tried.after
            )
        except asyncio.CancelledError:
            self._update(outcome="unknown")
            self._front_end.interrupted(self.results[-1])
            raise
        self._update(
            outcome="done",
            written=written,
            audit_problem=written.audit_problem,
            is_as_previewed=is_stored_as_previewed(tried, written) if tried.is_verified else None,
        )
        self._operation.stored(self._inputs)
        if proposal.planned.leaves is not None:
            proposal.target.record_rollback(proposal.planned.leaves, tried.plan.cause)
        self._front_end.written(proposal, written)
        return written

    async def _delete_stuck_pod(
        self, planned: PlannedTarget, number: int, count: int, gone: Callable[[], Coroutine[Any, Any, TrackedEnd]]
    ) -> None:
        plan = planned.plan
        assert plan is not None
        proposal = Proposal(planned, DryRun(plan, planned.target.raw, None, is_verified=False))
        self._front_end.writing(proposal, number, count)
        result = OperationResult(
            plan.key, plan.operation, "unknown", planned.target, proposal.dry_run, is_stuck_pod=True
        )
        try:
            written = await self._session.writer.write(plan, dry_run=False, before=planned.target.raw)
        except asyncio.CancelledError:
            self._front_end.interrupted(result)
            raise
        present = self.results[-1]
        self._update(
            outcome="done" if present.outcome == "failed" else present.outcome,
            deleted_pods=(*present.deleted_pods, plan.key.name),
            audit_problem=written.audit_problem or present.audit_problem,
        )
        self._front_end.written(proposal, written)
        result = replace(result, outcome="done", written=written)
        try:
            end = await gone()
        except (asyncio.CancelledError, KdashError) as error:
            self._record(result, interrupted_end(error))
            raise
        self._record(result, end)

    # -- to the end ---------------------------------------------------------------------------------------------------

    async def _track(self, proposal: Proposal, written: WriteResult | None, began: float) -> None:
        tracked = tracked_ends(self._session, self._front_end, self._options, proposal, written)
        async with aclosing(tracked) as ends:
            async for end in ends:
                self._ended(end, began)

    def _ended(self, end: TrackedEnd, began: float) -> None:
        """Note an end; its seconds count from the write."""
        end = replace(end, seconds=self._session.clock.monotonic() - began)
        self._update(outcome=end.outcome, end=end)
        self._record(self.results[self._at], end)

    def _record(self, result: OperationResult, end: TrackedEnd) -> None:
        """Complete the audit of a write and report where it ended."""
        if result.written is not None:
            problem = self._session.writer.record_end(result.written, end.outcome, end.text, end.seconds)
            if problem:
                self._update(audit_problem=problem)
                self._front_end.audit_problem(problem)
        self._front_end.ended(result, end)

    # -- results ------------------------------------------------------------------------------------------------------

    def _update(self, **changes: Any) -> None:
        self.results[self._at] = replace(self.results[self._at], **changes)

    def _show(self, operation: Operation[Any], proposals: Proposals) -> None:
        self.results[-1] = result_of(operation, proposals.items[0])

    def _fail(self, error: KdashError) -> None:
        """Record a failure. A completed write stays written, whatever happened to its tracking."""
        result = self.results[-1]
        is_written = result.written is not None or result.outcome == "not-followed"
        self._update(error=error, outcome=result.outcome if is_written else error_outcome(error))
        self._front_end.failed(self.results[-1], error)
