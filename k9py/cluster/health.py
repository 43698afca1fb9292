"""The health of the cluster: the health of all reflectors summarized, and that of each kind.

Invariant: LIVE only while every essential kind is being watched; kinds that are not readable are named, not hidden.

The states of the whole, the first that applies to any of the essential kinds:
- UNREACHABLE: one has never been read, and reading it fails.
- STALE: one was read and is not known to be current. The objects shown are as old as `since`. It begins with the first
  failure, or after 75 s without a sign of life (`informer.health`), and ends with a sign of life of each kind.
- LOADING: one is being read for the first time.
- PARTIAL: one is forbidden, or the server does not serve its API; the others are live.
- LIVE: all were read and are watched.
- FORBIDDEN: none of them is readable.
Kinds that are not essential never change the state; those that are not current are named (`stale_optional_kinds`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from k9py.api.errors import ExpiredError, ForbiddenError, KdashError, NotFoundError
from k9py.informer.health import Forbidden, Listed, Live, Loading, Stale, WatchHealth, silence_error

ESSENTIAL = frozenset({"Pod", "Service", "EndpointSlice", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"})
"""Kinds without which the overview is incomplete. A missing kind other than these is reported, but is no alarm."""


class ClusterState(Enum):
    """The state that the header shows."""

    LOADING = "loading"
    LIVE = "live"
    STALE = "stale"  # read before, not current: the objects shown are old
    UNREACHABLE = "unreachable"  # never read, and reading fails
    PARTIAL = "partial"  # live, but an essential kind is not readable
    FORBIDDEN = "forbidden"  # no essential kind is readable
    LISTED = "listed"  # of a single watch: the type cannot be watched, its objects are as old as the list


@dataclass(frozen=True, slots=True)
class KindHealth:
    """The watches of one kind, over all namespaces of the scope.

    Args:
        has_synced: its objects have been read at least once.
        decode_error: why an object of it is left out, "" when none is.
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
        """Whether the server does not serve this API: its objects are unknown, which does not mean there are none."""
        return not self.has_synced and isinstance(self.error, NotFoundError)

    @property
    def is_current(self) -> bool:
        """Whether it is watched, or polled because only its watch is forbidden."""
        is_polled = self.state is ClusterState.STALE and isinstance(self.error, ForbiddenError)
        return self.state is ClusterState.LIVE or is_polled


@dataclass(frozen=True, slots=True)
class ClusterHealth:
    """The health of all watches.

    Args:
        since: of STALE: when the oldest became stale; of LIVE: when the last became live.
        retry_at: when the next retry comes, None while one is in progress or none is planned.
        object_count: read so far.
        forbidden: kinds that are forbidden, essential ones first.
        error: why it is stale, unreachable or forbidden.
        kinds: the health of each kind, by kind name.
        restored_at: when the server was last found to have been restored to an older state; see `ServerTraits`.
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
        """Kinds that the server does not serve, by name."""
        return tuple(sorted(kind for kind, health in self.kinds.items() if health.is_unserved))

    @property
    def stale_optional_kinds(self) -> tuple[str, ...]:
        """Kinds that are not essential and not current, although they are readable and served."""
        return tuple(
            sorted(
                health.kind
                for health in self.kinds.values()
                if health.kind not in ESSENTIAL
                and health.state in (ClusterState.STALE, ClusterState.UNREACHABLE)
                and not health.is_current
                and not health.is_unserved
                and not isinstance(health.error, ExpiredError)  # quiet for long, being relisted: no problem
            )
        )

    @property
    def is_live(self) -> bool:
        return self.state is ClusterState.LIVE

    @property
    def is_complete(self) -> bool:
        """Whether every essential kind has been read and is current: only then may everything be reported healthy.

        A kind that may be listed but not watched counts as current: it is polled.
        """
        if ESSENTIAL.intersection((*self.forbidden, *self.decode_errors, *self.unserved_kinds)):
            return False
        return self.is_live or self.is_polled

    @property
    def is_polled(self) -> bool:
        """Whether nothing fails, but an essential kind may be listed and not watched."""
        left_out = {*self.forbidden, *self.unserved_kinds}
        needed = [health for kind, health in self.kinds.items() if kind in ESSENTIAL and kind not in left_out]
        return self.state is ClusterState.STALE and bool(needed) and all(health.is_current for health in needed)

    @property
    def decode_errors(self) -> dict[str, str]:
        """Kinds of which objects are left out because they do not decode, with the reason."""
        return {kind: health.decode_error for kind, health in self.kinds.items() if health.decode_error}

    def has_synced(self, kind: str) -> bool:
        """Return whether the objects of a kind have been read (they may be stale)."""
        health = self.kinds.get(kind)
        return health is not None and health.has_synced


@dataclass(frozen=True, slots=True)
class WatchReport:
    """One reflector, as `summarize_health` takes it.

    Args:
        has_synced: its first list is complete, now or earlier.
        decode_error: why the last object that did not decode did not, "" when all did.
        silent_since: the last sign of life, if that is longer ago than any watch may be silent, whatever its health.
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
    ClusterState.LISTED,
    ClusterState.LIVE,
)


def summarize_health(reports: Iterable[WatchReport], *, restored_at: datetime | None = None) -> ClusterHealth:
    """Summarize the health of the reflectors.

    The essential kinds decide; among them the worst does, except that a kind that is forbidden or not served is only
    named as long as another is readable. A kind watched in several namespaces has the health of its worst watch.
    """
    by_kind: dict[str, list[WatchReport]] = {}
    for report in reports:
        by_kind.setdefault(report.kind, []).append(report)
    kinds = {kind: summarize_watches(kind, watches) for kind, watches in by_kind.items()}
    forbidden = sorted(
        (health.kind for health in kinds.values() if health.state is ClusterState.FORBIDDEN),
        key=lambda kind: (kind not in ESSENTIAL, kind),
    )
    needed = [health for health in kinds.values() if health.kind in ESSENTIAL]
    readable = [health for health in needed if health.state is not ClusterState.FORBIDDEN and not health.is_unserved]
    worst = min(readable or needed, key=lambda health: _WORST_FIRST.index(health.state), default=None)
    if worst is None:
        return ClusterHealth(ClusterState.LOADING, kinds=kinds)
    same_state = [health for health in (readable or needed) if health.state is worst.state]
    sinces = [health.since for health in same_state if health.since]
    retries = [health.retry_at for health in same_state if health.retry_at]
    is_live = worst.state is ClusterState.LIVE
    return ClusterHealth(
        state=ClusterState.PARTIAL if is_live and len(readable) < len(needed) else worst.state,
        since=(max(sinces) if is_live else min(sinces)) if sinces else None,
        # A try in progress has no time: then the next one is not in the future.
        retry_at=min(retries) if len(retries) == len(same_state) and retries else None,
        object_count=sum(health.object_count for health in kinds.values()),
        forbidden=tuple(forbidden),
        error=worst.error,
        kinds=kinds,
        restored_at=restored_at,
    )


def summarize_watches(kind: str, watches: Sequence[WatchReport]) -> KindHealth:
    """Summarize the watches of one kind, one for each namespace: the worst decides."""
    worst = min((_watch_health(report) for report in watches), key=lambda health: _WORST_FIRST.index(health.state))
    return KindHealth(
        kind,
        worst.state,
        all(report.has_synced for report in watches),
        sum(report.object_count for report in watches),
        worst.error,
        worst.since,
        worst.retry_at,
        next((report.decode_error for report in watches if report.decode_error), ""),
    )


def _watch_health(report: WatchReport) -> KindHealth:
    kind, synced, count = report.kind, report.has_synced, report.object_count
    match report.health:
        case Live() if report.silent_since is not None:
            return KindHealth(kind, ClusterState.STALE, synced, count, silence_error(), report.silent_since)
        case Live(since):
            return KindHealth(kind, ClusterState.LIVE, synced, count, None, since)
        case Stale(since, error, retry_at):
            return KindHealth(kind, ClusterState.STALE, synced, count, error, since, retry_at)
        case Listed(since):
            return KindHealth(kind, ClusterState.LISTED, synced, count, None, since)
        case Forbidden(error, retry_at):
            return KindHealth(kind, ClusterState.FORBIDDEN, synced, count, error, None, retry_at)
        case Loading(loaded, error, retry_at):
            state = ClusterState.LOADING if error is None else ClusterState.UNREACHABLE
            return KindHealth(kind, state, synced, max(loaded, count), error, None, retry_at)
