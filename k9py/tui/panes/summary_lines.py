"""The text at the top of a detail screen: state, findings with the cause first, facts, conditions, deadline. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from k9py.api.kinds import HORIZONTAL_POD_AUTOSCALER
from k9py.api.meta import Condition
from k9py.api.text import printable
from k9py.api.times import age, duration
from k9py.api.workloads import Workload
from k9py.cluster.queries import Queries
from k9py.cluster.views import RolloutView, ServiceView
from k9py.diagnosis.finding import Finding
from k9py.rollouts.strategy_limits import ProgressDeadline, progress_deadline, strategy_limits
from k9py.tui.tones import bullet
from k9py.views.rollouts import state_text, with_note
from k9py.views.services import endpoints_cell, target_text
from k9py.views.tones import finding_tone, rollout_tone, service_tone
from k9py.views.values import StyledLine, Tone

MAX_FINDINGS: Final = 3
DEADLINE_REASON: Final = "ProgressDeadlineExceeded"


@dataclass(frozen=True, slots=True)
class Summary:
    """A title with the state next to it, and the lines below."""

    title: str
    state: str
    tone: Tone
    lines: tuple[StyledLine, ...]


def rollout_summary(view: RolloutView, now: datetime, *, others: bool = True, root: str = "") -> Summary:
    """Return the summary of a workload: its state with the cause and, with `others`, what else is wrong.

    Args:
        root: the root cause, as triage knows it; "" takes what the view knows.
    """
    status = view.status
    cause = status.cause_message
    state = state_text(view, root) if root else with_note(status.summary, status)
    findings = [
        finding
        for finding in view.findings
        if others
        and finding.message not in status.summary
        and finding.message != root
        and not (cause and _is_implied(finding, cause))
    ]
    return Summary(_title(view), state, rollout_tone(view), tuple(_findings(findings, now)))


def _is_implied(finding: Finding, cause: str) -> bool:
    """Return True when a finding adds nothing to the cause: the revision's line counts its pods already.

    The progress deadline has a line of its own.
    """
    return finding.reason == DEADLINE_REASON or finding.message.startswith(cause)


def rollout_facts(queries: Queries, view: RolloutView) -> StyledLine:
    """Return the images of a workload, the services it backs, and its HPA."""
    services = [service.name for service in queries.services_of(view.key)]
    facts = _labelled(("image", ", ".join(view.status.images)), ("services", ", ".join(services)))
    autoscaler = queries.autoscaler_of(view.key)
    if autoscaler is not None:
        bounds = f"{autoscaler.spec.min_replicas or 1} to {autoscaler.spec.max_replicas}"
        facts += _labelled(("HPA", f"{autoscaler.name} {bounds}"))
    elif not queries.has_synced(HORIZONTAL_POD_AUTOSCALER.name):
        facts += (("HPA ", Tone.MUTED), ("unknown   ", Tone.UNKNOWN))
    return facts


def service_summary(view: ServiceView, now: datetime, *, root: str = "") -> Summary:
    """Return the summary of a service.

    Args:
        root: the root cause of what is wrong, as triage knows it; "" takes what the view knows.
    """
    tone = service_tone(view)
    findings = [finding for finding in view.findings if finding.message != root]
    cause: tuple[StyledLine, ...] = (((f"{bullet(tone)} ", tone), (root, Tone.PLAIN)),) if root else ()
    facts = _labelled(("type", view.type), ("ports", view.ports_text), ("target", target_text(view)))
    if view.total is None:
        ready = "endpoints unknown"
    else:
        ready = f"{endpoints_cell(view, tone).text} endpoints ready" if view.total or view.desired else "no endpoints"
    state = f"{view.severity.label}, {ready}"
    return Summary(_title(view), state, tone, (facts, *cause, *_findings(findings, now)))


def _labelled(*facts: tuple[str, str]) -> StyledLine:
    pieces = [((f"{label} ", Tone.MUTED), (f"{text}   ", Tone.PLAIN)) for label, text in facts if text]
    return tuple(piece for pair in pieces for piece in pair)


def no_pods_text(view: RolloutView) -> str:
    """Return why a workload has no pods of its new revision."""
    if not view.has_synced_pods:
        return "pods not loaded yet"
    if view.status.desired == 0:
        return "scaled to 0: no pods"
    cause = f": {view.status.cause_message}" if view.status.cause_message else ""
    return printable(f"no pod of the new revision{cause}")


def _title(view: RolloutView | ServiceView) -> str:
    return f"{view.key.kind} {view.key.namespace}/{view.key.name}"


def _findings(findings: Sequence[Finding], now: datetime) -> list[StyledLine]:
    lines: list[StyledLine] = []
    for finding in findings[:MAX_FINDINGS]:
        tone = finding_tone(finding)
        since = f", for {age(finding.since, now)}" if finding.since else ""
        lines.append(((f"{bullet(tone)} {finding.reason}  ", tone), (finding.message, Tone.PLAIN), (since, Tone.MUTED)))
    more = len(findings) - MAX_FINDINGS
    if more > 0:
        lines.append(((f"  and {more} more, see Describe", Tone.MUTED),))
    return lines


def condition_lines(conditions: Iterable[Condition] | None, now: datetime) -> list[StyledLine]:
    """Return the controller's own conditions, one a line."""
    lines: list[StyledLine] = []
    for condition in conditions or ():
        is_failure = condition.status == "False" or (condition.type.endswith("Failure") and condition.status == "True")
        since = f"  {age(condition.last_transition_time, now)}"
        message = f"  {condition.message.strip().removesuffix('.')}" if condition.message else ""
        lines.append(
            (
                (f"{condition.type} ", Tone.MUTED),
                (f"{condition.status} {condition.reason}", Tone.WARN if is_failure else Tone.PLAIN),
                (f"{since}{message}", Tone.MUTED),
            )
        )
    return lines


def strategy_line(workload: Workload, now: datetime) -> StyledLine:
    """Return what the rollout strategy allows, and how long until the progress deadline."""
    deadline = progress_deadline(workload, now)
    return (
        (strategy_limits(workload).text, Tone.PLAIN),
        *(() if deadline is None else deadline_text(deadline)),
    )


def deadline_text(deadline: ProgressDeadline) -> StyledLine:
    """Return how long until the progress deadline, or that it has passed."""
    total = duration(deadline.seconds)
    if deadline.remaining <= 0:
        return ((" · ", Tone.MUTED), (f"progress deadline ({total}) exceeded", Tone.PLAIN))
    minutes, seconds = divmod(int(deadline.remaining), 60)
    left = f"{minutes}m{seconds:02}s" if minutes else f"{seconds}s"
    return ((" · deadline in ", Tone.MUTED), (left, Tone.PLAIN), (f" of {total}", Tone.MUTED))
