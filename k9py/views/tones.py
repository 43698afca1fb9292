"""Map severities and states to tones, and order rows with the worst first.

The one place for both front ends. Invariant: an unknown state is UNKNOWN, never OK, and comes before all that is
healthy.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from k9py.api.severity import Severity
from k9py.api.times import age
from k9py.cluster.views import RolloutView, ServiceView
from k9py.diagnosis.finding import Finding
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.views.values import Row, Tone

_TONES: Final = {
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
_RANKS: Final = (
    *(tone for tone in _TONES.values() if tone is not Tone.MUTED),
    *(Tone.ACCENT, Tone.STRING, Tone.NUMBER, Tone.MUTED),
)

COUNTED_SEVERITIES: Final = (
    Severity.DOWN,
    Severity.DEGRADED,
    Severity.STUCK,
    Severity.UNKNOWN,
    Severity.WARNING,
    Severity.ROLLING_OUT,
    Severity.HEALTHY,
)
"""What a summary counts, in this order; idle objects are not counted."""


def count_text(severity: Severity, number: int) -> str:
    """Return a number of rows of a severity: `2 degraded`, `3 warnings`."""
    plural = "s" if severity is Severity.WARNING and number != 1 else ""
    return f"{number:,} {severity.label}{plural}"


def severity_tone(severity: Severity) -> Tone:
    """Return the tone of a severity."""
    return _TONES[severity]


def finding_tone(finding: Finding) -> Tone:
    """Return the tone of a finding."""
    return _TONES[finding.severity]


def rollout_tone(view: RolloutView) -> Tone:
    """Return the tone of a workload."""
    return _TONES[view.severity]


def service_tone(view: ServiceView) -> Tone:
    """Return the tone of a service."""
    return _TONES[view.severity]


def status_severity(status: RolloutStatus) -> Severity:
    """Return the severity of a rollout if only its workload was read: no findings, no services.

    `cluster.severity` decides it if the whole cluster is watched.
    """
    match status.state:
        case RolloutState.COMPLETE:
            return Severity.HEALTHY
        case RolloutState.SCALED_TO_ZERO:
            return Severity.IDLE
        case RolloutState.PROGRESSING:
            return Severity.ROLLING_OUT
        case RolloutState.PAUSED:
            return Severity.WARNING
        case RolloutState.UNKNOWN:
            return Severity.UNKNOWN
        case RolloutState.STALLED:
            if not status.serving:
                return Severity.DOWN
            return Severity.DEGRADED if status.serving < (status.desired or 0) else Severity.STUCK


def status_tone(status: RolloutStatus) -> Tone:
    """Return the tone of a rollout if only its workload was read."""
    return _TONES[status_severity(status)]


def rank_of(tone: Tone) -> int:
    """Return the position of a row with this tone: lower is higher up."""
    return _RANKS.index(tone)


def live_age(row: Row, now: datetime) -> str:
    """Return the text of a live column that counts from `Row.since`."""
    return age(row.since, now)
