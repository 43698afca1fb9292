"""The header as text: what is being viewed, and how current it is.

Segments have a priority: 0 is always shown; those with higher numbers are dropped first if the line is short.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from k9py.api.errors import KdashError, NotRecordedError
from k9py.api.kinds import KINDS
from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.api.times import age, duration
from k9py.cluster.health import ESSENTIAL, ClusterHealth, ClusterState
from k9py.cluster.scope import Scope
from k9py.views.values import Tone

_RESTORE_NOTICE_SECONDS: Final = 600.0
"""Seconds for which the header reports that the server was restored to an earlier state."""
_NAMED_APIS: Final = 2
"""APIs that are named when they are not available; more are counted."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A short text of the header; `label` is shown dim before it."""

    text: str
    tone: Tone = Tone.PLAIN
    priority: int = 1
    label: str = ""


def place_segments(context: str, scope: Scope, notice: str) -> tuple[Segment, ...]:
    """Return what is being viewed: context, namespaces, and what the scope leaves out."""
    namespaces = "all" if scope.is_cluster else ", ".join(scope.namespaces)
    segments = (
        Segment(printable(context), Tone.ACCENT, 1, "context"),
        Segment(printable(namespaces), Tone.ACCENT, 0, "namespace" if len(scope.namespaces) < 2 else "namespaces"),
    )
    return (*segments, Segment(printable(notice), Tone.WARN, 1)) if notice else segments


def unread_segments(health: ClusterHealth) -> tuple[Segment, ...]:
    """Return which kinds are not read, or not current, and why."""
    return (*_forbidden(health), *_unserved(health), *_undecodable(health), *_stale_optional(health))


def missing_apis_text(kinds: Iterable[str]) -> str:
    """Return which APIs a server lacks: `this server has no policy/v1: PodDisruptionBudget unknown`."""
    names = sorted(kinds)
    apis = sorted({KINDS[name].api_version for name in names if name in KINDS})
    return f"this server has no {', '.join(apis)}: {', '.join(names)} unknown"


def discovery_segments(errors: Mapping[str, KdashError]) -> tuple[Segment, ...]:
    """Return which parts of the API could not be discovered: their types are unknown, and nothing else is affected."""
    if not errors:
        return ()
    names = sorted(errors)
    text = ", ".join(names) if len(names) <= _NAMED_APIS else count_noun(len(names), "API")
    return (Segment(printable(f"not available: {text}"), Tone.MUTED, 5),)


def server_segments(health: ClusterHealth, now: datetime) -> tuple[Segment, ...]:
    """Return what happened to the server that a person must know."""
    if health.restored_at is None or (now - health.restored_at).total_seconds() > _RESTORE_NOTICE_SECONDS:
        return ()
    is_relisted = health.is_live or health.state is ClusterState.PARTIAL
    relist = "everything was relisted" if is_relisted else "relisting everything"
    text = f"the server went back in time {age(health.restored_at, now)} ago (restored from a backup?): {relist}"
    return (Segment(text, Tone.WARN, 0),)


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
            return Segment(f"read {age(health.since, now)} ago: watch forbidden, polling", Tone.WARN, 0)
        case ClusterState.STALE:
            text = f"{_affected_kinds(health)}stale for {age(health.since, now)}, {_retry_text(health, now)}"
            return Segment(text, Tone.FAIL, 0)
        case ClusterState.UNREACHABLE:
            why = f": {health.error.message}" if health.error else ""
            kinds = _affected_kinds(health)
            state = f"{kinds}not read" if kinds else "no connection"
            return Segment(printable(f"{state}{why}, {_retry_text(health, now)}"), Tone.FAIL, 0)
        case ClusterState.LISTED:
            return Segment(f"listed {age(health.since, now)} ago", Tone.MUTED, 0)
        case ClusterState.FORBIDDEN:
            return Segment("no permission to read anything here", Tone.FAIL, 0)


def _retry_text(health: ClusterHealth, now: datetime) -> str:
    if health.retry_at is None:
        return "reconnecting now"
    return f"reconnecting in {duration((health.retry_at - now).total_seconds())}"


def _affected_kinds(health: ClusterHealth) -> str:
    """Return the essential kinds in this state, with a trailing space; "" if all of them are."""
    states = {kind: kind_health.state for kind, kind_health in health.kinds.items() if kind in ESSENTIAL}
    affected = sorted(kind for kind, state in states.items() if state is health.state)
    if len(affected) == len(states):
        return ""
    return f"{', '.join(affected) if len(affected) < 3 else f'{len(affected)} of {len(states)} kinds'} "


def _stale_optional(health: ClusterHealth) -> tuple[Segment, ...]:
    if not health.stale_optional_kinds or health.state not in (ClusterState.LIVE, ClusterState.PARTIAL):
        return ()
    return (Segment(f"stale: {', '.join(health.stale_optional_kinds)}", Tone.WARN, 3),)


def _unserved(health: ClusterHealth) -> tuple[Segment, ...]:
    if not health.unserved_kinds:
        return ()
    is_essential = bool(ESSENTIAL.intersection(health.unserved_kinds))
    text = missing_apis_text(health.unserved_kinds)
    return (Segment(text, Tone.WARN if is_essential else Tone.MUTED, 2 if is_essential else 5),)


def _undecodable(health: ClusterHealth) -> tuple[Segment, ...]:
    kinds = sorted(health.decode_errors)
    return (Segment(f"skipped, cannot be decoded: some {', '.join(kinds)}", Tone.WARN, 3),) if kinds else ()


def _forbidden(health: ClusterHealth) -> tuple[Segment, ...]:
    if not health.forbidden or health.state is ClusterState.FORBIDDEN:
        return ()
    essential = [kind for kind in health.forbidden if kind in ESSENTIAL]
    others = len(health.forbidden) - len(essential)
    rest = f"{others} more kinds" if others > 1 else health.forbidden[-1]
    names = [*essential, rest] if others else essential
    tone, priority = (Tone.WARN, 2) if essential else (Tone.MUTED, 5)
    errors = [health.kinds[kind].error for kind in health.forbidden if kind in health.kinds]
    is_replay = bool(errors) and all(isinstance(error, NotRecordedError) for error in errors)
    text = f"not in the capsule: {', '.join(names)}" if is_replay else f"no permission to read {', '.join(names)}"
    return (Segment(text, tone, priority),)
