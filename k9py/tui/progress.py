"""The outcome of the latest write of this session, in one line on every screen, tracked until done or stalled.

Invariant: an outcome stays visible until the user dismisses it or another change starts.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.widgets import Static

from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.tui.keys import key_names
from k9py.tui.theme import palette_for
from k9py.views.values import Tone


@dataclass(frozen=True, slots=True)
class TrackedChange:
    """A change that is tracked.

    Args:
        key: the object.
        what: the change as text, such as "scaled to 5".
        status_text: the status as text.
        tone: BUSY under way, OK done, FAIL stalled, WARN no longer tracked.
        seconds: since it was applied.
        desired, updated, available: pods, for the bar; None when unknown.
        created: the object it has created beside `key`, None when there is none.
        hint: what the back key does now; `{action.id}` becomes the action's key.
    """

    key: ObjectRef
    what: str
    status_text: str
    tone: Tone = Tone.BUSY
    seconds: float = 0.0
    desired: int | None = None
    updated: int = 0
    available: int = 0
    created: ObjectRef | None = None
    hint: str = "{app.back} dismisses"

    @property
    def is_done(self) -> bool:
        """True when the outcome is final."""
        return self.tone is not Tone.BUSY


BAR_CELLS = 20
PADDING = 1
"""Cells left and right of the line."""


def bar(followed: TrackedChange, cells: int = BAR_CELLS) -> str:
    """Return a bar of `cells` cells: full for available pods of the new revision, half for updated ones."""
    desired = followed.desired or 0
    if desired <= 0:
        return ""
    updated = min(followed.updated, desired)
    available = min(followed.available, updated)
    full = cells * available // desired
    half = cells * updated // desired - full
    return "━" * full + "╸" * half + "─" * (cells - full - half)


class ProgressStrip(Static):
    """The line above the keys; hidden while there is no change. What is too long is cut before the key at its end."""

    DEFAULT_CSS = """
    ProgressStrip {
        dock: bottom; height: 1; width: 1fr; padding: 0 1; margin: 0 0 1 0; background: $surface; display: none;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    ProgressStrip.-on { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("", markup=False, id=id)
        self.shown: TrackedChange | None = None
        self._shown_with: tuple[int, str] = (0, "")
        self._line = Text()
        self._end = Text()

    def show(self, followed: TrackedChange | None, more: int = 0, *, stop_with: str = "") -> None:
        """Show a change.

        Args:
            more: number of other changes under way.
            stop_with: key or command that stops after the current one of several, "" for none.
        """
        self.set_class(followed is not None, "-on")
        if followed is None or (followed == self.shown and (more, stop_with) == self._shown_with):
            self.shown = followed
            return
        self.shown, self._shown_with = followed, (more, stop_with)
        palette = palette_for(self.app)
        tone = palette.tone(followed.tone)
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(f"{followed.tone.symbol} ", tone)
        line.append(f"{followed.key.kind} {printable(followed.key.name)}", "bold")
        stops = f" · {stop_with} stops" if stop_with and not followed.is_done else ""
        line.append(f" {printable(followed.what)}{stops}  ", palette.muted)
        drawn = bar(followed)
        if drawn and not followed.is_done:
            line.append(f"{drawn}  ", tone)
        line.append(printable(followed.status_text), tone)
        end = Text(no_wrap=True)
        if not followed.is_done:
            end.append(f"  {followed.seconds:.0f}s", palette.muted)
        if more:
            end.append(f"  and {more} more", palette.muted)
        end.append(f"  {key_names(self).fill(followed.hint)}", palette.muted)
        self._line, self._end = line, end
        self._draw()

    def on_resize(self) -> None:
        """Cut the text for the new width."""
        self._draw()

    def _draw(self) -> None:
        width = self.size.width or self.app.size.width - 2 * PADDING
        line = self._line.copy()
        line.truncate(max(1, width - self._end.cell_len), overflow="ellipsis")
        self.update(line.append_text(self._end), layout=False)
