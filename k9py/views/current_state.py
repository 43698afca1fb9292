"""Describe the current state of a write's target on one line, and name the failing workload a healthy one may be
mistaken for.

Invariants: an unknown state is never healthy; the write path asks only this module whether a workload is failing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.times import age
from k9py.cluster.views import RolloutView
from k9py.diagnosis.finding import Finding
from k9py.rollouts.status import RolloutStatus
from k9py.views.rollouts import KIND_SHORT_NAMES, state_text, with_note
from k9py.views.tones import finding_tone, rank_of, rollout_tone, severity_tone, status_severity
from k9py.views.values import Tone

_HEALTHY = (Severity.INFO, Severity.HEALTHY, Severity.IDLE)


@dataclass(frozen=True, slots=True)
class CurrentState:
    """The current state of an object.

    Args:
        text: `healthy, 3/3 ready, revision 2 for 15d`; for a failing object its state and cause. Printable.
        tone: of the text.
        is_healthy: nothing is wrong with it: no reason to undo, restart or scale it to zero.
    """

    text: str
    tone: Tone
    is_healthy: bool


def current_rollout_state(view: RolloutView, now: datetime) -> CurrentState:
    """Return the current state of a workload."""
    return _state(view.status, state_text(view), view.severity, now)


def current_status_state(status: RolloutStatus, now: datetime) -> CurrentState:
    """Return the same if only the workload itself was read, without the findings of its pods."""
    return _state(status, with_note(status.summary, status), status_severity(status), now)


def _state(status: RolloutStatus, text: str, severity: Severity, now: datetime) -> CurrentState:
    parts = [text]
    if status.desired != 0 or status.ready:
        desired = "?" if status.desired is None else status.desired
        ready = status.ready if status.desired is None else min(status.ready, status.desired)
        parts.append(f"{ready}/{desired} ready")
    since = f" for {age(status.changed_at, now)}" if status.changed_at is not None else ""
    parts.append((f"revision {status.revision}" if status.revision else "revision unknown") + since)
    return CurrentState(printable(", ".join(parts)), severity_tone(severity), severity in _HEALTHY)


def current_pod_state(pod: Pod, findings: Sequence[Finding], now: datetime) -> CurrentState:
    """Return the current state of a pod.

    Args:
        findings: about it, worst first.
    """
    created = pod.metadata.creation_timestamp
    since = f", {age(created, now)} old" if created is not None else ""
    if findings:
        worst = findings[0]
        return CurrentState(printable(f"{worst.message}{since}"), finding_tone(worst), worst.severity in _HEALTHY)
    if pod.is_terminating:
        return CurrentState(f"terminating{since}", Tone.BUSY, False)
    if pod.is_ready:
        return CurrentState(f"ready{since}", Tone.OK, True)
    if pod.status.phase == "Succeeded":
        return CurrentState(f"Succeeded{since}", Tone.MUTED, True)
    return CurrentState(printable(f"{pod.status.phase or 'phase unknown'}, not ready{since}"), Tone.WARN, False)


def worse_of(worst: RolloutView | None, view: RolloutView) -> RolloutView | None:
    """Return the worse of two failing workloads, the first if they are equal; None if neither is failing."""
    if not view.is_failing:
        return worst
    if worst is None or rank_of(rollout_tone(view)) < rank_of(rollout_tone(worst)):
        return view
    return worst


def did_you_mean(failing: RolloutStatus, namespace: str, fallback: str = "") -> str:
    """Ask whether a failing workload was meant: `did you mean deploy/checkout? It is failing: `, and its cause.

    Args:
        namespace: of the healthy one; that of another is named.
        fallback: text for a workload without a cause; "": the summary of its status.
    """
    cause = failing.cause_message or fallback or failing.summary
    key = failing.key
    place = "" if key.namespace == namespace else f" in namespace {key.namespace}"
    name = f"{KIND_SHORT_NAMES.get(key.kind, key.kind)}/{key.name}{place}"
    return printable(f"did you mean {name}? It is failing: {cause}")
