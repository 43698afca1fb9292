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
from k9py.informer.clock import Clock
from k9py.tui.dialogs.dialog import Dialog
from k9py.tui.dialogs.question import Question, Standing, question_lines, standing_lines, tried_words
from k9py.tui.key_order import OrderedKeys
from k9py.tui.widgets.number_input import NumberInput
from k9py.tui.widgets.text_view import TextView
from k9py.tui.work import start
from k9py.views.values import Tone

ValueT = TypeVar("ValueT")

DEBOUNCE_SECONDS: Final = 0.25
"""How long the typing must rest before the server is asked."""
ROWS_AROUND: Final = 14
"""Rows the box needs beside what scrolls."""
WIDTH: Final = 84


@dataclass(frozen=True, slots=True)
class Rehearsal(Generic[ValueT]):
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
        present: int,
        *,
        rehearse: Callable[[int], Awaitable[Rehearsal[ValueT]]],
        clock: Clock,
        standing: Standing | None = None,
        autoscaler: str = "",
        offered: tuple[int, str] | None = None,
        now: str = "",
    ) -> None:
        super().__init__(f"Scale {name}")
        self.offered = offered
        self.present = present
        self.rehearsed: tuple[int, Rehearsal[ValueT]] | None = None
        """The number whose dry-run is shown."""
        self._now = now
        self._place = place
        self._rehearse = rehearse
        self._clock = clock
        self._standing = standing
        self._autoscaler = autoscaler
        self._wanted: int | None = None
        self._first = present if offered is None else offered[0]
        self._problem = ""
        self.body = TextView(id="body")
        self.body.can_focus = False

    def compose_body(self) -> ComposeResult:
        yield self.place_part(self._place, standing_lines(self._standing, self.text_room(WIDTH)))
        with Horizontal(id="ask"):
            yield Static(self.toned(("replicas  ", Tone.MUTED)), markup=False)
            number = NumberInput(self.present if self.offered is None else self.offered[0], id="replicas")
            number.compact = True
            yield number
            why = self.offered[1] if self.offered is not None else f"now {self._now or self.present}"
            yield Static(self.toned((f"  {why}", Tone.MUTED)), markup=False, id="present")
        yield self.body
        yield self.part(id="checked")
        with Horizontal(classes="buttons"):
            yield Button("Cancel", compact=True, id="cancel")
            yield Button("Scale", compact=True, id="confirm", variant="primary")

    def on_mount(self) -> None:
        """Begin in the number; one that is offered is dry-run at once."""
        self.begin_at(self.query_one(NumberInput))
        self.body.display = False
        if self.offered is not None:
            self._look(self.offered[0], at_once=True)
        else:
            self._begin_typing()

    def on_resize(self, event: events.Resize) -> None:
        """Fold anew to the width there is."""
        if self.rehearsed is not None:
            self._fill(self.rehearsed[1].question, event.size.width, event.size.height)

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
            self._wanted, self.rehearsed = None, None
            self.body.display = False
            self._fail("a whole number, 0 or more")
        elif event.number == self.present and not self._now and self.offered is None:
            self.workers.cancel_group(self, "rehearse")
            self._wanted, self.rehearsed, self._problem = None, None, ""
            self.body.display = False
            self._begin_typing()
        elif event.number != self._wanted and (self._wanted is not None or event.number != self._first):
            self._look(event.number)

    @on(NumberInput.Chosen)
    def _chosen(self, event: NumberInput.Chosen) -> None:
        """Enter in the number ends the typing: it is dry-run at once, and never confirmed by this."""
        if self.rehearsed is None and not self._problem and (self._wanted is not None or self._now):
            self._look(event.number, at_once=True)
        elif self._wanted is None and not self._problem:
            self.app.notify(self.why_not(), severity="warning", markup=False)
        elif self.rehearsed is not None:
            self.app.notify(f"Tab Enter scales to {event.number}", markup=False)
        else:
            self.app.notify(self._problem, severity="warning", markup=False)

    def _look(self, number: int, *, at_once: bool = False) -> None:
        self._wanted, self.rehearsed, self._problem = number, None, ""
        self.body.display = False
        self._say("dry-running…", Tone.BUSY)
        start(
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
            self.app.drop_typed_keys()  # what is confirmed has been seen
        self._fill(rehearsal.question, self.app.size.width, self.app.size.height)
        text, tone = tried_words(rehearsal.question)
        self._say(text, tone)
        self.call_after_refresh(self._shown, number, rehearsal)

    def _shown(self, number: int, rehearsal: Rehearsal[ValueT]) -> None:
        if number == self._wanted:
            self.rehearsed = number, rehearsal

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
        if self._problem or self.rehearsed is not None:
            return self._problem
        return (
            "type another number first"
            if self._wanted is None
            else "still dry-running: press it again when it is shown"
        )

    @on(Button.Pressed, "#confirm")
    def _confirm(self) -> None:
        if self.rehearsed is None or self.rehearsed[0] != self.query_one(NumberInput).number:
            self.app.notify(self.why_not(), severity="warning", markup=False)
            return
        self.dismiss(self.rehearsed[1].value)

    @on(Button.Pressed, "#cancel")
    def _cancel(self) -> None:
        self.dismiss(None)
