"""How bad a view is, and the tone of each severity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from k9py.cluster.views import RolloutView, ServiceView
from k9py.objects.severity import Severity
from k9py.tables.tones import rollout_tone, service_tone
from k9py.tables.values import Tone

_TONES: Final[Mapping[Severity, Tone]] = {
    Severity.DOWN: Tone.FAIL,
    Severity.DEGRADED: Tone.DEGRADED,
    Severity.STUCK: Tone.STUCK,
    Severity.UNKNOWN: Tone.UNKNOWN,
    Severity.WARNING: Tone.WARN,
    Severity.ROLLING_OUT: Tone.BUSY,
    Severity.INFO: Tone.OK,
    Severity.HEALTHY: Tone.OK,
    Severity.IDLE: Tone.MUTED,
}
_SEVERITIES: Final[Mapping[Tone, Severity]] = {
    Tone.UNKNOWN: Severity.UNKNOWN,
    Tone.WARN: Severity.WARNING,
    Tone.BUSY: Severity.ROLLING_OUT,
    Tone.OK: Severity.HEALTHY,
    Tone.MUTED: Severity.IDLE,
}


def severity_tone(severity: Severity) -> Tone:
    return _TONES[severity]


def severity_of(view: RolloutView | ServiceView) -> Severity:
    """Return how bad it is."""
    if isinstance(view, RolloutView):
        tone, ready, wanted = rollout_tone(view), view.status.ready, view.status.desired
    else:
        tone, ready, wanted = service_tone(view), view.ready or 0, view.total
    if tone is not Tone.FAIL:
        return _SEVERITIES.get(tone, Severity.UNKNOWN)
    if not ready:
        return Severity.DOWN
    return Severity.DEGRADED if wanted is not None and ready < wanted else Severity.STUCK
