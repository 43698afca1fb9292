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
from k9py.api.times import age_words
from k9py.cluster.views import RolloutView
from k9py.diagnosis.finding import Finding
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.views.rollouts import state_words
from k9py.views.tones import finding_tone, rank_of, rollout_tone
from k9py.views.values import Tone

_WELL = (Tone.OK, Tone.PLAIN, Tone.MUTED)


@dataclass(frozen=True, slots=True)
class PresentState:
    """How an object stands.

    Args:
        words: `healthy, 3/3 ready, revision 2 for 15 days`; for what is failing the state and the cause. Printable.
        tone: of the words.
        is_well: nothing is wrong with it: there is no reason here to undo, restart or scale it to zero.
    """

    words: str
    tone: Tone
    is_well: bool


def rollout_state(view: RolloutView, now: datetime) -> PresentState:
    """Return how a workload stands."""
    tone = rollout_tone(view)
    return _state(view.status, state_words(view), tone, tone in _WELL, now)


def status_state(status: RolloutStatus, now: datetime) -> PresentState:
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
    note = f" ({status.note})" if status.note and status.note not in status.words else ""
    return _state(status, status.words + note, tone, is_well, now)


def _state(status: RolloutStatus, words: str, tone: Tone, is_well: bool, now: datetime) -> PresentState:
    if is_well and status.state is RolloutState.COMPLETE:
        words = "healthy"
    parts = [words]
    if status.desired != 0 or status.ready:
        desired = "?" if status.desired is None else status.desired
        ready = status.ready if status.desired is None else min(status.ready, status.desired)
        parts.append(f"{ready}/{desired} ready")
    since = f" for {age_words(status.changed_at, now)}" if status.changed_at is not None else ""
    parts.append((f"revision {status.revision}" if status.revision else "revision not known") + since)
    return PresentState(printable(", ".join(parts)), tone, is_well)


def pod_state(pod: Pod, findings: Sequence[Finding], now: datetime) -> PresentState:
    """Return how a pod stands.

    Args:
        findings: about it, worst first.
    """
    since = pod.metadata.creation_timestamp
    aged = f", {age_words(since, now)} old" if since is not None else ""
    if findings:
        tone = finding_tone(findings[0])
        return PresentState(printable(f"{findings[0].message}{aged}"), tone, tone in _WELL)
    if pod.is_terminating:
        return PresentState(f"terminating{aged}", Tone.BUSY, False)
    if pod.is_ready:
        return PresentState(f"ready{aged}", Tone.OK, True)
    return PresentState(printable(f"{pod.status.phase or 'not known'}, not ready{aged}"), Tone.WARN, False)


def worse_of(worst: RolloutView | None, view: RolloutView) -> RolloutView | None:
    """Return the one that is failing worse, None while neither fails; of equal ones the first."""
    if not view.is_failing:
        return worst
    if worst is None or rank_of(rollout_tone(view)) < rank_of(rollout_tone(worst)):
        return view
    return worst


def did_you_mean(failing: RolloutStatus, words: str = "") -> str:
    """Ask whether that workload was meant instead of a healthy one: `did you mean shop/checkout?` and its cause.

    Args:
        words: to say where it has no cause; "": those of its status.
    """
    cause = failing.reason or words or failing.words
    return printable(f"did you mean {failing.key.namespace}/{failing.key.name}? ({cause})")
