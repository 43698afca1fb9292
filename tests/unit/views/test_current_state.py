"""The state that a confirmation shows first."""

from __future__ import annotations

from k9py.views.current_state import current_pod_state
from k9py.views.values import Tone
from tests import factories as make


def test_a_pod_that_succeeded_is_no_warning() -> None:
    state = current_pod_state(make.pod(phase="Succeeded", ready=False), (), make.NOW)
    assert state.text.startswith("Succeeded")
    assert "not ready" not in state.text
    assert state.tone is Tone.MUTED


def test_a_pod_that_is_not_ready_is_one() -> None:
    assert current_pod_state(make.pod(ready=False), (), make.NOW).tone is Tone.WARN
