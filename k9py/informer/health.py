"""How a watch fares, as values a screen can put into words.

Invariant: `Live` is the only state in which the store may be taken for the cluster's present.

What counts as heard: a page of a list, an event, a bookmark, a probe that was answered, and a stream that the server
ended in order. Response headers do not count, nor do blank lines or a line that does not end.

- `Loading` -> `Live`: the first list is complete.
- `Live` -> `Stale`: a request or stream failed; a watch was not answered within 20 s; or nothing was heard on a stream
  for 15 s longer than its 48 to 60 s, after which a server ends it. A stream renewed in order stays `Live`.
- `Stale` -> `Live`: after a failure, a probe is answered with a version no lower than known and the watch opens; after
  a watch that was silent, or two that broke at once without a word, the next itself must be heard within its 10 s;
  after more than 30 s the list is read anew first.
- any -> `Forbidden`: the list is refused. Where only the watch is, it stays `Stale`, as of the last list.
- any -> `Stale`, or `Loading` with an error: the server went back in time, or the watch crashed. Both list anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from k9py.api.errors import KdashError


@dataclass(frozen=True, slots=True)
class Loading:
    """The first list has not come in whole. `objects` have arrived; `error` is why the last try failed, if one did."""

    object_count: int = 0
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
