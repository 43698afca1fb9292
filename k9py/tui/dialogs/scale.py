"""Ask for a number of replicas, the present one shown, and say who else sets it."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Static

from k9py.tables.values import Tone
from k9py.tui.dialogs.dialog import Dialog
from k9py.tui.widgets.number_input import NumberInput


class ScaleDialog(Dialog[int]):
    """Returns the number; the next dialog confirms it.

    Args:
        name: kind and name of the object.
        place: namespace and context in words.
        present: replicas asked for now.
        ready: ready pods, None when unknown.
        offered: the number to begin with, and why, such as that before it was scaled to zero; None: the present one.
        now: the present numbers in words, when they are those of several objects.
        autoscaler: what to know of an autoscaler that owns the number; "" when there is none.
    """

    DEFAULT_CSS = """
    ScaleDialog > .box { width: 64; }
    ScaleDialog #ask { height: 1; margin: 0 0 1 0; }
    ScaleDialog #ask Static { width: auto; }
    ScaleDialog NumberInput { width: 14; margin: 0; }
    """
    SUBTITLE = "↑↓ count · Enter goes on to confirm · Esc cancels"

    def __init__(
        self,
        name: str,
        place: str,
        present: int,
        *,
        ready: int | None = None,
        autoscaler: str = "",
        offered: tuple[int, str] | None = None,
        now: str = "",
    ) -> None:
        super().__init__(f"Scale {name}")
        self.offered = offered
        self._now = now
        self.present = present
        self._place = place
        self._ready = ready
        self._autoscaler = autoscaler

    def compose_body(self) -> ComposeResult:
        yield self.part(self.toned(("in ", Tone.MUTED), (self._place, Tone.ACCENT)))
        ready = "" if self._ready is None else f", {self._ready} ready"
        yield self.part(
            self.toned(("now       ", Tone.MUTED), (self._now or f"{self.present}{ready}", Tone.PLAIN)), id="present"
        )
        with Horizontal(id="ask"):
            yield Static(self.toned(("replicas  ", Tone.MUTED)), markup=False)
            number = NumberInput(self.present if self.offered is None else self.offered[0], id="replicas")
            number.compact = True
            yield number
        if self.offered is not None:
            yield self.part(self.toned((self.offered[1], Tone.MUTED)), id="offered")
        yield self.part(self.toned(("a whole number, 0 or more", Tone.FAIL)), id="wrong")
        if self._autoscaler:
            yield self.part(
                self.toned((f"{Tone.WARN.symbol} ", Tone.WARN), (self._autoscaler, Tone.PLAIN)), id="autoscaler"
            )
        with Horizontal(classes="buttons"):
            yield Button("Cancel", compact=True, id="cancel")
            yield Button("Go on", compact=True, id="go-on")

    def on_mount(self) -> None:
        self.query_one("#wrong").display = False
        self.query_one(NumberInput).focus()

    @on(NumberInput.Chosen)
    def _chosen(self, event: NumberInput.Chosen) -> None:
        self.dismiss(event.number)

    @on(NumberInput.Edited)
    def _edited(self, event: NumberInput.Edited) -> None:
        self.query_one("#go-on", Button).disabled = event.number is None
        self.query_one("#wrong").display = event.number is None

    @on(Button.Pressed)
    def _answer(self, event: Button.Pressed) -> None:
        number = self.query_one(NumberInput).number
        self.dismiss(number if event.button.id == "go-on" else None)
