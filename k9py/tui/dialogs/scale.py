"""Ask for a number of replicas and confirm it in one dialog: the server dry-runs each number as it is typed.

Invariant: only a number whose dry-run is on the screen can be confirmed; keys typed before it was shown confirm
nothing. The dry-run of a number that was typed over is cancelled.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Generic, TypeVar

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button, Static

from k9py.api.errors import KdashError
from k9py.runtime.clock import Clock
from k9py.tui.dialogs.dialog import Dialog
from k9py.tui.dialogs.question import CurrentStatus, Question, dry_run_text, question_lines, status_lines
from k9py.tui.key_order import OrderedKeys
from k9py.tui.keys import key_names
from k9py.tui.tones import bullet
from k9py.tui.widgets.number_input import NumberInput
from k9py.tui.widgets.text_view import TextView
from k9py.tui.workers import start_worker
from k9py.views.values import Tone

ValueT = TypeVar("ValueT")

DEBOUNCE_SECONDS: Final = 0.25
"""The dry-run starts after a pause in the typing of this length."""
ROWS_AROUND: Final = 14
"""Rows of the box that do not scroll."""
WIDTH: Final = 84


@dataclass(frozen=True, slots=True)
class ScalePreview(Generic[ValueT]):
    """The dry-run of a number: the question to confirm, and the value that the dialog returns then."""

    question: Question
    value: ValueT


class ScaleDialog(Dialog[ValueT], Generic[ValueT]):
    """Returns the value of the confirmed number.

    Args:
        name: kind and name of the object, or how many objects.
        place: namespace and context, as text.
        current: replicas now.
        dry_run: dry-runs a number. Raises KdashError where it cannot be set.
        clock: for the pause in the typing.
        status: the object's current status, None for several objects.
        suggested: the initial number and its reason, such as the number before scaling to 0; None: the current one.
        now: the current numbers as text, when they are those of several objects.
        autoscaler: warning about an autoscaler that owns the number; "" when there is none.
    """

    DEFAULT_CSS = f"""
    ScaleDialog > .box {{ width: {WIDTH}; overflow-y: hidden; }}
    ScaleDialog #ask {{ height: 1; margin: 0 0 1 0; }}
    ScaleDialog #ask Static {{ width: auto; }}
    ScaleDialog NumberInput {{ width: 14; margin: 0; }}
    ScaleDialog TextView {{ height: 1; background: $surface; margin: 0 0 1 0; }}
    """
    HINT = "{number.up}{number.down} number · {dialog.confirm} Enter scale · {dialog.cancel} cancel"

    def __init__(
        self,
        name: str,
        place: str,
        current: int,
        *,
        dry_run: Callable[[int], Awaitable[ScalePreview[ValueT]]],
        clock: Clock,
        status: CurrentStatus | None = None,
        autoscaler: str = "",
        suggested: tuple[int, str] | None = None,
        now: str = "",
    ) -> None:
        super().__init__(f"Scale {name}")
        self.suggested = suggested
        self.current = current
        self.preview: tuple[int, ScalePreview[ValueT]] | None = None
        """The number whose dry-run is on the screen."""
        self._now = now
        self._place = place
        self._dry_run = dry_run
        self._clock = clock
        self._status = status
        self._autoscaler = autoscaler
        self._requested: int | None = None
        self._first = current if suggested is None else suggested[0]
        self._problem = ""
        self.body = TextView(id="body")
        self.body.can_focus = False

    def compose_body(self) -> ComposeResult:
        yield self.place_paragraph(self._place, status_lines(self._status, self.text_width(WIDTH)))
        with Horizontal(id="ask"):
            yield Static(self.toned(("replicas  ", Tone.MUTED)), markup=False)
            number = NumberInput(self.current if self.suggested is None else self.suggested[0], id="replicas")
            number.compact = True
            yield number
            reason = self.suggested[1] if self.suggested is not None else f"now {self._now or self.current}"
            yield Static(self.toned((f"  {reason}", Tone.MUTED)), markup=False, id="present")
        yield self.body
        yield self.paragraph(id="checked")
        with Horizontal(classes="buttons"):
            yield Button("Cancel", compact=True, id="cancel")
            yield Button("Scale", compact=True, id="confirm", variant="primary")

    def on_mount(self) -> None:
        """Focus the number; a suggested one is dry-run immediately."""
        self.set_initial_focus(self.query_one(NumberInput))
        self.body.display = False
        if self.suggested is not None:
            self._preview_number(self.suggested[0], immediately=True)
        else:
            self._prompt()

    def on_resize(self, event: events.Resize) -> None:
        """Fold to the new width."""
        if self.preview is not None:
            self._fill(self.preview[1].question, event.size.width, event.size.height)

    def _prompt(self) -> None:
        if self._autoscaler:
            self._show_status(self._autoscaler, Tone.WARN)
        else:
            self._show_status("enter the new number of replicas", Tone.MUTED)

    # -- the dry-run --------------------------------------------------------------------------------------------------

    @on(NumberInput.Edited)
    def _edited(self, event: NumberInput.Edited) -> None:
        if event.number is None:
            self.workers.cancel_group(self, "dry-run")
            self._requested, self.preview = None, None
            self.body.display = False
            self._show_problem("type a whole number, 0 or more")
        elif event.number == self.current and not self._now and self.suggested is None:
            self.workers.cancel_group(self, "dry-run")
            self._requested, self.preview, self._problem = None, None, ""
            self.body.display = False
            self._prompt()
        elif event.number != self._requested and (self._requested is not None or event.number != self._first):
            self._preview_number(event.number)

    @on(NumberInput.Chosen)
    def _chosen(self, event: NumberInput.Chosen) -> None:
        """Dry-run the number immediately: Enter in the number ends the typing and never confirms."""
        if self.preview is None and not self._problem and (self._requested is not None or self._now):
            self._preview_number(event.number, immediately=True)
        elif self._requested is None and not self._problem:
            self.warn(self.why_not())
        elif self.preview is not None:
            self.app.notify(self.with_keys(f"{{dialog.confirm}} Enter scales to {event.number}"), markup=False)
        else:
            self.warn(self._problem)

    def _preview_number(self, number: int, *, immediately: bool = False) -> None:
        self._requested, self.preview, self._problem = number, None, ""
        self.body.display = False
        self._show_status("dry-running…", Tone.BUSY)
        start_worker(
            self,
            partial(self._run_dry_run, number, 0.0 if immediately else DEBOUNCE_SECONDS),
            group="dry-run",
            exclusive=True,
        )

    async def _run_dry_run(self, number: int, delay: float) -> None:
        if delay:
            await self._clock.sleep(delay)
        try:
            preview = await self._dry_run(number)
        except KdashError as error:
            self._show_problem(f"{error.message}{f' · {error.hint}' if error.hint else ''}")
            return
        if isinstance(self.app, OrderedKeys):
            self.app.discard_typed_keys()  # a number is confirmed only after it was seen
        self._fill(preview.question, self.app.size.width, self.app.size.height)
        text, tone = dry_run_text(preview.question)
        self._show_status(text, tone)
        self.call_after_refresh(self._set_preview, number, preview)

    def _set_preview(self, number: int, preview: ScalePreview[ValueT]) -> None:
        if number == self._requested:
            self.preview = number, preview

    def _fill(self, question: Question, width: int, height: int) -> None:
        lines = question_lines(question, as_yaml=False, width=min(width, WIDTH) - 7, key_of=key_names(self))
        self.body.styles.height = max(1, min(len(lines), height - ROWS_AROUND))
        self.body.display = bool(lines)
        self.body.set_lines(lines)

    def _show_problem(self, why: str) -> None:
        self._problem = why
        self._show_status(why, Tone.FAIL)

    def _show_status(self, text: str, tone: Tone) -> None:
        self.query_one("#checked", Static).update(self.toned((f"{bullet(tone)} ", tone), (text, tone)))

    # -- the answer ---------------------------------------------------------------------------------------------------

    def why_not(self) -> str:
        if self._problem or self.preview is not None:
            return self._problem
        return (
            "enter the new number of replicas first"
            if self._requested is None
            else "still dry-running: press the key again when the result is shown"
        )

    @on(Button.Pressed, "#confirm")
    def _confirm(self) -> None:
        if self.preview is None or self.preview[0] != self.query_one(NumberInput).number:
            self.warn(self.why_not())
            return
        self.dismiss(self.preview[1].value)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)
