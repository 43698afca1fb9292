"""What a tail says between the lines: each thing once, and a break only when it lasted or could not be proven."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from k9py.api.errors import KdashError
from k9py.logs.follow import words
from k9py.logs.line import Marker
from k9py.runtime.clock import Clock

GAP_WORTH_SAYING: Final = 2.0
"""Seconds without a connection below which a proven continuation is not remarked on."""


HEARD_SECONDS: Final = 30.0
"""Seconds for which a break that one tail told of need not be told by the others: the server is gone for all."""


_MOST_SAID: Final = 64
"""Different texts of a source that are remembered as said."""

_DIGITS: Final = re.compile(r"\d+")


class Chorus:
    """What the tails of one stream have in common to say: the first one says it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: dict[str, float] = {}

    def is_first(self, text: str) -> bool:
        """Tell whether nobody has said this of late, and note that it is said."""
        now = self._clock.monotonic()
        self._said = {one: at for one, at in self._said.items() if now - at < HEARD_SECONDS}
        if text in self._said:
            return False
        self._said[text] = now
        return True


class Remarks:
    """The state of one tail in words, and its markers.

    Args:
        mark: puts a marker into the stream.
        chorus: shared by the tails of a stream.
    """

    def __init__(self, clock: Clock, mark: Callable[[Marker, str], None], chorus: Chorus) -> None:
        self.why = ""
        self.error: KdashError | None = None
        self.was_broken = False
        self._clock = clock
        self._mark = mark
        self._told = ""
        self._is_told_by_another = False
        self._lost_at: float | None = None
        self._chorus = chorus
        self._said_by_source: set[str] = set()

    def refused(self, text: str, error: KdashError) -> None:
        """The log cannot be read for now: a state, noted once."""
        self.why, self.error = text, error
        self._tell(text)

    def said_by_source(self, text: str, error: KdashError) -> None:
        """The node says why the log cannot be read on: noted once, however often it says so between lines."""
        self.why, self.error = text, error
        key = _DIGITS.sub("0", text)
        if key not in self._said_by_source and len(self._said_by_source) < _MOST_SAID:
            self._said_by_source.add(key)
            if self._chorus.is_first(text):
                self._mark("note", text)

    def broke_off(self, error: KdashError, *, at_once: bool) -> None:
        """The connection is lost. Said when it is lost again: a break mended at once and proven needs no words."""
        self.why, self.error = words.interrupted(error), error
        if (at_once or self.was_broken) and self.why != self._told:
            if self._chorus.is_first(self.why):
                self._tell(self.why)
            else:
                self._is_told_by_another = not self._told
        self.let_go()
        self.was_broken = True

    def let_go(self) -> None:
        """The connection was given up: for another's turn, or because it was silent for too long."""
        if self._lost_at is None:
            self._lost_at = self._clock.monotonic()

    def nothing_new(self) -> None:
        """The server answered in order; how long lines have been missed is not settled by that."""
        self.why, self.error = "", None

    def stands(self) -> None:
        """The connection has stood for a while, and nothing has come that proves anything yet."""
        self.nothing_new()
        self.was_broken = self._is_told_by_another = False
        if self._told:
            self._told = ""
            self._mark("note", words.CONNECTED_AGAIN)

    def proven(self) -> bool:
        """Nothing is missing; say so where a break was felt. Return False when there was none."""
        if self._lost_at is None:
            return False
        away = self._clock.monotonic() - self._lost_at
        if self.was_broken and (self._told or (away >= GAP_WORTH_SAYING and not self._is_told_by_another)):
            self._mark("note", words.reconnected(away))
        self.all_is_well()
        return True

    @property
    def away(self) -> float | None:
        """Seconds without a connection; None while there is one."""
        return None if self._lost_at is None else self._clock.monotonic() - self._lost_at

    def gap(self, what: str, since: datetime | None, until: datetime | None) -> None:
        """Admit a gap."""
        self._mark("gap", words.may_be_missing(what, since, until, self.away))

    def lost_before(self, what: str, until: datetime | None) -> None:
        """Admit that a log was not read from its beginning."""
        self._mark("gap", words.lost_before(what, until))

    def all_is_well(self) -> None:
        """Lines come."""
        self._lost_at, self.was_broken = None, False
        self._told = self.why = ""
        self._is_told_by_another = False
        self.error = None

    def _tell(self, text: str) -> None:
        if text != self._told:
            self._told = text
            self._mark("note", text)
