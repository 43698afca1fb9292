"""After a StatefulSet's rollback: the pods it will not replace by itself, offered to be deleted in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button

from k9py.actions.action import ActionScope
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.dialog import Dialog
from k9py.views.values import Tone


class StuckPodsDialog(Dialog[bool]):
    """Returns True to delete them.

    Args:
        name: kind and name of the workload.
        place: namespace and context in words.
        pods: (name, uid, how it is), in the order to delete them.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.BUTTONS)
    DEFAULT_CSS = """
    StuckPodsDialog > .box { width: 84; }
    StuckPodsDialog #pods { height: auto; max-height: 10; }
    """
    SUBTITLE = "Tab Enter deletes them · Esc leaves them"

    def __init__(self, name: str, place: str, pods: Sequence[tuple[str, str, str]]) -> None:
        super().__init__(f"Stuck pods of {name}")
        self.pods = tuple(pods)
        self._place = place

    def compose_body(self) -> ComposeResult:
        yield self.paragraph(self.toned(("in ", Tone.MUTED), (self._place, Tone.ACCENT)))
        why = "The rollback is written. A StatefulSet waits for a broken pod to become ready before it goes on: "
        them = "this pod is" if len(self.pods) == 1 else "these pods are"
        yield self.paragraph(self.toned((f"{why}{them} replaced only when deleted.", Tone.PLAIN)))
        with VerticalScroll(id="pods", classes="part", can_focus=False):
            lines = [
                self.toned((f"{number}. ", Tone.MUTED), (name, Tone.ACCENT), (f"  {state}  uid {uid}", Tone.MUTED))
                for number, (name, uid, state) in enumerate(self.pods, start=1)
            ]
            yield self.paragraph(*lines)
        yield self.paragraph(
            self.toned(("One after the other, in this order; each only if it is still that pod.", Tone.MUTED))
        )
        with Horizontal(classes="buttons"):
            yield Button("Leave them", compact=True, id="cancel")
            yield Button("Delete in order", compact=True, id="confirm", variant="primary")

    def on_mount(self) -> None:
        self.set_initial_focus(self.query_one("#cancel", Button))

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(True if event.button.id == "confirm" else None)
