"""The one way from an operation to a finished write: read, check, choose, plan, dry-run, confirm, write, track, audit.

One or several objects take the same way. A *batch* is read, dry-run and confirmed together and then written one after
the other: all targets of the dashboard are one batch, each target of a command is a batch of its own, planned in its
turn. Invariants: `Writer.write` is called only with what the front end has confirmed; the first target that fails is
the last that is started; a write that is tracked leaves one more audit line, also when it is interrupted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeVar

from k9py.api.errors import KdashError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.cluster.cluster import Cluster
from k9py.operations.delete_stuck_pods import StuckPodDeleter
from k9py.operations.dry_run import DryRun, dry_run, is_stored_as_previewed
from k9py.operations.front_end import Confirmed, Decision, FrontEnd, InputRequest, Proposal, Proposals
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.patcher import Reader
from k9py.operations.plan import WriteResult
from k9py.operations.result import OperationResult, error_outcome
from k9py.operations.stuck_pods import stuck_pods
from k9py.operations.target import Target, TargetReader, TargetSnapshot
from k9py.operations.track import ROLLOUT_SECONDS, TrackedEnd, track, track_pod, wait_for_recovery
from k9py.operations.write import Writer
from k9py.runtime.clock import Clock

PARALLEL: Final = 4
"""How many objects are read and dry-run at the same time."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class OperationSession:
    """One cluster to change.

    Args:
        writer: the one function that writes.
        reader: reads whole objects.
        targets: reads targets.
        clock: for waiting and for ages.
        watch: opens (or borrows) a live view of the objects around a target, for tracking.
    """

    writer: Writer
    reader: Reader
    targets: TargetReader
    clock: Clock
    watch: Callable[[ObjectRef], AbstractAsyncContextManager[Cluster]]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """Options of a run.

    Args:
        together: all targets are one batch; else each is planned in its turn.
        tracks: follow what was written to its end.
        timeout: seconds a rollout is tracked at most.
        watches_recovery: keep watching a rollout that stalled, should it recover.
    """

    together: bool
    tracks: bool = True
    timeout: float = ROLLOUT_SECONDS
    watches_recovery: bool = False


class OperationRunner:
    """Runs one operation on one or several targets.

    `results` has one entry for each started target, the last one with its progress so far; it is valid after a
    cancellation too. `not_started` names the targets that were left out because an earlier one failed.
    """

    def __init__(self, session: OperationSession, front_end: FrontEnd, options: RunOptions) -> None:
        self._session = session
        self._front_end = front_end
        self._options = options
        self.results: list[OperationResult] = []
        self.not_started: tuple[ObjectRef, ...] = ()

    async def run(self, operation: Operation[Any], snapshots: Sequence[TargetSnapshot], **given: Any) -> None:
        """Run the operation; failures are in `results` and were reported to the front end."""
        inputs = operation.inputs(**given)
        batches = [tuple(snapshots)] if self._options.together else [(snapshot,) for snapshot in snapshots]
        for number, batch in enumerate(batches, start=1):
            self.results.append(OperationResult(batch[0].key, operation.id))
            try:
                await self._run_batch(operation, batch, inputs)
            except KdashError as error:
                self._fail(error)
            if not self.results[-1].is_good and number < len(batches):
                self.not_started = tuple(snapshot.key for left in batches[number:] for snapshot in left)
                return

    # -- up to the confirmation ---------------------------------------------------------------------------------------

    async def _run_batch(self, operation: Operation[Any], batch: Sequence[TargetSnapshot], inputs: Any) -> None:
        proposals = await self._confirmed(operation, batch, inputs)
        if proposals is None:
            return
        count = len(proposals.items)
        for number, proposal in enumerate(proposals.items, start=1):
            left = tuple(later.key for later in proposals.items[number:])
            if number > 1:
                self.results.append(_result(operation, proposal))
            try:
                await self._apply(proposal, number, count)
            except KdashError as error:
                self.not_started = left
                self._fail(error)
                return
            if left and (not self.results[-1].is_good or self._front_end.stops()):
                self.not_started = left
                return

    async def _confirmed(
        self, operation: Operation[Any], batch: Sequence[TargetSnapshot], inputs: Any
    ) -> Proposals | None:
        """Return what was confirmed, None when the user declined."""
        front_end = self._front_end
        targets = await self._read(batch)
        for target in targets:
            operation.check(target)
        inputs = await operation.resolve(targets, inputs)

        async def propose(chosen: Any) -> Proposals:
            return await self._propose(operation, targets, chosen)

        is_asked = False
        while True:
            if is_asked or operation.needs_input(inputs):
                is_asked = True
                answer = await front_end.choose(InputRequest(operation, targets, inputs, propose))
                if answer is None:
                    self._update(outcome="declined")
                    return None
                if isinstance(answer, Confirmed):
                    self._show(operation, answer.proposals)
                    return answer.proposals
                inputs = answer
            title = operation.title(inputs) + (f" of {len(targets)}" if len(targets) > 1 else "")
            proposals = await front_end.while_preparing(targets[0].key, title, propose(inputs))
            if proposals is not None:
                self._show(operation, proposals)
            match await front_end.confirm(proposals) if proposals is not None else Decision.BACK:
                case Decision.YES:
                    return proposals
                case Decision.PREVIEW:
                    self._update(outcome="dry-run")
                    return None
                case Decision.BACK if is_asked:
                    continue
            self._update(outcome="declined")
            return None

    async def _read(self, batch: Sequence[TargetSnapshot]) -> list[Target]:
        return await _in_parallel([partial(self._session.targets.read, snapshot) for snapshot in batch])

    async def _propose(self, operation: Operation[Any], targets: Sequence[Target], inputs: Any) -> Proposals:
        """Plan and dry-run; a front end calls this again for each number that is typed."""
        notes: list[str] = []
        planned: list[PlannedTarget] = []
        for target in targets:
            reason = operation.skip_reason(target, inputs) if len(targets) > 1 else ""
            if reason:
                notes.append(reason)
            else:
                planned.append(await operation.plan(target, inputs))
        if not planned:
            raise RefusedError(f"nothing to do: {'; '.join(notes)}", "")
        is_several = len(planned) > 1
        items = await _in_parallel([partial(self._dry_run, target, is_several=is_several) for target in planned])
        return Proposals(operation, tuple(items), tuple(notes))

    async def _dry_run(self, planned: PlannedTarget, *, is_several: bool) -> Proposal:
        session, plan = self._session, planned.plan
        try:
            tried: DryRun | None = None
            if plan is not None:
                tried = await dry_run(session.writer, session.reader, planned.target.raw, plan)
            if planned.deletes_stuck_pods:
                await self._stuck_pods(planned, planned.stuck_pods, 0).dry_run()
        except KdashError as error:
            if is_several:
                error.message = f"{planned.target.key}: {error.message}"
            raise
        return Proposal(planned, tried)

    # -- from the confirmation on -------------------------------------------------------------------------------------

    async def _apply(self, proposal: Proposal, number: int, count: int) -> None:
        written: WriteResult | None = None
        if proposal.dry_run is not None:
            written = await self._write(proposal, proposal.dry_run, number, count)
        began, is_tracking = self._session.clock.monotonic(), False
        planned = proposal.planned
        try:
            if pods := _pods_to_delete(planned):
                generation = int((planned.target.raw.get("metadata") or {}).get("generation") or 0)
                stuck = self._stuck_pods(planned, pods, generation if written is None else written.generation)
                await self._front_end.offer_stuck_pods(stuck)
            if self._options.tracks:
                is_tracking = True
                async with self._session.watch(proposal.key) as cluster:
                    await self._track(cluster, proposal, written, began)
        except (asyncio.CancelledError, KdashError) as error:
            if is_tracking or (self._options.tracks and written is not None):
                self._ended(_interrupted(error), began)
            raise

    async def _write(self, proposal: Proposal, tried: DryRun, number: int, count: int) -> WriteResult:
        self._front_end.writing(proposal, number, count)
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
        if proposal.planned.leaves is not None:
            proposal.target.record_rollback(proposal.planned.leaves, tried.plan.cause)
        self._front_end.written(proposal, written)
        return written

    def _stuck_pods(self, planned: PlannedTarget, pods: Sequence[Pod], generation: int) -> StuckPodDeleter:
        session = self._session
        return StuckPodDeleter(
            planned.target.key,
            pods,
            generation,
            is_confirmed=planned.deletes_stuck_pods,
            writer=session.writer,
            reader=session.reader,
            targets=session.targets,
            clock=session.clock,
            delete=self._delete_stuck_pod,
        )

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
            self._record(result, _interrupted(error))
            raise
        self._record(result, end)

    # -- to the end ---------------------------------------------------------------------------------------------------

    async def _track(self, cluster: Cluster, proposal: Proposal, written: WriteResult | None, began: float) -> None:
        front_end, key, timeout = self._front_end, proposal.key, self._options.timeout
        plan = proposal.plan
        if plan is not None and key.kind == "Pod":
            self._ended(
                await track_pod(
                    cluster,
                    key,
                    plan.uid,
                    on_progress=lambda status: front_end.progress(key, status, is_recovering=False),
                ),
                began,
            )
            return
        end = await track(
            cluster,
            key,
            generation=None if written is None else written.generation,
            timeout=timeout,
            on_progress=lambda status: front_end.progress(key, status, is_recovering=False),
            is_superseded=lambda: front_end.is_superseded(key),
            expects_pause=plan is not None and plan.pauses,
        )
        self._ended(end, began)
        while self._options.watches_recovery and end.outcome == "stalled":
            if not await wait_for_recovery(cluster, key, lambda: front_end.is_superseded(key)):
                return
            end = await track(
                cluster,
                key,
                timeout=timeout,
                on_progress=lambda status: front_end.progress(key, status, is_recovering=True),
                is_superseded=lambda: front_end.is_superseded(key),
            )
            self._ended(replace(end, is_recovered=end.outcome == "converged"), began)

    def _ended(self, end: TrackedEnd, began: float) -> None:
        """Note an end; its seconds count from the write."""
        end = replace(end, seconds=self._session.clock.monotonic() - began)
        self._update(outcome=end.outcome, end=end)
        self._record(self.results[-1], end)

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
        self.results[-1] = replace(self.results[-1], **changes)

    def _show(self, operation: Operation[Any], proposals: Proposals) -> None:
        self.results[-1] = _result(operation, proposals.items[0])

    def _fail(self, error: KdashError) -> None:
        """Record a failure. A completed write stays written, whatever happened to its tracking."""
        result = self.results[-1]
        is_written = result.written is not None or result.outcome == "not-followed"
        self._update(error=error, outcome=result.outcome if is_written else error_outcome(error))
        self._front_end.failed(self.results[-1], error)


def _result(operation: Operation[Any], proposal: Proposal) -> OperationResult:
    return OperationResult(
        proposal.key,
        operation.id if proposal.plan is None else proposal.plan.operation,
        target=proposal.target,
        dry_run=proposal.dry_run,
        stuck_pods=tuple(pod.name for pod in proposal.planned.stuck_pods),
    )


def _pods_to_delete(planned: PlannedTarget) -> tuple[Pod, ...]:
    """Return the pods that were confirmed; else those that are stuck now, which are still to be confirmed."""
    if planned.deletes_stuck_pods or not planned.goes_to:
        return planned.stuck_pods
    return stuck_pods(planned.target.raw, planned.goes_to, planned.target.pods())


def _interrupted(error: BaseException) -> TrackedEnd:
    text = error.message if isinstance(error, KdashError) else "interrupted"
    return TrackedEnd("not-followed", text, is_interrupted=True)


async def _in_parallel(work: Sequence[Callable[[], Coroutine[Any, Any, T]]]) -> list[T]:
    """Return the results in order, a few at a time; the first failure ends the others and is raised."""
    limit = asyncio.Semaphore(PARALLEL)

    async def limited(start: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async with limit:
            return await start()

    tasks = [asyncio.ensure_future(limited(coroutine)) for coroutine in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
