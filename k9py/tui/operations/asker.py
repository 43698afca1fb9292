"""What the dialogs that ask for inputs need of the front end."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from k9py.api.meta import ObjectRef
from k9py.operations.front_end import Proposals
from k9py.runtime.clock import Clock
from k9py.tui.dialogs.dialog import Dialog
from k9py.tui.dialogs.question import Question
from k9py.tui.session import Connected

ResultT = TypeVar("ResultT")


class Asker(Protocol):
    """The front end, as dialogs see it."""

    @property
    def connected(self) -> Connected:
        """The cluster to change. Raises RefusedError: there is none."""
        ...

    @property
    def clock(self) -> Clock:
        """The clock of what is shown."""
        ...

    @property
    def context(self) -> str:
        """Name of the context."""
        ...

    def place(self, namespace: str) -> str:
        """Return namespace and context, for a dialog."""
        ...

    async def question(self, proposals: Proposals) -> Question:
        """Return the question that confirms the proposals."""
        ...

    async def ask(self, dialog: Dialog[ResultT], *, keep_typed: bool = True) -> ResultT | None:
        """Show a dialog and return its answer; without `keep_typed` it has to be seen before a key reaches it."""
        ...

    async def while_preparing(self, key: ObjectRef, title: str, work: Coroutine[Any, Any, ResultT]) -> ResultT | None:
        """Await the work and show its progress; None when the user cancelled it."""
        ...

    def note(self, text: str) -> None:
        """Show a transient message."""
        ...

    def release_keys(self) -> None:
        """Hold no keys any longer, and drop those that were held: something else takes the keys now."""
        ...
