"""A text about one object of any type that stays current while it is shown.

Owns the `LiveObject`: a new one for each session, closed with the screen. Invariants: one drawing at a time; it is
brought up to date at most every `REDRAW_SECONDS`, however often the object changes; when the object is deleted the
screen reports it and keeps the last state; why an object cannot be read is said in place of it.

To add one: subclass and `draw`.
"""

from __future__ import annotations

from typing import Any, Final

from k9py.api.errors import KdashError
from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.api.resource_types import STANDARD
from k9py.cluster.change_feed import Changes
from k9py.cluster.health import ClusterState
from k9py.resources.describe.json_fields import text_at
from k9py.tui.context import AppContext
from k9py.tui.live_object import LiveObject
from k9py.tui.screens.text_screen import TextScreen
from k9py.tui.widgets.toned_text import TextLine, TextSpan
from k9py.tui.workers import start_worker
from k9py.views.values import Tone

REDRAW_SECONDS: Final = 0.25
AGES_SECONDS: Final = 1.0
"""How often ages are brought up to date; the text is only replaced when one differs."""
REST_PER_COST: Final = 10
"""What takes long to draw is drawn less often: a text takes at most a tenth of the time."""


class LiveTextScreen(TextScreen):
    """Base of description and YAML."""

    def __init__(self, context: AppContext, subject: ObjectRef, heading: str) -> None:
        super().__init__(context, subject, heading)
        self.live: LiveObject | None = None
        self._is_stale = True
        self._is_drawing = False
        self._drawn_at = float("-inf")
        self._cost = 0.0
        """Seconds that the last drawing took."""
        self._shown: list[TextLine] | None = None
        self.notice_lines = 0
        """Lines above the text: it was deleted, it is not live."""
        self._single_read: KdashError | None = None
        self._has_read_once = False
        self._shown_uid = ""

    def uid_of(self, ref: ObjectRef) -> str:
        return (self._shown_uid if ref == self.subject else "") or super().uid_of(ref)

    async def draw(self, live: LiveObject, body: dict[str, Any]) -> list[TextLine]:
        """Return the text of the object. Long work yields to the event loop."""
        raise NotImplementedError

    # -- life ---------------------------------------------------------------------------------------------------------

    def on_unmount(self) -> None:
        """End the watches."""
        self._close()

    def session_changed(self) -> None:
        self._close()
        self.show()

    def _close(self) -> None:
        if self.live is not None:
            self.live.close()
        self.live, self._has_read_once, self._single_read = None, False, None

    def _resource_type(self) -> ResourceType | None:
        """Return the type of the object: of a type that a CRD defines, None until the server has been asked."""
        connected = self.app_context.connected
        types = STANDARD if connected is None else connected.resource_types
        return types.of_ref(self.subject)

    def _open(self) -> LiveObject | None:
        connected, resource_type = self.app_context.connected, self._resource_type()
        if connected is None or resource_type is None:
            return None
        return LiveObject(connected, self.subject, resource_type, self._on_change)

    def _on_change(self) -> None:
        self._is_stale = True

    # -- drawing ------------------------------------------------------------------------------------------------------

    def show(self) -> None:
        """Draw the text now, or as soon as the drawing that runs has ended."""
        if self.live is None:
            self.live = self._open()
        self._is_stale, self._cost = True, 0.0
        self._start_drawing()

    def on_resize(self) -> None:
        """Wrap long texts for the new width."""
        self.call_after_refresh(self.show)

    def tick(self, changes: Changes) -> None:
        if self.live is None:
            self.live = self._open()  # discovery may know the type now
        now = self.app_context.options.clock.monotonic()
        wait = REDRAW_SECONDS if self._is_stale or changes else AGES_SECONDS
        if now - self._drawn_at >= max(wait, self._cost * REST_PER_COST):
            self._start_drawing()

    def _start_drawing(self) -> None:
        if not self._is_drawing and self.is_mounted:
            self._is_drawing = True
            self._drawn_at = self.app_context.options.clock.monotonic()
            start_worker(self, self._draw, group="text")

    async def _draw(self) -> None:
        try:
            self._is_stale = False
            await self._draw_once()
        finally:
            self._is_drawing = False
            self._cost = self.app_context.options.clock.monotonic() - self._drawn_at

    async def _draw_once(self) -> None:
        live = self.live
        if live is None:
            is_connected = self.app_context.connected is not None
            reason = f"the type of {self.subject} is not known" if is_connected else "not connected"
            self._set_lines([_message(reason)])
            return
        body = live.body()
        if body is None:
            await self._read_once(live)
            body = live.body()
        if body is None:
            self._set_lines(self._absent(live))
            return
        lines = await self.draw(live, body)
        if live is self.live:
            self._shown_uid = text_at(body, "metadata", "uid")
            self.set_body(live, lines)

    def set_body(self, live: LiveObject, lines: list[TextLine]) -> None:
        """Show the text of the object below what has to be known about it."""
        notices = self._notices(live)
        self.notice_lines = len(notices)
        self._set_lines([*notices, *lines])

    async def _read_once(self, live: LiveObject) -> None:
        """Read an object that may not be watched."""
        if self._has_read_once or live.state not in (ClusterState.FORBIDDEN, ClusterState.UNREACHABLE):
            return
        self._has_read_once = True
        try:
            await live.read_once()
        except KdashError as error:
            self._single_read = error

    def _absent(self, live: LiveObject) -> list[TextLine]:
        """Return why there is nothing to show."""
        if live.is_deleted:
            return [_message(f"{self.subject} does not exist")]
        error = self._single_read or live.error
        if error is None:
            return [_message("loading…", Tone.BUSY)]
        return [_message(error.message, Tone.FAIL), _message(error.hint, Tone.MUTED)]

    def _notices(self, live: LiveObject) -> list[TextLine]:
        """Return what has to be known about the text: deleted, or not live."""
        if live.is_deleted and not live.is_read_once:
            return [_message(f"{Tone.WARN.symbol} {self.subject} was deleted: this is its last state"), ()]
        if live.is_read_once or live.error is not None:
            reason = f": {live.error.message}" if live.error else ""
            return [_message(f"{Tone.WARN.symbol} not live{reason}"), ()]
        return []

    def _set_lines(self, lines: list[TextLine]) -> None:
        if lines != self._shown:
            self._shown = lines
            self.pane.text.set_lines(lines)


def _message(text: str, tone: Tone = Tone.WARN) -> TextLine:
    return (TextSpan(text, tone),)
