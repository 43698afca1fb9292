"""A field of one line with several values, of which one is chosen with the left and right arrow keys.

Invariant: `value` is always one of the values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Static

from k9py.actions.action import ActionScope
from k9py.api.text import printable
from k9py.tui.bindings import bindings


class ChoiceField(Static, can_focus=True):
    """A choice.

    Args:
        values: at least one.
        labels: what is shown for each, the values themselves by default.
        value: the first choice; the first value when it is none of them.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.CHOICE)
    DEFAULT_CSS = """
    ChoiceField { height: 1; width: 1fr; }
    ChoiceField:focus { background: $primary; color: $background; text-style: bold; }
    """

    @dataclass
    class Changed(Message):
        """Another value was chosen."""

        field: ChoiceField

        @property
        def control(self) -> ChoiceField:
            return self.field

    @dataclass
    class Submitted(Message):
        """Enter was pressed."""

        field: ChoiceField

        @property
        def control(self) -> ChoiceField:
            return self.field

    def __init__(
        self,
        values: Sequence[str],
        *,
        labels: Sequence[str] = (),
        value: str = "",
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(markup=False, id=id)
        self._values = tuple(values)
        self._labels = tuple(labels) or self._values
        self._at = self._values.index(value) if value in self._values else 0

    @property
    def value(self) -> str:
        """The chosen value."""
        return self._values[self._at]

    @value.setter
    def value(self, value: str) -> None:
        self._at = self._values.index(value)
        self._show()

    def on_mount(self) -> None:
        """Show the first choice."""
        self._show()

    def _show(self) -> None:
        label = printable(self._labels[self._at])
        self.update(Text(f"‹ {label} ›" if len(self._values) > 1 else f"  {label}"))

    def action_choose(self, by: int) -> None:
        """Choose the next value, or the one before."""
        if len(self._values) > 1:
            self._at = (self._at + by) % len(self._values)
            self._show()
            self.post_message(self.Changed(self))

    def action_submit(self) -> None:
        """Report Enter."""
        self.post_message(self.Submitted(self))

    def on_click(self) -> None:
        """Choose the next value."""
        self.action_choose(1)
