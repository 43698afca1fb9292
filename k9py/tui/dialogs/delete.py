"""Confirm a deletion, and choose how: what happens to what the object owns, and for a pod whether it is forced.

Invariant: what is confirmed is what was dry-run with the options that are shown; while another choice is being checked,
nothing can be confirmed.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import ClassVar, Generic, TypeVar

from textual.binding import BindingType
from textual.widgets import Button

from k9py.actions.action import ActionScope
from k9py.api.errors import KdashError
from k9py.operations.delete import CASCADES, DeleteInputs
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.confirm import ConfirmDialog
from k9py.tui.dialogs.question import Question
from k9py.tui.workers import start_worker

ProposalsT = TypeVar("ProposalsT")


class DeleteDialog(ConfirmDialog, Generic[ProposalsT]):
    """Returns as `ConfirmDialog`; `proposals` is then what was confirmed.

    Args:
        question: of the first choice.
        proposals: of the first choice.
        inputs: the first choice.
        propose: plans and dry-runs another choice. Raises KdashError.
        can_force: it is about pods.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.DELETION)

    def __init__(
        self,
        question: Question,
        proposals: ProposalsT,
        inputs: DeleteInputs,
        *,
        propose: Callable[[DeleteInputs], Awaitable[tuple[Question, ProposalsT]]],
        can_force: bool,
    ) -> None:
        super().__init__(question)
        self.proposals = proposals
        self.inputs = inputs
        self.can_force = can_force
        self._propose = propose
        self._is_checking = False

    def extra_keys(self) -> list[str]:
        return ["{deletion.force} force"] if self.can_force else ["{deletion.cascade} propagation"]

    def why_not(self) -> str:
        return "wait for the dry run" if self._is_checking else super().why_not()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow force for pods alone, and propagation for everything else: a pod owns nothing."""
        if action == "toggle_force":
            return self.can_force
        if action == "next_cascade":
            return not self.can_force
        return super().check_action(action, parameters)

    def action_next_cascade(self) -> None:
        """Choose the next propagation policy."""
        place = CASCADES.index(self.inputs.cascade or CASCADES[0])
        self._choose(replace(self.inputs, cascade=CASCADES[(place + 1) % len(CASCADES)]))

    def action_toggle_force(self) -> None:
        """Force the deletion, or do not."""
        self._choose(replace(self.inputs, force=not self.inputs.force))

    def _choose(self, inputs: DeleteInputs) -> None:
        start_worker(self, partial(self._check, inputs), group="check", exclusive=True)

    async def _check(self, inputs: DeleteInputs) -> None:
        button = self.query_one("#confirm", Button)
        self._is_checking, button.disabled = True, True
        try:
            self.question, self.proposals = await self._propose(inputs)
            self.inputs = inputs
        except KdashError as error:
            self.warn(error.message)
        finally:
            self._is_checking = False
            button.disabled = not self._is_typed()
        self.fill()
