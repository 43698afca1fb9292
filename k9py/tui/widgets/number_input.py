"""An input for a whole number within bounds, such as the replicas of a workload.

Invariant: `number` is None unless the text is a whole number within the bounds; only such a number is submitted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message
from textual.validation import Integer
from textual.widgets import Input

from k9py.actions.action import ActionScope
from k9py.tui.bindings import bindings


class NumberInput(Input):
    """A number to type, or to count up and down with the arrow keys."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.NUMBER)

    @dataclass
    class Chosen(Message):
        """Enter on a valid number."""

        input: NumberInput
        number: int

        @property
        def control(self) -> NumberInput:
            return self.input

    @dataclass
    class Edited(Message):
        """The number changed; None while the text is no number within the bounds."""

        input: NumberInput
        number: int | None

        @property
        def control(self) -> NumberInput:
            return self.input

    def __init__(
        self,
        number: int,
        *,
        minimum: int = 0,
        maximum: int = 2**31 - 1,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Make an input that shows `number`, selected, so that typing replaces it."""
        super().__init__(
            str(number),
            type="integer",
            max_length=10,
            validators=[Integer(minimum, maximum, f"a whole number from {minimum} to {maximum}")],
            name=name,
            id=id,
            classes=classes,
        )
        self.minimum = minimum
        self.maximum = maximum

    @property
    def number(self) -> int | None:
        """The number, None when the text is none or out of bounds."""
        try:
            number = int(self.value)
        except ValueError:
            return None
        return number if self.minimum <= number <= self.maximum else None

    def action_count(self, step: int) -> None:
        """Add to the number, within the bounds; a text that is no number counts as the minimum."""
        current = self.number
        target = self.minimum if current is None else current + step
        self.value = str(max(self.minimum, min(target, self.maximum)))
        self.cursor_position = len(self.value)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Report the new number."""
        event.stop()
        self.post_message(self.Edited(self, self.number))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Report the submitted number, when it is one."""
        event.stop()
        number = self.number
        if number is None:
            self.app.bell()
        else:
            self.post_message(self.Chosen(self, number))
