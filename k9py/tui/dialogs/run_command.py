"""Confirm a command that is to run in several pods: what is run, where, and what cannot run it.

Invariants: every pod is named, or counted where there is no room; Enter in the input goes to the button, it runs
nothing; a command that cannot be read is not confirmed.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Input, Static

from k9py.api.errors import RefusedError
from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.remote.command_words import command_words
from k9py.remote.run_everywhere import PodTarget
from k9py.tui.dialogs.dialog import Dialog
from k9py.views.values import StyledLine, Tone

SHOWN: Final = 8
"""Pods that are named."""


class RunCommandDialog(Dialog[tuple[str, ...]]):
    """Returns the words of the command.

    Args:
        title: whose pods.
        place: namespace and context.
        targets: the pods.
        line: the command as it was typed, "" to ask for it.
    """

    DEFAULT_CSS = """
    RunCommandDialog > .box { width: 84; }
    RunCommandDialog #pods { text-wrap: nowrap; text-overflow: ellipsis; }
    """
    HINT = "{dialog.confirm} Enter run · {dialog.cancel} cancel"

    def __init__(self, title: str, place: str, targets: Sequence[PodTarget], line: str) -> None:
        super().__init__(title)
        self._place = place
        self._targets = tuple(targets)
        self._line = line

    def compose_body(self) -> ComposeResult:
        yield self.place_paragraph(self._place, ())
        yield Input(self._line, placeholder="command, such as: cat /etc/resolv.conf", id="line", compact=True)
        yield Static("", id="meaning", markup=False, classes="part")
        yield self.paragraph(*(self.toned(*line) for line in target_lines(self._targets)), id="pods")
        warning = "It may change what it runs in, and it runs in all of them at once."
        yield self.paragraph(self.toned((f"{Tone.WARN.symbol} ", Tone.WARN), (warning, Tone.PLAIN)))
        with Horizontal(classes="buttons"):
            yield Button("Cancel", compact=True, id="cancel")
            yield Button("Run", compact=True, id="confirm", variant="primary")

    def on_mount(self) -> None:
        """Focus Cancel where the command is named already, else the input."""
        line = self.query_one("#line", Input)
        self.set_initial_focus(self.query_one("#cancel", Button) if self._line else line)
        self._check(line.value)

    def why_not(self) -> str:
        try:
            command_words(self.query_one("#line", Input).value)
        except RefusedError as error:
            return error.message
        return ""

    @on(Input.Changed, "#line")
    def _changed(self, event: Input.Changed) -> None:
        self._check(event.value)

    def _check(self, line: str) -> None:
        """Show what is run, and whether that is possible."""
        try:
            words, tone = f"runs: {printable(shlex.join(command_words(line)))}", Tone.MUTED
        except RefusedError as error:
            words, tone = error.message if line.strip() else "type a command", Tone.WARN
        self.query_one("#meaning", Static).update(self.toned((words, tone)))
        self.query_one("#confirm", Button).disabled = tone is Tone.WARN

    @on(Input.Submitted, "#line")
    def _submitted(self) -> None:
        self.action_to_confirm()

    @on(Button.Pressed, "#confirm")
    def _confirm(self) -> None:
        self.dismiss(command_words(self.query_one("#line", Input).value))

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)


def target_lines(targets: Sequence[PodTarget]) -> list[StyledLine]:
    """Return the pods: where the command runs, and where it cannot."""
    able = [target for target in targets if not target.obstacle]
    unable = [target for target in targets if target.obstacle]
    lines: list[StyledLine] = [((f"in {count_noun(len(able), 'pod')}:", Tone.MUTED),)]
    for target in able[:SHOWN]:
        name, container = printable(target.container.pod), printable(target.container.container)
        lines.append(((f"  {name}", Tone.PLAIN), (f"  {container}", Tone.MUTED)))
    if len(able) > SHOWN:
        lines.append(((f"  {count_noun(len(able) - SHOWN, 'more pod')}", Tone.MUTED),))
    if unable:
        lines.append(((f"not in {count_noun(len(unable), 'pod')}:", Tone.WARN),))
        lines += [((f"  {target.obstacle}", Tone.PLAIN),) for target in unable[:2]]
        if len(unable) > 2:
            lines.append(((f"  {len(unable) - 2} more", Tone.MUTED),))
    return lines
