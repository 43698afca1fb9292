"""After the rollback of a StatefulSet: offer to delete the broken pods that it does not replace by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Button

from k9py.actions.action import ActionScope
from k9py.api.plural import pluralize
from k9py.tui.bindings import bindings
from k9py.tui.dialogs.dialog import Dialog
from k9py.views.values import Tone


class StuckPodsDialog(Dialog[bool]):
    """Returns True to delete them.

    Args:
        name: kind and name of the workload.
        place: namespace and context, as text.
        pods: (name, uid, state), in the order to delete them.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.BUTTONS)
    DEFAULT_CSS = """
    StuckPodsDialog > .box { width: 84; }
    StuckPodsDialog #pods { height: auto; max-height: 10; }
    """
    HINT = "{dialog.confirm} Enter delete in order · {dialog.cancel} keep pods"

    def __init__(self, name: str, place: str, pods: Sequence[tuple[str, str, str]]) -> None:
        super().__init__(f"Stuck pods of {name}")
        self.pods = tuple(pods)
        self._place = place

    def compose_body(self) -> ComposeResult:
        yield self.paragraph(self.toned(("in ", Tone.MUTED), (self._place, Tone.ACCENT)))
        pods = pluralize(len(self.pods), "its broken pod. Delete it", "its broken pods. Delete them")
        yield self.paragraph(
            self.toned((f"Rolled back, but the StatefulSet waits for {pods} to continue:", Tone.PLAIN))
        )
        with VerticalScroll(id="pods", classes="part", can_focus=False):
            lines = [
                self.toned((f"{number}. ", Tone.MUTED), (name, Tone.ACCENT), (f"  {state}", Tone.MUTED))
                for number, (name, _, state) in enumerate(self.pods, start=1)
            ]
            yield self.paragraph(*lines)
        yield self.paragraph(self.toned(("Deleted one at a time, in this order; each is checked by uid.", Tone.MUTED)))
        with Horizontal(classes="buttons"):
            yield Button("Keep pods", compact=True, id="cancel")
            yield Button("Delete in order", compact=True, id="confirm", variant="primary")

    def on_mount(self) -> None:
        self.set_initial_focus(self.query_one("#cancel", Button))

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        self.dismiss(True if event.button.id == "confirm" else None)
