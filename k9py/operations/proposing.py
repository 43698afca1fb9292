"""Propose an operation: read its targets, plan each, dry-run each, and gather the warnings.

Invariant: nothing is stored on the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
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


Outcomes = dict[ObjectRef, Proposal | KdashError]
"""What came of each of several targets before anything is written: its proposal, or why it is refused."""


async def read_targets(
    session: OperationSession, batch: Sequence[TargetSnapshot], outcomes: Outcomes | None = None
) -> list[Target]:
    """Read the targets of an operation. Raises KdashError: the first; those of all are in `outcomes`."""
    work = {snapshot.key: partial(session.targets.read, snapshot) for snapshot in batch}
    return await _each(work, {} if outcomes is None else outcomes)


async def read_again(session: OperationSession, targets: Sequence[Target]) -> list[Target]:
    """Read exactly the same objects as they are now. Raises KdashError."""
    same = [TargetSnapshot(target.key, uid_of(target.raw), may_be_absent=not target.raw) for target in targets]
    return await read_targets(session, same)


def check_targets(operation: Operation[Any], targets: Sequence[Target], outcomes: Outcomes) -> None:
    """Check whether the operation is possible on each target. Raises RefusedError: it is not on the first of them."""
    for target in targets:
        try:
            operation.check(target)
        except KdashError as error:
            outcomes[target.key] = error
            raise


async def propose(
    session: OperationSession,
    operation: Operation[Any],
    targets: Sequence[Target],
    inputs: Any,
    outcomes: Outcomes | None = None,
) -> Proposals:
    """Plan and dry-run; a front end calls this again for each value that is typed.

    Args:
        outcomes: what came of each target is added.

    Raises:
        SeveralRefusedError: of several targets of an operation that shows all refusals, some are refused.
        KdashError: a target is refused; of several the first, after all of them were tried.
    """
    outcomes = {} if outcomes is None else outcomes
    reasons = [operation.skip_reason(target, inputs) if len(targets) > 1 else "" for target in targets]
    notes = tuple(filter(None, reasons))
    taken = [target for target, reason in zip(targets, reasons, strict=True) if not reason]
    if not taken:
        raise RefusedError(f"nothing to do: {'; '.join(notes)}", "")

    async def proposal(target: Target) -> Proposal:
        return await _dry_run(shared, await operation.plan(target, inputs))

    async with SharedReader(session.reader) as reader:
        shared = replace(session, reader=reader)
        try:
            items = await _each(
                {target.key: partial(proposal, target) for target in taken}, outcomes, operation.shows_all
            )
        except KdashError as error:
            refusals = _refusals(operation, taken, inputs, outcomes)
            if len(taken) > 1 and operation.shows_all and refusals:
                passed = tuple(item for item in outcomes.values() if isinstance(item, Proposal))
                raise SeveralRefusedError(Proposals(operation, passed, notes, refusals)) from error
            if len(taken) == 1 and (place := operation.place(taken[0], inputs)):
                error.message = f"{place}: {error.message}"
            raise
    return Proposals(operation, tuple(items), notes)


def _refusals(
    operation: Operation[Any], targets: Sequence[Target], inputs: Any, outcomes: Outcomes
) -> tuple[Refusal, ...]:
    """Return the targets that were refused, in their order."""
    return tuple(
        Refusal(target, error, operation.place(target, inputs))
        for target in targets
        if isinstance(error := outcomes.get(target.key), KdashError)
    )


async def _each(
    work: Mapping[ObjectRef, Callable[[], Coroutine[Any, Any, T]]], outcomes: Outcomes, without_names: bool = False
) -> list[T]:
    """Return the results of all targets; a refused one does not keep the others from being tried.

    Raises:
        KdashError: the first one's; with its name, where there are several, unless `without_names`.
    """
    errors: dict[ObjectRef, KdashError] = {}

    async def tried(key: ObjectRef, start: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
        try:
            result = await start()
        except (ConnectionFailedError, ReadOnlyError):
            raise
        except KdashError as error:
            if len(work) > 1 and not without_names:
                error.message = f"{key}: {error.message}"
            errors[key] = error
            return None
        if isinstance(result, Proposal):
            outcomes[key] = result
        return result

    results = await in_parallel([partial(tried, key, start) for key, start in work.items()])
    outcomes.update(errors)
    for key in work:
        if key in errors:
            raise errors[key]
    return [result for result in results if result is not None]


async def _dry_run(session: OperationSession, planned: PlannedTarget) -> Proposal:
    plan, raw = planned.plan, planned.target.raw
    tried: DryRun | None = None
    if plan is not None and planned.writes:
        tried = await dry_run(session.writer, session.reader, raw, plan)
    elif plan is not None:
        session.writer.refuse_if_read_only(plan)
        tried = DryRun(plan, raw, None, is_verified=False)
    if planned.deletes_stuck_pods:
        await stuck_pod_deleter(session, planned, planned.stuck_pods, 0, _delete_nothing).dry_run()
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
