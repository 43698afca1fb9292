"""The header in words: where we look, and how well we see it.

Segments carry a priority: 0 is always shown, higher numbers go first when the line is short.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from k9py.api.kinds import KINDS
from k9py.api.text import printable
from k9py.api.times import age, duration
from k9py.cluster.health import ESSENTIAL, ClusterHealth, ClusterState
from k9py.cluster.scope import Scope
from k9py.views.values import Tone

_REGRESSION_NOTICE_SECONDS = 600.0
"""Seconds for which a server's going back in time is shown."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A short fact of the header; `label` stands dim before it."""

    text: str
    tone: Tone = Tone.PLAIN
    priority: int = 1
    label: str = ""


def place_segments(context: str, scope: Scope, notice: str) -> tuple[Segment, ...]:
    """Return where we look: context, namespaces, and what the scope leaves out."""
    where = "all" if scope.is_cluster else ", ".join(scope.namespaces)
    segments = (
        Segment(printable(context), Tone.ACCENT, 1, "context"),
        Segment(printable(where), Tone.ACCENT, 0, "namespace" if len(scope.namespaces) < 2 else "namespaces"),
    )
    return (*segments, Segment(printable(notice), Tone.WARN, 1)) if notice else segments


def unread_segments(health: ClusterHealth) -> tuple[Segment, ...]:
    """Return which kinds may not, or cannot, be read."""
    return (*_forbidden(health), *_missing(health), *_unreadable(health), *_behind(health))


def missing_apis_text(kinds: Iterable[str]) -> str:
    """Say which APIs a server does not have: `this server has no policy/v1: PodDisruptionBudget unknown`."""
    names = sorted(kinds)
    apis = sorted({KINDS[name].api_version for name in names if name in KINDS})
    return f"this server has no {', '.join(apis)}: {', '.join(names)} unknown"


def server_segments(health: ClusterHealth, now: datetime) -> tuple[Segment, ...]:
    """Return what has happened to the server and a person must know."""
    if health.restored_at is None or (now - health.restored_at).total_seconds() > _REGRESSION_NOTICE_SECONDS:
        return ()
    is_read = health.is_live or health.state is ClusterState.PARTIAL
    done = "everything was read again" if is_read else "everything is being read again"
    words = f"the server went back in time {age(health.restored_at, now)} ago (restored from a backup?): {done}"
    return (Segment(words, Tone.WARN, 0),)


def health_segment(health: ClusterHealth, now: datetime) -> Segment:
    """Return the state of the watches."""
    match health.state:
        case ClusterState.LIVE:
            return Segment("live", Tone.OK, 0)
        case ClusterState.PARTIAL:
            return Segment("partly live", Tone.WARN, 0)
        case ClusterState.LOADING:
            return Segment(f"loading ({health.object_count:,} objects)", Tone.BUSY, 0)
        case ClusterState.STALE if health.is_polled:
            return Segment(f"read {age(health.since, now)} ago: may not be watched, read again and again", Tone.WARN, 0)
        case ClusterState.STALE:
            which = _which(health)
            words = f"{which}stale for {age(health.since, now)}, {_again(health, now)}"
            return Segment(words, Tone.FAIL, 0)
        case ClusterState.UNREACHABLE:
            why = f": {health.error.message}" if health.error else ""
            which = _which(health)
            return Segment(
                printable(f"{f'{which}not read' if which else 'no connection'}{why}, {_again(health, now)}"),
                Tone.FAIL,
                0,
            )
        case ClusterState.FORBIDDEN:
            return Segment("no right to read anything here", Tone.FAIL, 0)


def _again(health: ClusterHealth, now: datetime) -> str:
    if health.retry_at is None:
        return "reconnecting now"
    return f"reconnecting in {duration((health.retry_at - now).total_seconds())}"


def _which(health: ClusterHealth) -> str:
    """Return the essential kinds that are in this state, with a blank; "" when they all are."""
    needed = {kind: one.state for kind, one in health.kinds.items() if kind in ESSENTIAL}
    alike = sorted(kind for kind, state in needed.items() if state is health.state)
    if len(alike) == len(needed):
        return ""
    return f"{', '.join(alike) if len(alike) < 3 else f'{len(alike)} of {len(needed)} kinds'} "


def _behind(health: ClusterHealth) -> tuple[Segment, ...]:
    if not health.stale_optional_kinds or health.state not in (ClusterState.LIVE, ClusterState.PARTIAL):
        return ()
    return (Segment(f"not current: {', '.join(health.stale_optional_kinds)}", Tone.WARN, 3),)


def _missing(health: ClusterHealth) -> tuple[Segment, ...]:
    if not health.unserved_kinds:
        return ()
    matters = bool(ESSENTIAL.intersection(health.unserved_kinds))
    return (
        Segment(missing_apis_text(health.unserved_kinds), Tone.WARN if matters else Tone.MUTED, 2 if matters else 5),
    )


def _unreadable(health: ClusterHealth) -> tuple[Segment, ...]:
    kinds = sorted(health.decode_errors)
    return (Segment(f"left out, cannot be read: some {', '.join(kinds)}", Tone.WARN, 3),) if kinds else ()


def _forbidden(health: ClusterHealth) -> tuple[Segment, ...]:
    if not health.forbidden or health.state is ClusterState.FORBIDDEN:
        return ()
    needed = [kind for kind in health.forbidden if kind in ESSENTIAL]
    others = len(health.forbidden) - len(needed)
    named = [*needed, *([f"{others} more kinds" if others > 1 else health.forbidden[-1]] if others else [])]
    return (Segment(f"no right to read {', '.join(named)}", Tone.WARN if needed else Tone.MUTED, 2 if needed else 5),)
