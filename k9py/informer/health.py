"""How a watch fares, as values a screen can put into words.

Invariant: `Live` is the only state in which the store may be taken for the cluster's present.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from k9py.objects.errors import KdashError


@dataclass(frozen=True, slots=True)
class Loading:
    """The first list has not come in whole. `objects` have arrived; `error` is why the last try failed, if one did."""

    objects: int = 0
    error: KdashError | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """The watch is open, without a break since then."""

    since: datetime


@dataclass(frozen=True, slots=True)
class Stale:
    """The data is what was known at `since`. `retry_at` None: being tried right now."""

    since: datetime
    error: KdashError
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The user may not list or watch this here. Asked again at `retry_at`: rights can be granted."""

    error: KdashError
    retry_at: datetime | None = None


WatchHealth = Loading | Live | Stale | Forbidden
