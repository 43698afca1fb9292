"""One line to type a filter or a search into; hidden until opened, reports every change.

Invariant: the bar filters nothing; it posts the typed text, and its owner applies it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from k9py.actions.action import ActionScope
from k9py.api.text import printable
from k9py.tui.bindings import bindings


class FilterBar(Horizontal):
    """A prompt and an input on one line, hidden until `open` is called.

    Enter closes it and keeps the text; Esc closes it and clears the text.
    """

    DEFAULT_CSS = """
    FilterBar { height: 1; display: none; background: $panel; }
    FilterBar.-open, FilterBar.-kept { display: block; }
    FilterBar > #filter-prompt { width: auto; color: $accent; text-style: bold; padding: 0 1; }
    FilterBar > #filter-input { width: 1fr; height: 1; border: none; padding: 0; background: $panel; }
    FilterBar > #filter-count { width: auto; color: $foreground 70%; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.FILTER_BAR)

    @dataclass
    class Changed(Message):
        """The text has changed."""

        bar: FilterBar
        text: str

        @property
        def control(self) -> FilterBar:
            return self.bar

    @dataclass
    class Submitted(Message):
        """Enter: the text stays; the owner takes the focus back."""

        bar: FilterBar
        text: str

        @property
        def control(self) -> FilterBar:
            return self.bar

    @dataclass
    class Cancelled(Message):
        """Esc: the text was cleared (a `Changed` with "" came before); the owner takes the focus back."""

        bar: FilterBar

        @property
        def control(self) -> FilterBar:
            return self.bar

    def __init__(
        self,
        prompt: str = "/",
        *,
        placeholder: str = "",
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """Make a bar.

        Args:
            prompt: Stands before the input: "/" for filter, "find" for search.
            placeholder: Shown while nothing is typed, such as "text, !text to leave out".
        """
        super().__init__(name=name, id=id, classes=classes)
        self._prompt = prompt
        self._input = Input(placeholder=placeholder, id="filter-input", select_on_focus=True)
        self._count = Label("", id="filter-count", markup=False)

    def compose(self) -> ComposeResult:
        yield Label(self._prompt, id="filter-prompt", markup=False)
        yield self._input
        yield self._count

    @property
    def text(self) -> str:
        """The text."""
        return self._input.value

    @property
    def is_open(self) -> bool:
        """True while it is typed into."""
        return self.has_class("-open")

    def open(self) -> None:
        """Show it and focus it; a kept text is selected: typing replaces it, an arrow key edits it."""
        self.add_class("-open")
        self._input.focus()

    def close(self) -> None:
        """End the typing; the bar stays visible while it has a text."""
        self.remove_class("-open")
        self.set_class(bool(self.text), "-kept")

    def clear(self) -> None:
        """Clear the text and hide."""
        self._input.value = ""
        self.close()

    def set_text(self, text: str) -> None:
        """Set a text as if it had been typed and kept."""
        self._input.value = text
        self.close()

    def set_hint(self, text: str) -> None:
        """Show a text at the end of the bar, such as "12 of 340"."""
        self._count.update(printable(text))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Report the typed text."""
        event.stop()
        self.post_message(self.Changed(self, event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Keep the text."""
        event.stop()
        self.close()
        self.post_message(self.Submitted(self, event.value))

    def action_cancel(self) -> None:
        """Clear the text and close."""
        self.clear()
        self.post_message(self.Cancelled(self))
