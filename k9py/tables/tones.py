"""What tone an object has, and the order that puts what fails first.

Invariant: what is not known is UNKNOWN, never OK, and stands before all that is well.
"""

from __future__ import annotations

from datetime import datetime

from k9py.cluster.views import RolloutView, ServiceMode, ServiceView
from k9py.objects.times import age
from k9py.rollouts.status import RolloutState
from k9py.tables.values import Row, Tone
from k9py.triage.finding import Finding, Severity

_RANKS = (
    Tone.FAIL,
    Tone.DEGRADED,
    Tone.STUCK,
    Tone.UNKNOWN,
    Tone.WARN,
    Tone.BUSY,
    Tone.OK,
    Tone.PLAIN,
    Tone.ACCENT,
    Tone.MUTED,
)
_STATES = {
    RolloutState.COMPLETE: Tone.OK,
    RolloutState.PROGRESSING: Tone.BUSY,
    RolloutState.STALLED: Tone.FAIL,
    RolloutState.PAUSED: Tone.WARN,
    RolloutState.SCALED_TO_ZERO: Tone.MUTED,
    RolloutState.UNKNOWN: Tone.UNKNOWN,
}
_SEVERITIES = {Severity.FAIL: Tone.FAIL, Severity.WARN: Tone.WARN, Severity.INFO: Tone.PLAIN}


def rank_of(tone: Tone) -> int:
    """Return the place of a row of that tone: lower is higher up."""
    return _RANKS.index(tone)


def finding_tone(finding: Finding) -> Tone:
    return _SEVERITIES[finding.severity]


def rollout_tone(view: RolloutView) -> Tone:
    """A failing pod makes a complete rollout fail; a warning only shows where nothing stronger does."""
    tone = _STATES[view.status.state]
    if view.is_failing:
        return Tone.FAIL
    if tone is Tone.OK and view.worst is not None and view.worst.severity is Severity.WARN:
        return Tone.WARN
    return tone


def service_tone(view: ServiceView) -> Tone:
    """UNKNOWN unless its endpoints are known; idle ones (an alias, nothing behind it by wish) are muted."""
    if view.is_failing:
        return Tone.FAIL
    if not view.is_known:
        return Tone.UNKNOWN
    if view.mode is ServiceMode.EXTERNAL_NAME:
        return Tone.MUTED
    if view.worst is not None and view.worst.severity is Severity.WARN:
        return Tone.WARN
    if not view.total:
        return Tone.MUTED
    return Tone.OK if view.ready == view.total else Tone.BUSY


def live_age(row: Row, now: datetime) -> str:
    """Text of a live column that counts from `Row.since`."""
    return age(row.since, now)
