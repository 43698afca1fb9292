"""Ask for labels or annotations: `tier=web` sets, `tier-` removes."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from k9py.api.redaction import redact_text
from k9py.api.text import printable
from k9py.operations.label import Part, parse_changes
from k9py.tui.dialogs.dialog import Dialog
from k9py.views.values import Tone

_SHOWN: Final = 8


class LabelsDialog(Dialog[dict[str, str | None]]):
    """Returns the changes.

    Args:
        title: what is labelled.
        place: namespace and context.
        present: what it has.
        part: of the metadata.
    """

    HINT = "key=value sets · key- removes · Enter continue · {dialog.cancel} cancel"

    def __init__(self, title: str, place: str, present: Mapping[str, str], part: Part) -> None:
        super().__init__(title)
        self._place = place
        self._present = present
        self._part: Part = part

    def compose_body(self) -> ComposeResult:
        shown = [
            ((printable(key), Tone.MUTED), ("=", Tone.MUTED), (redact_text(printable(str(value)))[:60], Tone.PLAIN))
            for key, value in list(self._present.items())[:_SHOWN]
        ]
        yield self.paragraph(self.toned(("in ", Tone.MUTED), (self._place, Tone.ACCENT)))
        if shown:
            yield self.paragraph(*(self.toned(*line) for line in shown))
        yield Input(id="changes", compact=True)
        yield Static("", id="problem", markup=False)

    def on_mount(self) -> None:
        """Focus the input."""
        self.set_initial_focus(self.query_one("#changes", Input))

    @on(Input.Submitted, "#changes")
    def _submitted(self, event: Input.Submitted) -> None:
        try:
            changes = parse_changes(shlex.split(event.value), self._part)
        except ValueError as error:
            self.query_one("#problem", Static).update(self.toned((str(error), Tone.FAIL)))
            return
        if changes:
            self.dismiss(changes)
