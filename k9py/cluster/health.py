"""How well we see the cluster: the informers' states folded into one, and each kind's own.

Invariant: LIVE only when every kind we cannot do without is being watched; what may not be read is named, not hidden.

The states of the whole, the first that applies to any of the essential kinds:
- UNREACHABLE: one has never been read, and reading it fails.
- STALE: one was read, and is not known to be current. What is shown is as old as `since`. It begins with the first
  failure, or when nothing was heard for 75 s (`informer.health`), and ends when something was heard of all of them.
- LOADING: one is being read for the first time.
- PARTIAL: one may not be read, or the server has no API of it; the others are live.
- LIVE: all were read and are watched.
- FORBIDDEN: none of them may be read.
Kinds that are not essential never change the state. Those that are not current are named (`behind`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from k9py.api.errors import ExpiredError, ForbiddenError, KdashError, NotFoundError
from k9py.informer.health import Forbidden, Live, Loading, Stale, WatchHealth, silence_error

ESSENTIAL = frozenset({"Pod", "Service", "EndpointSlice", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"})
"""Without these the picture is not whole. The others only add to it: their absence is told, and is no alarm."""


class ClusterState(Enum):
    """The one word of the header."""

    LOADING = "loading"
    LIVE = "live"
    STALE = "stale"  # seen before, not now: what is shown is old
    UNREACHABLE = "unreachable"  # never seen yet, and asking fails
    PARTIAL = "partial"  # live, but some of what we need may not be read
    FORBIDDEN = "forbidden"  # none of what we need may be read


@dataclass(frozen=True, slots=True)
class KindHealth:
    """One kind's watches, over all namespaces of the scope; `known`: its objects have been read at least once.

    `unreadable`: why an object of it is left out, "" when none is.
    """

    kind: str
    state: ClusterState
    has_synced: bool
    object_count: int
    error: KdashError | None = None
    since: datetime | None = None
    retry_at: datetime | None = None
    decode_error: str = ""

    @property
    def is_unserved(self) -> bool:
        """True when the server has no such API: its objects are unknown, which is not that there are none."""
        return not self.has_synced and isinstance(self.error, NotFoundError)

    @property
    def is_current(self) -> bool:
        """True when it is watched, or listed again and again because it may not be watched."""
        polled = self.state is ClusterState.STALE and isinstance(self.error, ForbiddenError)
        return self.state is ClusterState.LIVE or polled


@dataclass(frozen=True, slots=True)
class ClusterHealth:
    """All watches as one.

    Args:
        since: STALE: since when the oldest of them is; LIVE: since when all are.
        retry_at: when the next attempt comes, None when it is being made or none is planned.
        objects: read so far.
        forbidden: kinds that may not be read, essential ones first.
        error: why it is stale, unreachable or forbidden.
        kinds: each kind's own state, by kind name.
        went_back_at: when the server was last found to have been restored to an older state; see `ServerTraits`.
    """

    state: ClusterState
    since: datetime | None = None
    retry_at: datetime | None = None
    object_count: int = 0
    forbidden: tuple[str, ...] = ()
    error: KdashError | None = None
    kinds: Mapping[str, KindHealth] = field(default_factory=dict)
    restored_at: datetime | None = None

    @property
    def unserved_kinds(self) -> tuple[str, ...]:
        """Kinds this server has no API of, by name."""
        return tuple(sorted(kind for kind, one in self.kinds.items() if one.is_unserved))

    @property
    def stale_optional_kinds(self) -> tuple[str, ...]:
        """Kinds that we can do without and that are not current, although they may be read and exist."""
        return tuple(
            sorted(
                one.kind
                for one in self.kinds.values()
                if one.kind not in ESSENTIAL
                and one.state in (ClusterState.STALE, ClusterState.UNREACHABLE)
                and not one.is_current
                and not one.is_unserved
                and not isinstance(one.error, ExpiredError)  # quiet for long, and being listed again: nothing is wrong
            )
        )

    @property
    def is_live(self) -> bool:
        return self.state is ClusterState.LIVE

    @property
    def is_complete(self) -> bool:
        """True when everything essential has been read and is current: only then "all is well" may be said.

        What may be listed and not watched counts as current: it is listed again and again.
        """
        if ESSENTIAL.intersection((*self.forbidden, *self.decode_errors, *self.unserved_kinds)):
            return False
        return self.is_live or self.is_polled

    @property
    def is_polled(self) -> bool:
        """True when nothing is broken, but some of what we need may be listed and not watched."""
        left_out = {*self.forbidden, *self.unserved_kinds}
        needed = [one for kind, one in self.kinds.items() if kind in ESSENTIAL and kind not in left_out]
        return self.state is ClusterState.STALE and bool(needed) and all(one.is_current for one in needed)

    @property
    def decode_errors(self) -> dict[str, str]:
        """Kinds of which some objects are left out because they do not decode, with why."""
        return {kind: one.decode_error for kind, one in self.kinds.items() if one.decode_error}

    def has_synced(self, kind: str) -> bool:
        """Tell whether this kind's objects have been read (they may be stale)."""
        one = self.kinds.get(kind)
        return one is not None and one.has_synced


@dataclass(frozen=True, slots=True)
class WatchReport:
    """One informer as the fold sees it; `known`: its first list has come in whole, now or earlier.

    `unreadable`: why the last object that did not decode did not, "" when all did. `silent_since`: when it was last
    heard of, if that is longer ago than any watch may be silent, whatever it says of itself.
    """

    kind: str
    health: WatchHealth
    has_synced: bool
    object_count: int
    decode_error: str = ""
    silent_since: datetime | None = None


_WORST_FIRST = (
    ClusterState.UNREACHABLE,
    ClusterState.STALE,
    ClusterState.LOADING,
    ClusterState.FORBIDDEN,
    ClusterState.LIVE,
)


def summarize_health(reports: Iterable[WatchReport], *, went_back_at: datetime | None = None) -> ClusterHealth:
    """Fold the informers' states into one.

    The essential kinds decide; among them the worst does, except that a kind that may not be read, or of which
    the server has no API, is only named as long as any other may. A kind watched in several namespaces is as well as
    its worst watch.
    """
    by_kind: dict[str, list[WatchReport]] = {}
    for one in reports:
        by_kind.setdefault(one.kind, []).append(one)
    kinds = {kind: _kind_health(kind, watches) for kind, watches in by_kind.items()}
    forbidden = sorted(
        (one.kind for one in kinds.values() if one.state is ClusterState.FORBIDDEN),
        key=lambda kind: (kind not in ESSENTIAL, kind),
    )
    needed = [one for one in kinds.values() if one.kind in ESSENTIAL]
    readable = [one for one in needed if one.state is not ClusterState.FORBIDDEN and not one.is_unserved]
    worst = min(readable or needed, key=lambda one: _WORST_FIRST.index(one.state), default=None)
    if worst is None:
        return ClusterHealth(ClusterState.LOADING, kinds=kinds)
    alike = [one for one in (readable or needed) if one.state is worst.state]
    sinces = [one.since for one in alike if one.since]
    retries = [one.retry_at for one in alike if one.retry_at]
    latest = worst.state is ClusterState.LIVE
    return ClusterHealth(
        state=ClusterState.PARTIAL if latest and len(readable) < len(needed) else worst.state,
        since=(max(sinces) if latest else min(sinces)) if sinces else None,
        # One that is being tried right now has no time: then the reconnecting is not in the future.
        retry_at=min(retries) if len(retries) == len(alike) and retries else None,
        object_count=sum(one.object_count for one in kinds.values()),
        forbidden=tuple(forbidden),
        error=worst.error,
        kinds=kinds,
        restored_at=went_back_at,
    )


def _kind_health(kind: str, watches: list[WatchReport]) -> KindHealth:
    worst = min((_watch_health(one) for one in watches), key=lambda one: _WORST_FIRST.index(one.state))
    return KindHealth(
        kind,
        worst.state,
        all(one.has_synced for one in watches),
        sum(one.object_count for one in watches),
        worst.error,
        worst.since,
        worst.retry_at,
        next((one.decode_error for one in watches if one.decode_error), ""),
    )


def _watch_health(one: WatchReport) -> KindHealth:
    match one.health:
        case Live() if one.silent_since is not None:
            error = silence_error()
            return KindHealth(one.kind, ClusterState.STALE, one.has_synced, one.object_count, error, one.silent_since)
        case Live(since):
            return KindHealth(one.kind, ClusterState.LIVE, one.has_synced, one.object_count, None, since)
        case Stale(since, error, retry_at):
            return KindHealth(one.kind, ClusterState.STALE, one.has_synced, one.object_count, error, since, retry_at)
        case Forbidden(error, retry_at):
            return KindHealth(one.kind, ClusterState.FORBIDDEN, one.has_synced, one.object_count, error, None, retry_at)
        case Loading(objects, error, retry_at):
            state = ClusterState.LOADING if error is None else ClusterState.UNREACHABLE
            return KindHealth(one.kind, state, one.has_synced, max(objects, one.object_count), error, None, retry_at)
