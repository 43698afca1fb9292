"""The severity and tone of a rollout if only the workload was read."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from k9py.api.severity import Severity
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.views.current_state import current_status_state
from k9py.views.tones import status_severity, status_tone
from k9py.views.values import Tone
from tests.factories import NOW
from tests.unit.views.test_rows import STATUS


@pytest.mark.parametrize(
    ("status", "severity", "tone", "is_healthy"),
    [
        (STATUS, Severity.HEALTHY, Tone.OK, True),
        (replace(STATUS, state=RolloutState.SCALED_TO_ZERO, desired=0, ready=0), Severity.IDLE, Tone.MUTED, True),
        (replace(STATUS, state=RolloutState.PROGRESSING), Severity.ROLLING_OUT, Tone.BUSY, False),
        (replace(STATUS, state=RolloutState.PAUSED), Severity.WARNING, Tone.WARN, False),
        (replace(STATUS, state=RolloutState.UNKNOWN), Severity.UNKNOWN, Tone.UNKNOWN, False),
        (replace(STATUS, state=RolloutState.STALLED, desired=3, ready=3), Severity.STUCK, Tone.STUCK, False),
        (replace(STATUS, state=RolloutState.STALLED, desired=3, ready=1), Severity.DEGRADED, Tone.DEGRADED, False),
        (replace(STATUS, state=RolloutState.STALLED, desired=3, ready=0), Severity.DOWN, Tone.FAIL, False),
        (replace(STATUS, state=RolloutState.STALLED, desired=None), Severity.DOWN, Tone.FAIL, False),
    ],
    ids=["complete", "at zero", "rolling out", "paused", "unknown", "stuck", "degraded", "down", "wanted unknown"],
)
def test_a_state_has_one_severity_and_tone_everywhere(
    status: RolloutStatus, severity: Severity, tone: Tone, is_healthy: bool
) -> None:
    assert (status_severity(status), status_tone(status)) == (severity, tone)
    current = current_status_state(status, NOW)
    assert (current.tone, current.is_healthy) == (tone, is_healthy)
