"""Run the checks of one pod.

A check is one function in the module of its subject (`containers`, `images`, `probes`, `scheduling`, `volumes`,
`nodes`). To add one that explains why a pod is not ready: a function that yields causes, called in `unready_causes`,
so that findings and rollout status use the same words. To add another one: a function that yields findings, listed in
`_CHECKS`. Invariant: a check without proof yields nothing; it never guesses a cause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import Cause
from k9py.api.events import Event
from k9py.api.pods import Pod
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.diagnosis.containers import container_causes, recent_restarts
from k9py.diagnosis.finding import Finding, finding_of, worst_first
from k9py.diagnosis.nodes import DIRECT_OWNERS, is_rejected, lost_node, node_failure, stuck_termination
from k9py.diagnosis.pod_cases import is_plainly_healthy
from k9py.diagnosis.pod_events import recent_events
from k9py.diagnosis.probes import unmet_readiness_gate
from k9py.diagnosis.scheduling import SLOW_START, slow_start, unscheduled
from k9py.diagnosis.terminations import exit_text
from k9py.diagnosis.volumes import failed_mount

_TERMINATION_MARGIN: Final = timedelta(seconds=30)
_LONG_OVER: Final = timedelta(hours=1)
_REPLACING_OWNERS: Final = frozenset({"ReplicaSet", "StatefulSet", "DaemonSet"})
"""Owners that replace a failed pod with another one."""


def unready_causes(pod: Pod, now: datetime, events: Sequence[Event] = ()) -> tuple[Cause, ...]:
    """Return what keeps a pod from being ready, blocking causes first, each before its effects.

    A pod that is ready, terminating or finished has none.

    Args:
        events: about this pod (others are ignored); without them probes and mounts are named less precisely.
    """
    if pod.is_terminating or pod.is_ready or pod.status.phase in ("Succeeded", "Failed"):
        return ()
    recent = recent_events(pod, events, now)
    by_message: dict[str, Cause] = {}
    for cause in (
        *unscheduled(pod, now),
        *lost_node(pod),
        *container_causes(pod, now, recent),
        *failed_mount(pod, recent),
        *unmet_readiness_gate(pod, now),
    ):
        by_message.setdefault(cause.message, cause)
    return tuple(sorted(by_message.values(), key=lambda cause: not cause.is_blocking))


def pod_findings(pod: Pod, now: datetime, *, events: Sequence[Event] = ()) -> tuple[Finding, ...]:
    """Return what is wrong with a pod, worst first.

    Args:
        events: about this pod (others are ignored).
    """
    if is_plainly_healthy(pod):
        return ()
    findings = [finding_of(cause, _severity(cause, now), pod.key) for cause in unready_causes(pod, now, events)]
    for check in _CHECKS:
        findings += check(pod, now)
    return worst_first(findings)


def _severity(cause: Cause, now: datetime) -> Severity:
    """Return the severity of a cause: a probe that fails while its container starts only counts once it takes long."""
    if cause.is_blocking:
        return Severity.DOWN
    is_starting = cause.since is not None and now - cause.since <= SLOW_START
    return Severity.WARNING if cause.reason == "Unhealthy" and not is_starting else Severity.INFO


def _failed(pod: Pod, now: datetime) -> Iterator[Finding]:
    """Yield why a pod is in phase Failed."""
    if pod.status.phase != "Failed" or pod.is_terminating:
        return
    # A pod that always restarts fails only when its node rejects or loses it. Its controller replaces it and leaves
    # the failed pod behind; whether pods are missing is reported by the workload.
    owner = pod.metadata.controller
    reason = pod.status.reason
    is_leftover = reason == "Evicted" or (owner is not None and owner.kind in _REPLACING_OWNERS)
    if is_rejected(pod) and owner is not None and owner.kind in DIRECT_OWNERS:
        is_leftover = False
    message, at = node_failure(pod), pod.status.start_time
    for status in pod.status.container_statuses or ():
        ended = status.state.terminated if status.state else None
        if ended is not None and ended.exit_code != 0:
            at = ended.finished_at or at
            message = message or f"container {printable(status.name)} failed ({exit_text(ended)})"
            reason = reason or ended.reason or "Error"
            break
    detail = shorten(pod.status.message)
    message = message or "pod failed" + (f": {detail}" if detail else "")
    severity = Severity.WARNING if is_leftover else Severity.DOWN
    if is_leftover and _is_long_over(pod, now):
        severity = Severity.INFO
    yield Finding(severity, printable(reason) or "Failed", message, pod.key, at)


def _is_long_over(pod: Pod, now: datetime) -> bool:
    """Return whether a failed pod, which was replaced, failed so long ago that only its garbage is left.

    The garbage collector leaves thousands of them for weeks (`--terminated-pod-gc-threshold`).
    """
    times = [each.last_transition_time for each in pod.status.conditions or () if each.last_transition_time is not None]
    return bool(times) and now - max(times) > _LONG_OVER


def _terminating(pod: Pod, now: datetime) -> Iterator[Finding]:
    """Yield that a pod is terminating, or why it is stuck doing so."""
    deleted = pod.metadata.deletion_timestamp
    if deleted is None:
        return
    # The API server sets deletionTimestamp to the end of the grace period.
    cause = stuck_termination(pod, now)
    if cause is not None and cause.reason == "NodeLost":
        message = f"pod is stuck terminating: {cause.message}"
        yield Finding(Severity.WARNING, "StuckTerminating", message, pod.key, cause.since, cause.kind, cause.remedy)
    elif now - deleted > _TERMINATION_MARGIN:
        finalizers = ", ".join(printable(finalizer) for finalizer in pod.metadata.finalizers or ())
        why = f"held by finalizer {finalizers}" if finalizers else "node unreachable, termination unconfirmed"
        yield Finding(Severity.WARNING, "StuckTerminating", f"pod is stuck terminating: {why}", pod.key, deleted)
    else:
        since = deleted if deleted <= now else None
        yield Finding(Severity.INFO, "Terminating", "pod is terminating", pod.key, since)


_CHECKS: Final[tuple[Callable[[Pod, datetime], Iterator[Finding]], ...]] = (
    _failed,
    _terminating,
    recent_restarts,
    slow_start,
)
