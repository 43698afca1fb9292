"""Propose an operation: read its targets, plan each, dry-run each, and gather the warnings.

Invariant: nothing is stored on the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, TypeVar

from k9py.api.errors import ConnectionFailedError, KdashError, ReadOnlyError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.cluster.cluster import Cluster
from k9py.operations.delete_stuck_pods import DeletePod, StuckPodDeleter
from k9py.operations.dry_run import DryRun, dry_run
from k9py.operations.front_end import Proposal, Proposals, Refusal, SeveralRefusedError
from k9py.operations.operation import Operation, PlannedTarget
from k9py.operations.patcher import Reader
from k9py.operations.shared_reader import SharedReader
from k9py.operations.stuck_pods import stuck_pods
from k9py.operations.target import Target, TargetReader, TargetSnapshot, uid_of
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


async def read_targets(session: OperationSession, batch: Sequence[TargetSnapshot]) -> list[Target]:
    """Read the targets of an operation. Raises KdashError."""
    return await in_parallel([partial(session.targets.read, snapshot) for snapshot in batch])


async def read_again(session: OperationSession, targets: Sequence[Target]) -> list[Target]:
    """Read exactly the same objects as they are now. Raises KdashError."""
    same = [TargetSnapshot(target.key, uid_of(target.raw), may_be_absent=not target.raw) for target in targets]
    return await read_targets(session, same)


async def propose(
    session: OperationSession, operation: Operation[Any], targets: Sequence[Target], inputs: Any
) -> Proposals:
    """Plan and dry-run; a front end calls this again for each value that is typed.

    Raises:
        SeveralRefusedError: of an operation that tries all its targets, some were refused.
        KdashError: one was refused.
    """
    notes: list[str] = []
    planned: list[PlannedTarget | Refusal] = []
    for target in targets:
        reason = operation.skip_reason(target, inputs) if len(targets) > 1 else ""
        if reason:
            notes.append(reason)
        else:
            planned.append(await _planned(operation, target, inputs, tries_all=len(targets) > 1))
    if not planned:
        raise RefusedError(f"nothing to do: {'; '.join(notes)}", "")
    is_several = len(planned) > 1
    async with SharedReader(session.reader) as reader:
        shared = replace(session, reader=reader)

        async def tried(target: PlannedTarget | Refusal) -> Proposal | Refusal:
            if isinstance(target, Refusal):
                return target
            place = operation.place(target.target, inputs)
            if is_several and operation.tries_all:
                return await _proposal_or_refusal(shared, target, place)
            return await _dry_run(shared, target, place or (str(target.target.key) if is_several else ""))

        items = await in_parallel([partial(tried, target) for target in planned])
    passed = tuple(item for item in items if isinstance(item, Proposal))
    refused = tuple(item for item in items if isinstance(item, Refusal))
    proposals = Proposals(operation, passed, tuple(notes), refused)
    if refused:
        raise SeveralRefusedError(proposals)
    return proposals


async def _planned(
    operation: Operation[Any], target: Target, inputs: Any, *, tries_all: bool
) -> PlannedTarget | Refusal:
    try:
        return await operation.plan(target, inputs)
    except RefusedError as error:
        if not (tries_all and operation.tries_all):
            raise
        return Refusal(target, error, operation.place(target, inputs))


async def _proposal_or_refusal(session: OperationSession, planned: PlannedTarget, place: str) -> Proposal | Refusal:
    try:
        return await _dry_run(session, planned, "")
    except (ConnectionFailedError, ReadOnlyError):
        raise
    except KdashError as error:
        return Refusal(planned.target, error, place)


async def _dry_run(session: OperationSession, planned: PlannedTarget, place: str) -> Proposal:
    plan, raw = planned.plan, planned.target.raw
    try:
        tried: DryRun | None = None
        if plan is not None and planned.writes:
            tried = await dry_run(session.writer, session.reader, raw, plan)
        elif plan is not None:
            session.writer.refuse_if_read_only(plan)
            tried = DryRun(plan, raw, None, is_verified=False)
        if planned.deletes_stuck_pods:
            await stuck_pod_deleter(session, planned, planned.stuck_pods, 0, _delete_nothing).dry_run()
    except KdashError as error:
        if place:
            error.message = f"{place}: {error.message}"
        raise
    return Proposal(planned, tried)


def stuck_pod_deleter(
    session: OperationSession, planned: PlannedTarget, pods: Sequence[Pod], generation: int, delete: DeletePod
) -> StuckPodDeleter:
    """Return what deletes the stuck pods of a target."""
    return StuckPodDeleter(
        planned.target.key,
        pods,
        generation,
        is_confirmed=planned.deletes_stuck_pods,
        writer=session.writer,
        reader=session.reader,
        targets=session.targets,
        clock=session.clock,
        delete=delete,
    )


def pods_to_delete(planned: PlannedTarget) -> tuple[Pod, ...]:
    """Return the pods that were confirmed; else those that are stuck now, which are still to be confirmed."""
    if planned.deletes_stuck_pods or not planned.goes_to:
        return planned.stuck_pods
    return stuck_pods(planned.target.raw, planned.goes_to, planned.target.pods())


async def _delete_nothing(*_: Any) -> None:
    """Delete nothing: this is a dry run."""


async def in_parallel(work: Sequence[Callable[[], Coroutine[Any, Any, T]]]) -> list[T]:
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
