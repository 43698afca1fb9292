"""What a write needs from the user: the Protocol that the dashboard and the command line implement.

Invariants: `confirm` (or `choose`, where its dialog shows the dry run of what is chosen) is the only way to a write,
and exactly what it returns YES for is written. Nothing here depends on a terminal.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, TypeVar

from k9py.api.errors import ConflictError, KdashError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun, pluralize
from k9py.operations.delete_stuck_pods import StuckPodDeleter
from k9py.operations.dry_run import DryRun
from k9py.operations.operation import Operation, PlannedTarget, Remedy
from k9py.operations.plan import WritePlan, WriteResult
from k9py.operations.result import OperationResult
from k9py.operations.target import Target
from k9py.operations.track import TrackedEnd
from k9py.rollouts.status import RolloutStatus

T = TypeVar("T")


class Decision(Enum):
    """The answer to a confirmation."""

    YES = "yes"
    NO = "no"
    BACK = "back"
    PREVIEW = "preview"  # only the dry run was asked for


@dataclass(frozen=True, slots=True)
class Proposal:
    """One write to be confirmed; `dry_run` None when only stuck pods are left to delete."""

    planned: PlannedTarget
    dry_run: DryRun | None

    @property
    def target(self) -> Target:
        """The target as it was read."""
        return self.planned.target

    @property
    def key(self) -> ObjectRef:
        """The object."""
        return self.planned.target.key

    @property
    def plan(self) -> WritePlan | None:
        """The write with all its warnings, None when only stuck pods are left to delete."""
        return None if self.dry_run is None else self.dry_run.plan


@dataclass(frozen=True, slots=True)
class Refusal:
    """A target whose plan or dry run was refused.

    Args:
        place: file and line that describe it, "" when nothing does.
    """

    target: Target
    error: KdashError
    place: str = ""


@dataclass(frozen=True, slots=True)
class Proposals:
    """The writes that are confirmed together, in the order in which they will be made.

    Args:
        items: at least one, unless all were refused.
        notes: which targets are left out, and why.
        refusals: of an operation that shows all refusals; with one of them nothing can be confirmed.
    """

    operation: Operation[Any]
    items: tuple[Proposal, ...]
    notes: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()


class SeveralRefusedError(RefusedError):
    """Some of several targets were refused.

    Attributes:
        proposals: what passed, and the refusals.
        remedy: another operation that makes the refused ones possible; None when there is none.
    """

    remedy: Remedy | None = None

    def __init__(self, proposals: Proposals) -> None:
        refused, count = len(proposals.refusals), len(proposals.items) + len(proposals.refusals)
        text = f"{refused} of {count_noun(count, 'object')} {pluralize(refused, 'was', 'were')} refused"
        super().__init__(text, "nothing was written")
        self.proposals = proposals


@dataclass(frozen=True, slots=True)
class InputRequest:
    """A question for inputs.

    Args:
        inputs: the inputs known so far; the earlier choice, when the user came one step back.
        propose: plans and dry-runs the inputs without showing progress. Raises KdashError.
    """

    operation: Operation[Any]
    targets: Sequence[Target]
    inputs: Any
    propose: Callable[[Any], Awaitable[Proposals]]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The answer to an `InputRequest` whose dialog has shown the dry run and was confirmed."""

    proposals: Proposals


class FrontEnd(Protocol):
    """Asks and reports. `None` as an answer means that the user declined."""

    async def while_preparing(self, key: ObjectRef, title: str, work: Coroutine[Any, Any, T]) -> T | None:
        """Await the work (reads and the dry run) and show its progress; None when the user cancelled it."""
        ...

    async def choose(self, request: InputRequest) -> Any | Confirmed | None:
        """Return the complete inputs, or what was confirmed along with them. Raises RefusedError: no default fits."""
        ...

    async def confirm(self, proposals: Proposals) -> Decision:
        """Ask whether to write."""
        ...

    async def starts_over(self, error: ConflictError) -> bool:
        """Report what others changed, and return whether to plan again from the objects as they are now.

        What was confirmed is not written; the new plan is confirmed again.
        """
        ...

    def writing(self, proposal: Proposal, number: int, count: int) -> None:
        """Record that a write is about to be sent, the `number`th of `count`."""

    def written(self, proposal: Proposal, result: WriteResult) -> None:
        """Report a write that was made."""

    async def offer_stuck_pods(self, stuck: StuckPodDeleter) -> None:
        """Delete the pods that block the rollout with `stuck.delete`, if the user agrees."""

    def progress(self, key: ObjectRef, status: RolloutStatus | None, *, is_recovering: bool) -> None:
        """Report the status of a tracked rollout; status None: a tracked pod is terminating."""

    def report(self, key: ObjectRef, text: str) -> None:
        """Report the progress of what follows a write, one clause."""

    def note(self, text: str) -> None:
        """Report what a person has to know when nothing failed, such as where a text was kept."""

    def ended(self, result: OperationResult, end: TrackedEnd) -> None:
        """Report where tracking ended; a rollout that recovers after a stall ends twice."""

    def failed(self, result: OperationResult, error: KdashError) -> None:
        """Report the error that refused or ended an operation."""

    async def refused(self, error: SeveralRefusedError) -> None:
        """Show what was refused and what passed; nothing was written."""

    def interrupted(self, result: OperationResult) -> None:
        """Report that the run was cancelled before the server answered a write."""

    def audit_problem(self, problem: str) -> None:
        """Report that an audit line is missing although the write was made."""

    def is_superseded(self, key: ObjectRef) -> bool:
        """Return whether another write to the object has begun, so that this one is no longer tracked."""
        ...

    def stops(self) -> bool:
        """Return whether the user wants no further target to be begun."""
        ...
