"""Ask for a number of replicas and confirm it in one dialog: the server dry-runs each number as it is typed.

Invariant: only a number whose dry-run is on the screen can be confirmed: what was typed before it was shown answers
nothing. A dry-run of a number that is no longer typed is cancelled.
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
from k9py.tui.dialogs.question import Question, TargetStatus, dry_run_text, question_lines, status_lines
from k9py.tui.key_order import OrderedKeys
from k9py.tui.widgets.number_input import NumberInput
from k9py.tui.widgets.text_view import TextView
from k9py.tui.workers import start_worker
from k9py.views.values import Tone

ValueT = TypeVar("ValueT")

DEBOUNCE_SECONDS: Final = 0.25
"""How long the typing must rest before the server is asked."""
ROWS_AROUND: Final = 14
"""Rows the box needs beside what scrolls."""
WIDTH: Final = 84


@dataclass(frozen=True, slots=True)
class ScalePreview(Generic[ValueT]):
    """A number as the server would take it: what is to be read before it is confirmed, and what confirms it."""

    question: Question
    value: ValueT


class ScaleDialog(Dialog[ValueT], Generic[ValueT]):
    """Returns the value of the number that was confirmed.

    Args:
        name: kind and name of the object, or how many objects.
        place: namespace and context in words.
        present: replicas asked for now.
        rehearse: dry-runs a number. Raises KdashError where it cannot be set.
        clock: for the rest in the typing.
        standing: how the object stands now, None for several.
        offered: the number to begin with, and why, such as that before it was scaled to zero; None: the present one.
        now: the present numbers in words, when they are those of several objects.
        autoscaler: what to know of an autoscaler that owns the number; "" when there is none.
    """

    DEFAULT_CSS = f"""
    ScaleDialog > .box {{ width: {WIDTH}; overflow-y: hidden; }}
    ScaleDialog #ask {{ height: 1; margin: 0 0 1 0; }}
    ScaleDialog #ask Static {{ width: auto; }}
    ScaleDialog NumberInput {{ width: 14; margin: 0; }}
    ScaleDialog TextView {{ height: 1; background: $surface; margin: 0 0 1 0; }}
    """
    SUBTITLE = "↑↓ count · Tab Enter: scale · Esc cancels"

    def __init__(
        self,
        name: str,
        place: str,
        current: int,
        *,
        dry_run: Callable[[int], Awaitable[ScalePreview[ValueT]]],
        clock: Clock,
        status: TargetStatus | None = None,
        autoscaler: str = "",
        suggested: tuple[int, str] | None = None,
        now: str = "",
    ) -> None:
        super().__init__(f"Scale {name}")
        self.suggested = suggested
        self.current = current
        self.preview: tuple[int, ScalePreview[ValueT]] | None = None
        """The number whose dry-run is shown."""
        self._now = now
        self._place = place
        self._rehearse = dry_run
        self._clock = clock
        self._standing = status
        self._autoscaler = autoscaler
        self._wanted: int | None = None
        self._first = current if suggested is None else suggested[0]
        self._problem = ""
        self.body = TextView(id="body")
        self.body.can_focus = False

    def compose_body(self) -> ComposeResult:
        yield self.place_paragraph(self._place, status_lines(self._standing, self.text_width(WIDTH)))
        with Horizontal(id="ask"):
            yield Static(self.toned(("replicas  ", Tone.MUTED)), markup=False)
            number = NumberInput(self.current if self.suggested is None else self.suggested[0], id="replicas")
            number.compact = True
            yield number
            why = self.suggested[1] if self.suggested is not None else f"now {self._now or self.current}"
            yield Static(self.toned((f"  {why}", Tone.MUTED)), markup=False, id="present")
        yield self.body
        yield self.paragraph(id="checked")
        with Horizontal(classes="buttons"):
            yield Button("Cancel", compact=True, id="cancel")
            yield Button("Scale", compact=True, id="confirm", variant="primary")

    def on_mount(self) -> None:
        """Begin in the number; one that is offered is dry-run at once."""
        self.set_initial_focus(self.query_one(NumberInput))
        self.body.display = False
        if self.suggested is not None:
            self._look(self.suggested[0], at_once=True)
        else:
            self._begin_typing()

    def on_resize(self, event: events.Resize) -> None:
        """Fold anew to the width there is."""
        if self.preview is not None:
            self._fill(self.preview[1].question, event.size.width, event.size.height)

    def _begin_typing(self) -> None:
        if self._autoscaler:
            self._say(self._autoscaler, Tone.WARN)
        else:
            self._say("type another number", Tone.MUTED)

    # -- the dry-run --------------------------------------------------------------------------------------------------

    @on(NumberInput.Edited)
    def _edited(self, event: NumberInput.Edited) -> None:
        if event.number is None:
            self.workers.cancel_group(self, "rehearse")
            self._wanted, self.preview = None, None
            self.body.display = False
            self._fail("a whole number, 0 or more")
        elif event.number == self.current and not self._now and self.suggested is None:
            self.workers.cancel_group(self, "rehearse")
            self._wanted, self.preview, self._problem = None, None, ""
            self.body.display = False
            self._begin_typing()
        elif event.number != self._wanted and (self._wanted is not None or event.number != self._first):
            self._look(event.number)

    @on(NumberInput.Chosen)
    def _chosen(self, event: NumberInput.Chosen) -> None:
        """Enter in the number ends the typing: it is dry-run at once, and never confirmed by this."""
        if self.preview is None and not self._problem and (self._wanted is not None or self._now):
            self._look(event.number, at_once=True)
        elif self._wanted is None and not self._problem:
            self.app.notify(self.why_not(), severity="warning", markup=False)
        elif self.preview is not None:
            self.app.notify(f"Tab Enter scales to {event.number}", markup=False)
        else:
            self.app.notify(self._problem, severity="warning", markup=False)

    def _look(self, number: int, *, at_once: bool = False) -> None:
        self._wanted, self.preview, self._problem = number, None, ""
        self.body.display = False
        self._say("dry-running…", Tone.BUSY)
        start_worker(
            self, partial(self._look_up, number, 0.0 if at_once else DEBOUNCE_SECONDS), group="rehearse", exclusive=True
        )

    async def _look_up(self, number: int, rest: float) -> None:
        if rest:
            await self._clock.sleep(rest)
        try:
            rehearsal = await self._rehearse(number)
        except KdashError as error:
            self._fail(f"{error.message}{f' · {error.hint}' if error.hint else ''}")
            return
        if isinstance(self.app, OrderedKeys):
            self.app.discard_typed_keys()  # what is confirmed has been seen
        self._fill(rehearsal.question, self.app.size.width, self.app.size.height)
        text, tone = dry_run_text(rehearsal.question)
        self._say(text, tone)
        self.call_after_refresh(self._shown, number, rehearsal)

    def _shown(self, number: int, rehearsal: ScalePreview[ValueT]) -> None:
        if number == self._wanted:
            self.preview = number, rehearsal

    def _fill(self, question: Question, width: int, height: int) -> None:
        lines = question_lines(question, as_yaml=False, room=min(width, WIDTH) - 7)
        self.body.styles.height = max(1, min(len(lines), height - ROWS_AROUND))
        self.body.display = bool(lines)
        self.body.set_lines(lines)

    def _fail(self, why: str) -> None:
        self._problem = why
        self._say(why, Tone.FAIL)

    def _say(self, text: str, tone: Tone) -> None:
        symbol = tone.symbol if tone.symbol.strip() else "·"
        self.query_one("#checked", Static).update(self.toned((f"{symbol} ", tone), (text, tone)))

    # -- the answer ---------------------------------------------------------------------------------------------------

    def why_not(self) -> str:
        if self._problem or self.preview is not None:
            return self._problem
        return (
            "type another number first"
            if self._wanted is None
            else "still dry-running: press it again when it is shown"
        )

    @on(Button.Pressed, "#confirm")
    def _confirm(self) -> None:
        if self.preview is None or self.preview[0] != self.query_one(NumberInput).number:
            self.app.notify(self.why_not(), severity="warning", markup=False)
            return
        self.dismiss(self.preview[1].value)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)
