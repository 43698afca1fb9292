"""The health of a watch, as values that a screen can display.

Invariant: `Live` is the only state in which the store may be taken for the current state of the cluster.

Signs of life are a page of a list, an event, a bookmark, an answered probe, and a stream that the server ended in
order. Response headers are none, nor are blank lines or a line that does not end.

- `Loading` -> `Live`: the first list is complete.
- `Live` -> `Stale`: a request or stream failed; a watch got no response within 20 s; or a stream was silent for 15 s
  longer than its 48 to 60 s, after which a server ends it. A stream that is renewed in order stays `Live`.
- `Stale` -> `Live`: after a failure, a probe is answered with a version no lower than known and the watch opens; after
  a watch that was silent, or two that broke immediately without data, the next one has to show a sign of life within
  its 10 s; after more than 30 s the kind is relisted first.
- `Loading`, `Stale` -> `Listed`: the list of a type that cannot be watched is complete. It stays so until a person
  requests another list.
- any -> `Forbidden`: the list is refused. Where only the watch is refused, it stays `Stale`, as of the last list.
- any -> `Stale`, or `Loading` with an error: the server was restored, or the watch crashed. Both relist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from k9py.api.errors import KdashError, UnresponsiveError


@dataclass(frozen=True, slots=True)
class Loading:
    """The first list is not complete. `object_count` came so far; `error` is why the last try failed, if one did."""

    object_count: int = 0
    error: KdashError | None = None
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Live:
    """The watch is open, without a break since then."""

    since: datetime


@dataclass(frozen=True, slots=True)
class Stale:
    """The store holds what was known at `since`. `retry_at` None: a try is in progress."""

    since: datetime
    error: KdashError
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The user may not list or watch this kind here. Retried at `retry_at`: permissions can be granted."""

    error: KdashError
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """The type cannot be watched: the store holds what a list returned at `since`."""

    since: datetime


WatchHealth = Loading | Live | Stale | Forbidden | Listed


def silence_error() -> UnresponsiveError:
    """Return the error of a watch that is overdue."""
    return UnresponsiveError("The server has sent nothing for too long", "Retrying automatically.")
