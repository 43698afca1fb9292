"""How the target of a write stands now, in one line, and what is failing instead of a healthy one.

Invariants: what is not known is never called healthy; whether a workload fails is asked of its view (or status) here
and nowhere else in the write path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from k9py.api.pods import Pod
from k9py.api.text import printable
from k9py.api.times import age_text
from k9py.cluster.views import RolloutView
from k9py.diagnosis.finding import Finding
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.views.rollouts import state_text
from k9py.views.tones import finding_tone, rank_of, rollout_tone
from k9py.views.values import Tone

_WELL = (Tone.OK, Tone.PLAIN, Tone.MUTED)


@dataclass(frozen=True, slots=True)
class CurrentState:
    """How an object stands.

    Args:
        words: `healthy, 3/3 ready, revision 2 for 15 days`; for what is failing the state and the cause. Printable.
        tone: of the words.
        is_well: nothing is wrong with it: there is no reason here to undo, restart or scale it to zero.
    """

    text: str
    tone: Tone
    is_healthy: bool


def current_rollout_state(view: RolloutView, now: datetime) -> CurrentState:
    """Return how a workload stands."""
    tone = rollout_tone(view)
    return _state(view.status, state_text(view), tone, tone in _WELL, now)


def current_status_state(status: RolloutStatus, now: datetime) -> CurrentState:
    """Return the same where only the workload itself was read, without what else is wrong with its pods."""
    tone, is_well = Tone.WARN, False
    match status.state:
        case RolloutState.COMPLETE:
            tone, is_well = Tone.OK, True
        case RolloutState.SCALED_TO_ZERO:
            tone, is_well = Tone.MUTED, True
        case RolloutState.STALLED:
            tone = Tone.FAIL
        case RolloutState.PROGRESSING:
            tone = Tone.BUSY
        case RolloutState.UNKNOWN:
            tone = Tone.UNKNOWN
    note = f" ({status.note})" if status.note and status.note not in status.summary else ""
    return _state(status, status.summary + note, tone, is_well, now)


def _state(status: RolloutStatus, words: str, tone: Tone, is_well: bool, now: datetime) -> CurrentState:
    if is_well and status.state is RolloutState.COMPLETE:
        words = "healthy"
    parts = [words]
    if status.desired != 0 or status.ready:
        desired = "?" if status.desired is None else status.desired
        ready = status.ready if status.desired is None else min(status.ready, status.desired)
        parts.append(f"{ready}/{desired} ready")
    since = f" for {age_text(status.changed_at, now)}" if status.changed_at is not None else ""
    parts.append((f"revision {status.revision}" if status.revision else "revision not known") + since)
    return CurrentState(printable(", ".join(parts)), tone, is_well)


def current_pod_state(pod: Pod, findings: Sequence[Finding], now: datetime) -> CurrentState:
    """Return how a pod stands.

    Args:
        findings: about it, worst first.
    """
    since = pod.metadata.creation_timestamp
    aged = f", {age_text(since, now)} old" if since is not None else ""
    if findings:
        tone = finding_tone(findings[0])
        return CurrentState(printable(f"{findings[0].message}{aged}"), tone, tone in _WELL)
    if pod.is_terminating:
        return CurrentState(f"terminating{aged}", Tone.BUSY, False)
    if pod.is_ready:
        return CurrentState(f"ready{aged}", Tone.OK, True)
    return CurrentState(printable(f"{pod.status.phase or 'not known'}, not ready{aged}"), Tone.WARN, False)


def worse_of(worst: RolloutView | None, view: RolloutView) -> RolloutView | None:
    """Return the one that is failing worse, None while neither fails; of equal ones the first."""
    if not view.is_failing:
        return worst
    if worst is None or rank_of(rollout_tone(view)) < rank_of(rollout_tone(worst)):
        return view
    return worst


def did_you_mean(failing: RolloutStatus, fallback: str = "") -> str:
    """Ask whether that workload was meant instead of a healthy one: `did you mean shop/checkout?` and its cause.

    Args:
        words: to say where it has no cause; "": those of its status.
    """
    cause = failing.cause_message or fallback or failing.summary
    return printable(f"did you mean {failing.key.namespace}/{failing.key.name}? ({cause})")
