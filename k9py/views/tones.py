"""What tone a severity has, and the order that puts the worst first.

Invariant: what is not known is UNKNOWN, never OK, and stands before all that is well.
"""

from __future__ import annotations

from datetime import datetime

from k9py.api.severity import Severity
from k9py.api.times import age
from k9py.cluster.views import RolloutView, ServiceView
from k9py.diagnosis.finding import Finding
from k9py.views.values import Row, Tone

_TONES = {
    Severity.DOWN: Tone.FAIL,
    Severity.DEGRADED: Tone.DEGRADED,
    Severity.STUCK: Tone.STUCK,
    Severity.UNKNOWN: Tone.UNKNOWN,
    Severity.WARNING: Tone.WARN,
    Severity.ROLLING_OUT: Tone.BUSY,
    Severity.INFO: Tone.PLAIN,
    Severity.HEALTHY: Tone.OK,
    Severity.IDLE: Tone.MUTED,
}
_RANKS = (*(tone for tone in _TONES.values() if tone is not Tone.MUTED), Tone.ACCENT, Tone.MUTED)


COUNTED_SEVERITIES = (
    Severity.DOWN,
    Severity.DEGRADED,
    Severity.STUCK,
    Severity.UNKNOWN,
    Severity.WARNING,
    Severity.ROLLING_OUT,
    Severity.HEALTHY,
)
"""What a summary counts, in its order; what is idle needs no number."""


def count_text(severity: Severity, number: int) -> str:
    """Return a number of rows of a severity: `2 degraded`, `3 warnings`."""
    plural = "s" if severity is Severity.WARNING and number != 1 else ""
    return f"{number:,} {severity.label}{plural}"


def severity_tone(severity: Severity) -> Tone:
    """Return the tone that stands for a severity everywhere."""
    return _TONES[severity]


def rank_of(tone: Tone) -> int:
    """Return the place of a row of that tone: lower is higher up."""
    return _RANKS.index(tone)


def finding_tone(finding: Finding) -> Tone:
    """Return the tone of a finding."""
    return _TONES[finding.severity]


def rollout_tone(view: RolloutView) -> Tone:
    """Return the tone of a workload's row."""
    return _TONES[view.severity]


def service_tone(view: ServiceView) -> Tone:
    """Return the tone of a service's row."""
    return _TONES[view.severity]


def live_age(row: Row, now: datetime) -> str:
    """Text of a live column that counts from `Row.since`."""
    return age(row.since, now)
