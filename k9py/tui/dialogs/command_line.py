"""The line after `:`: a command is typed, what can follow is listed above it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from k9py.actions.action import ActionScope
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.dialog import Dialog
from k9py.views.values import Tone


class CommandChoice(Protocol):
    """A command that can be typed."""

    @property
    def name(self) -> str: ...

    @property
    def usage(self) -> str: ...

    @property
    def title(self) -> str: ...

    @property
    def argument(self) -> str: ...


class CommandLine(Dialog[str]):
    """Returns the line as typed, or as completed from the list.

    Args:
        complete: Return the commands that fit what is typed.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("list.down", "list.up", ActionScope.COMMAND_LINE)
    DEFAULT_CSS = """
    CommandLine { align: center bottom; background: $background 0%; }
    CommandLine > .box { width: 100%; padding: 0 1; border: round $border; }
    CommandLine OptionList { max-height: 10; margin: 0; }
    CommandLine Input { margin: 0; background: $surface; padding: 0; }
    """
    HINT = "{command.complete} complete · Enter run · {dialog.cancel} cancel"

    def __init__(self, complete: Callable[[str], Sequence[CommandChoice]]) -> None:
        super().__init__("Command")
        self._complete = complete
        self._shown: tuple[CommandChoice, ...] = ()

    def compose_body(self) -> ComposeResult:
        listing = OptionList(id="commands", markup=False, compact=True)
        listing.can_focus = False
        yield listing
        yield Input(placeholder="q, ns shop, ctx staging, scale 3 …", id="line", compact=True)

    def on_mount(self) -> None:
        self._fill("")
        self.set_initial_focus(self.query_one(Input))

    def _fill(self, line: str) -> None:
        self._shown = tuple(self._complete(line))
        listing = self.query_one(OptionList)
        listing.clear_options()
        width = max((len(command.usage) for command in self._shown), default=0)
        listing.add_options(
            [
                Option(self.toned((f"{command.usage:<{width}}  ", Tone.ACCENT), (command.title, Tone.MUTED)))
                for command in self._shown
            ]
        )
        listing.highlighted = None

    def action_move(self, lines: int) -> None:
        """Move in the list; the line takes the command under the cursor."""
        if not self._shown:
            return
        listing = self.query_one(OptionList)
        at = listing.highlighted
        listing.highlighted = (
            (0 if lines > 0 else len(self._shown) - 1) if at is None else (at + lines) % len(self._shown)
        )
        self._take(self._shown[listing.highlighted])

    def action_complete(self) -> None:
        """Complete the line to the first command that fits; an empty line fits everything, and so nothing."""
        if self._shown and self.query_one(Input).value.strip():
            self._take(self._shown[0])
        else:
            self.warn("type the beginning of a command first")

    def _take(self, command: CommandChoice) -> None:
        line = self.query_one(Input)
        with self.prevent(Input.Changed):
            line.value = f"{command.name} " if command.argument else command.name
        line.cursor_position = len(line.value)

    @on(Input.Changed)
    def _narrow(self, event: Input.Changed) -> None:
        self._fill(event.value)

    @on(Input.Submitted)
    def _run(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)
