"""One operation on a cluster, as data: its name, the inputs it needs, and how it is planned.

Invariants: an operation only reads and plans; it never writes and depends on no front end. An impossible operation
raises RefusedError before anything is sent.

To add an operation: a module in this package with a subclass of `Operation` and an `OPERATIONS` tuple that holds an
instance; `registry.py` finds it. What it does to pods it declares in its `WritePlan`; nothing outside its module looks
at its id. A front end needs a dialog or a default only for a new type of requested inputs (`FrontEnd.choose`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from k9py.api.errors import KdashError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.operations.follow import Follow
from k9py.operations.plan import OperationId, WritePlan
from k9py.operations.result import OperationResult
from k9py.operations.target import Target
from k9py.rollouts.revisions import Revision


@dataclass(frozen=True, slots=True)
class Remedy:
    """An operation that makes a refused one possible, for a front end to offer.

    Args:
        operation: its id.
        inputs: what it is run with.
        label: the verb on the button that offers it.
        flag: the option of a command that does the same, "" when there is none.
    """

    operation: OperationId
    inputs: Mapping[str, Any]
    label: str
    flag: str = ""


class RemediableError(RefusedError):
    """Refused, but another operation on the same object makes it possible."""

    def __init__(self, message: str, hint: str, remedy: Remedy) -> None:
        super().__init__(message, hint)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class NoInputs:
    """The inputs of an operation that needs none."""


InputsT = TypeVar("InputsT")


@dataclass(frozen=True, slots=True)
class PlannedTarget:
    """What an operation will do to one target.

    Args:
        target: the object as read.
        plan: the write; None: the object is as requested, and only stuck pods are left to delete.
        title: the action, for a status line: `scale to 5`.
        stuck_pods: pods a StatefulSet does not replace by itself, in the order to delete them.
        deletes_stuck_pods: deleting them is part of what is confirmed.
        leaves: the current revision, when the plan goes back to another one.
        goes_to: name of the ReplicaSet or ControllerRevision that is put back, "" when none is.
        writes: False: the plan describes what `follow` does, and is not sent itself.
        follow: more writes that belong to this one, and their end; it runs in place of the tracking.
    """

    target: Target
    plan: WritePlan | None
    title: str
    stuck_pods: tuple[Pod, ...] = ()
    deletes_stuck_pods: bool = False
    leaves: Revision | None = None
    goes_to: str = ""
    writes: bool = True
    follow: Follow | None = None


class Operation(ABC, Generic[InputsT]):
    """Base of all operations. `id` is stable: it is in the audit file; `label` is the verb on a button."""

    id: ClassVar[OperationId]
    label: ClassVar[str]
    takes_several: ClassVar[bool] = False
    """Several selected targets may be confirmed together."""
    waits_for_each: ClassVar[bool] = True
    """The next of several targets is started when the one before has reached its end; else all are followed at once."""

    can_stop: ClassVar[bool] = False
    """It makes several writes, also on a single target, and can be stopped between two of them."""
    asks_again: ClassVar[bool] = False
    """After a failure that stored nothing, `ask_again` may have other inputs to ask for."""

    starts_over: ClassVar[bool] = True
    """Its inputs are still meant after others have changed the object: it can be planned again from them."""
    shows_all: ClassVar[bool] = False
    """Of several targets all refusals are shown at once, with what passed."""

    @abstractmethod
    def inputs(self, **given: Any) -> InputsT:
        """Return the inputs from the front end's arguments; missing ones have to be asked for."""

    def check(self, target: Target) -> None:
        """Raise RefusedError when the operation is not possible on the target, before any input is asked for."""

    async def resolve(self, targets: Sequence[Target], inputs: InputsT) -> Any:
        """Return the inputs completed from the targets."""
        return inputs

    async def ask_again(
        self, inputs: Any, error: KdashError, targets: Sequence[Target], before: Sequence[Target]
    ) -> Any | None:
        """Return the inputs to ask for again after a failure that stored nothing, None to report it.

        Args:
            targets: as they are now, after a conflict; else as they were read.
            before: as they were read.
        """
        return None

    def stored(self, inputs: Any) -> None:
        """Release what the inputs hold for the case that nothing is stored: a write was stored."""

    def ended(self, inputs: Any, result: OperationResult) -> str:
        """Release what the inputs hold, and return what a person has to know about it, "" for nothing."""
        return ""

    def needs_input(self, inputs: Any) -> bool:
        """Return whether a person has to be asked for inputs."""
        return False

    def place(self, target: Target, inputs: Any) -> str:
        """Return the file and line that describe a target, "" when nothing does."""
        return ""

    def skip_reason(self, target: Target, inputs: Any) -> str:
        """Return why one of several targets is left out, "" when it is not."""
        return ""

    @abstractmethod
    def title(self, inputs: Any) -> str:
        """Return what is done, in lower case, for a status line: `scale to 5`."""

    def heading(self, name: str) -> str:
        """Return the operation and what it acts on, for the title of a dialog: `Restart Deployment cart`."""
        return f"{self.label} {name}"

    @abstractmethod
    async def plan(self, target: Target, inputs: Any) -> PlannedTarget:
        """Plan the write. Raises KdashError, RefusedError where there is nothing to do."""


def name_of(key: ObjectRef) -> str:
    """Return kind and name, as dialogs and status lines show them."""
    return f"{key.qualified_kind} {key.name}"
