"""Confirm a command that is to run in several pods: what is run, where, and what cannot run it.

It runs in one container of each pod, which can be chosen. Invariants: every pod is named, or counted where there is no
room; Enter in a field goes to the button, it runs nothing; a command that cannot be read is not confirmed.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input, Static

from k9py.actions.action import ActionScope
from k9py.api.errors import RefusedError
from k9py.api.plural import count_noun
from k9py.api.text import bounded, printable
from k9py.remote.command_words import command_words
from k9py.remote.run_everywhere import PodTarget, RunPods
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.dialog import Dialog
from k9py.tui.widgets.choice_field import ChoiceField
from k9py.views.values import StyledLine, Tone

SHOWN: Final = 8
"""Pods that are named."""
_TALL: Final = 30
"""Lines of a terminal with room for whole reasons."""
_SHORT, _LONG = 140, 400
"""Characters of a reason why a pod cannot run it."""
_DEFAULT: Final = "the default one of each pod"


@dataclass(frozen=True, slots=True)
class RunChoice:
    """The words of the command, and the container of each pod."""

    command: tuple[str, ...]
    targets: tuple[PodTarget, ...]


class RunCommandDialog(Dialog[RunChoice]):
    """Returns what is run where.

    Args:
        title: whose pods.
        place: namespace and context.
        pods: where it can be run.
        line: the command as it was typed, "" to ask for it.
    """

    DEFAULT_CSS = """
    RunCommandDialog > .box { width: 84; }
    RunCommandDialog #container { margin: 0 0 1 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.FORM)
    HINT = "{dialog.confirm} Enter run · {dialog.cancel} cancel"

    def __init__(self, title: str, place: str, pods: RunPods, line: str) -> None:
        super().__init__(title)
        self._place = place
        self._pods = pods
        self._line = line
        self._targets: tuple[PodTarget, ...] = ()
        self._obstacle = ""

    def compose_body(self) -> ComposeResult:
        yield self.place_paragraph(self._place, ())
        yield Input(self._line, placeholder="command, such as: cat /etc/resolv.conf", id="line", compact=True)
        yield Static("", id="meaning", markup=False, classes="part")
        names = self._pods.containers
        if len(names) > 1:
            labels = [f"container: {_DEFAULT}", *(f"container: {printable(name)}" for name in names)]
            yield ChoiceField(["", *names], labels=labels, id="container")
        yield Static("", markup=False, classes="part", id="pods")
        yield Static("", markup=False, classes="part", id="warning")
        with Horizontal(classes="buttons"):
            yield Button("Cancel", compact=True, id="cancel")
            yield Button("Run", compact=True, id="confirm", variant="primary")

    def on_mount(self) -> None:
        """Focus Cancel where the command is named already, else the input."""
        line = self.query_one("#line", Input)
        self.set_initial_focus(self.query_one("#cancel", Button) if self._line else line)
        self._show_targets()

    def action_walk(self, by: int) -> None:
        """Focus the next field, or the one before."""
        fields = [*self.query("#line, #container")]
        at = fields.index(self.focused) + by if self.focused in fields else 0
        fields[at % len(fields)].focus()

    def why_not(self) -> str:
        if self._obstacle:
            return self._obstacle
        try:
            command_words(self.query_one("#line", Input).value)
        except RefusedError as error:
            return error.message
        return ""

    @on(ChoiceField.Changed, "#container")
    def _show_targets(self) -> None:
        """Show in which pods it runs, and where it cannot."""
        fields = self.query("#container").results(ChoiceField)
        container = next((field.value for field in fields), "")
        try:
            self._targets, self._obstacle = self._pods.targets(container), ""
            lines = target_lines(self._targets, _SHORT if self.app.size.height < _TALL else _LONG)
        except RefusedError as error:
            self._targets, self._obstacle = (), error.message
            lines = [((f"{Tone.FAIL.symbol} ", Tone.FAIL), (error.message, Tone.PLAIN))]
        self.query_one("#pods", Static).update(Text("\n").join(self.toned(*line) for line in lines))
        able = sum(not target.obstacle for target in self._targets)
        warning = "It may change what it runs in" + (", and it runs in all of them at once." if able > 1 else ".")
        shown = self.toned((f"{Tone.WARN.symbol} ", Tone.WARN), (warning, Tone.PLAIN))
        self.query_one("#warning", Static).update(shown)
        for part in ("#warning", "#confirm"):
            self.query_one(part).display = not self._obstacle
        keys = "{dialog.cancel} close" if self._obstacle else self.HINT
        if len(self._pods.containers) > 1:
            keys = "{form.next}{form.previous} field · {choice.next} container · " + keys
        self.query_one(".box").border_subtitle = f" {self.with_keys(keys)} "
        self._check(self.query_one("#line", Input).value)

    @on(Input.Changed, "#line")
    def _changed(self, event: Input.Changed) -> None:
        self._check(event.value)

    def _check(self, line: str) -> None:
        """Show what is run, and whether that is possible."""
        try:
            meant = shlex.join(command_words(line))
            words, tone = "" if meant == line.strip() else f"runs: {printable(meant)}", Tone.MUTED
        except RefusedError as error:
            words, tone = error.message if line.strip() else "type a command", Tone.WARN
        meaning = self.query_one("#meaning", Static)
        meaning.update(self.toned((words, tone)))
        meaning.display = bool(words)
        self.query_one("#confirm", Button).disabled = tone is Tone.WARN or bool(self._obstacle)

    @on(Input.Submitted, "#line")
    @on(ChoiceField.Submitted, "#container")
    def _submitted(self) -> None:
        self.action_to_confirm()

    @on(Button.Pressed, "#confirm")
    def _confirm(self) -> None:
        self.dismiss(RunChoice(tuple(command_words(self.query_one("#line", Input).value)), self._targets))

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)


def target_lines(targets: Sequence[PodTarget], longest: int) -> list[StyledLine]:
    """Return the pods: where the command runs, and where it cannot.

    Args:
        longest: characters of a reason; more are cut.
    """
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
        lines += [((f"  {bounded(target.obstacle, longest)}", Tone.PLAIN),) for target in unable[:2]]
        if len(unable) > 2:
            lines.append(((f"  {len(unable) - 2} more", Tone.MUTED),))
    return lines
