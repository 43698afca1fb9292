"""When a container's stream shows a marker: each event once, and a broken connection only when it mattered.

The wording is in `k9py/logs/marker_text.py`, the kinds of markers are `k9py.logs.line.Marker`. Invariant: a connection
that broke and whose continuation is proven within `MIN_REPORTED_SECONDS` leaves no marker.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from k9py.api.errors import KdashError
from k9py.logs import marker_text
from k9py.logs.line import Marker
from k9py.runtime.clock import Clock

MIN_REPORTED_SECONDS: Final = 2.0
"""Seconds without a connection below which a proven continuation is not reported."""

DEDUP_SECONDS: Final = 30.0
"""Seconds for which an event that one stream reported is not repeated by the others: the server failed all of them."""

_MAX_NODE_ERRORS: Final = 64
"""Different texts of a node that one stream remembers as reported."""

_DIGITS: Final = re.compile(r"\d+")


class MarkerDedup:
    """Lets only the first of several streams report an event that concerns all of them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._reported_at: dict[str, float] = {}

    def is_first(self, text: str) -> bool:
        """Return whether no stream reported this text lately, and remember it as reported."""
        now = self._clock.monotonic()
        self._reported_at = {known: at for known, at in self._reported_at.items() if now - at < DEDUP_SECONDS}
        if text in self._reported_at:
            return False
        self._reported_at[text] = now
        return True


class StreamMarkers:
    """What one container's stream has to report: why no lines come now, and the markers between its lines.

    Args:
        add_marker: puts a marker into the stream.
        dedup: shared by the streams of one view.
    """

    def __init__(self, clock: Clock, add_marker: Callable[[Marker, str], None], dedup: MarkerDedup) -> None:
        self.reason = ""
        """Why no lines come now; "" while they do."""
        self.error: KdashError | None = None
        self.is_broken = False
        """True from a broken connection until its continuation is proven or stable."""
        self._clock = clock
        self._add_marker = add_marker
        self._dedup = dedup
        self._shown_note = ""
        self._is_shown_by_another = False
        self._disconnected_at: float | None = None
        self._node_errors: set[str] = set()

    def set_unavailable(self, text: str, error: KdashError) -> None:
        """Report, once, that the log cannot be read for now."""
        self.reason, self.error = text, error
        self._note(text)

    def report_node_error(self, text: str, error: KdashError) -> None:
        """Report what a node wrote in place of the log: once, however often it repeats it between lines."""
        self.reason, self.error = text, error
        key = _DIGITS.sub("0", text)
        if key not in self._node_errors and len(self._node_errors) < _MAX_NODE_ERRORS:
            self._node_errors.add(key)
            if self._dedup.is_first(text):
                self._add_marker("note", text)

    def report_interruption(self, error: KdashError, *, immediately: bool) -> None:
        """Record a broken connection; show it only `immediately` or when it is the second in a row.

        A connection that comes back quickly and is proven to continue the log needs no marker.
        """
        self.reason, self.error = marker_text.interrupted(error), error
        if (immediately or self.is_broken) and self.reason != self._shown_note:
            if self._dedup.is_first(self.reason):
                self._note(self.reason)
            else:
                self._is_shown_by_another = not self._shown_note
        self.set_disconnected()
        self.is_broken = True

    def set_disconnected(self) -> None:
        """Record that there is no connection: it broke, or was given up for another stream or for its silence."""
        if self._disconnected_at is None:
            self._disconnected_at = self._clock.monotonic()

    def clear_reason(self) -> None:
        """Record that the server answered normally; whether lines are missing is not settled by that."""
        self.reason, self.error = "", None

    def set_stable(self) -> None:
        """Record that the connection has lasted for a while, although no line has proven the continuation yet."""
        self.clear_reason()
        self.is_broken = self._is_shown_by_another = False
        if self._shown_note:
            self._shown_note = ""
            self._add_marker("note", marker_text.RECONNECTED)

    def report_continuation(self) -> bool:
        """Record that no lines are missing, and show it where the interruption was shown or long.

        Returns:
            False when the connection had not been lost.
        """
        seconds = self.disconnected_seconds
        if seconds is None:
            return False
        is_long = seconds >= MIN_REPORTED_SECONDS and not self._is_shown_by_another
        if self.is_broken and (self._shown_note or is_long):
            self._add_marker("note", marker_text.reconnected(seconds))
        self.set_healthy()
        return True

    @property
    def disconnected_seconds(self) -> float | None:
        """Seconds without a connection; None while there is one."""
        return None if self._disconnected_at is None else self._clock.monotonic() - self._disconnected_at

    def report_gap(self, cause: str, since: datetime | None, until: datetime | None) -> None:
        """Show that lines between two others may be missing (`marker_text.gap`)."""
        self._add_marker("gap", marker_text.gap(cause, since, until, self.disconnected_seconds))

    def report_gap_before(self, cause: str, until: datetime | None) -> None:
        """Show that the beginning of a log may be missing (`marker_text.gap_before`)."""
        self._add_marker("gap", marker_text.gap_before(cause, until))

    def report_gap_after(self, cause: str, since: datetime | None) -> None:
        """Show that the end of a log may be missing (`marker_text.gap_after`)."""
        self._add_marker("gap", marker_text.gap_after(cause, since))

    def set_healthy(self) -> None:
        """Record that lines come: forget every trouble."""
        self._disconnected_at, self.is_broken = None, False
        self._shown_note = self.reason = ""
        self._is_shown_by_another = False
        self.error = None

    def _note(self, text: str) -> None:
        if text != self._shown_note:
            self._shown_note = text
            self._add_marker("note", text)
