"""Compose the answer for a workload, for a service, and for a cluster in which everything is healthy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from k9py.api.meta import ManagedFields, ObjectRef
from k9py.api.plural import count_noun
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.times import age
from k9py.cluster.views import RolloutView, ServiceMode, ServiceView
from k9py.rollouts.status import RolloutState
from k9py.views.answer.changed import changed_line, edited_line
from k9py.views.answer.facts import RolloutFacts
from k9py.views.answer.steps import Keys, steps
from k9py.views.rollouts import KIND_SHORT_NAMES, root_state_text
from k9py.views.tones import severity_tone
from k9py.views.values import StyledLine, Tone

_MIN_AGE: Final = timedelta(seconds=5)
"""A problem younger than this is shown without its age."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is wrong, what changed, what to do.

    Args:
        severity: its label precedes the first line.
        name: of the object, "" if the answer is about the whole cluster.
        problem: the state of the object.
        last_change: () if there is nothing to report.
        next_steps: the best first; all but the first may be left out if there is no room.
    """

    severity: Severity
    name: str
    problem: StyledLine
    last_change: StyledLine = ()
    next_steps: tuple[StyledLine, ...] = ()


def rollout_answer(
    view: RolloutView, facts: RolloutFacts, keys: Keys, now: datetime, *, refusal: str = "", root: str = ""
) -> Answer:
    """Return the answer for a workload.

    Args:
        keys: the key of each action that is possible now.
        refusal: why nothing may be changed, "" if it may.
        root: the root cause of what is wrong, as triage knows it; "" takes what the view knows.
    """
    return Answer(
        view.severity,
        _name(view.key),
        _rollout_problem(view, facts, now, root),
        changed_line(view, facts, now),
        steps(view, facts, keys, now, is_named=False, refusal=refusal),
    )


def service_answer(
    view: ServiceView,
    target: tuple[RolloutView, RolloutFacts] | None,
    keys: Keys,
    now: datetime,
    *,
    refusal: str = "",
    writer: ManagedFields | None = None,
    likely_target: tuple[ObjectRef, str] | None = None,
    root: str = "",
) -> Answer:
    """Return the answer for a service.

    Args:
        target: the workload it selects that the keys act on, the worst of several; None if there is none.
        writer: who last changed the service; shown if it has no target.
        likely_target: the workload it is probably meant to select, and how its pods' labels differ.
        root: the root cause of what is wrong, as triage knows it; "" takes what the view knows.
    """
    severity, problem = view.severity, _service_problem(view, now, root)
    if target is None:
        if (
            likely_target is not None
            and severity.is_problem
            and not root
            and not _has_near_miss(problem, likely_target)
        ):
            key, difference = likely_target
            problem = (*problem, (f"; pods of {_name(key)} are {printable(difference)}", Tone.PLAIN))
        next_steps: tuple[StyledLine, ...] = ()
        if likely_target is not None and view.worst_finding is not None and view.worst_finding.reason == "NoPods":
            next_steps = ((("fix its selector or the pods' labels", Tone.PLAIN),),)
        if severity.is_problem and "describe" in keys:
            next_steps = (*next_steps, ((keys["describe"], Tone.ACCENT), (" describe", Tone.PLAIN)))
        return Answer(severity, _name(view.key), problem, edited_line(writer, now), next_steps)
    rollout, facts = target
    last_change = changed_line(rollout, facts, now)
    if last_change and len(view.workloads) > 1:
        last_change = ((f"{_name(rollout.key)}: ", Tone.PLAIN), *last_change)
    return Answer(
        severity,
        _name(view.key),
        (*problem, *_new_errors(facts)),
        last_change,
        steps(rollout, facts, keys, now, is_named=True, refusal=refusal),
    )


def everything_healthy(
    rollouts: int,
    services: int,
    latest: tuple[ObjectRef, datetime] | None,
    now: datetime,
    *,
    looked_at: str = "",
) -> Answer:
    """Return the answer for a cluster in which nothing is wrong.

    Args:
        latest: the workload that changed last, and when.
        looked_at: what triage has looked at, "" while that is not known.
    """
    text = f"all {count_noun(rollouts, 'rollout')} and {count_noun(services, 'service')}"
    problem: StyledLine = ((text, Tone.PLAIN),)
    if latest is not None:
        key, at = latest
        name = printable(f"{key.namespace}/{key.name}")
        problem = (*problem, (f" · last change {name} {age(at, now)} ago", Tone.MUTED))
    if looked_at:
        problem = (*problem, (f" · {looked_at}", Tone.MUTED))
    return Answer(Severity.HEALTHY, "", problem)


def stale(answer: Answer, since: datetime | None, now: datetime) -> Answer:
    """Return the answer marked as possibly outdated: nothing is healthy that cannot be seen.

    Args:
        since: when the cluster was last seen, None if unknown.
    """
    seen = f"last seen {age(since, now)} ago" if since is not None else "not connected"
    severity = answer.severity if answer.severity.is_problem else Severity.UNKNOWN
    before = f"{seen}: " if severity is not Severity.UNKNOWN else f"{seen} ({answer.severity.label}): "
    return replace(answer, severity=severity, problem=((before, Tone.UNKNOWN), *answer.problem))


def _has_near_miss(problem: StyledLine, likely_target: tuple[ObjectRef, str]) -> bool:
    """Return whether the cause names the workload whose pods nearly match."""
    key, _ = likely_target
    return any(f"{key.kind} {printable(key.name)}" in text for text, _ in problem)


def _name(key: ObjectRef) -> str:
    """Return `deploy/checkout`: two kinds may have objects of the same name."""
    return printable(f"{KIND_SHORT_NAMES.get(key.kind, 'svc')}/{key.name}")


def _rollout_problem(view: RolloutView, facts: RolloutFacts, now: datetime, root: str) -> StyledLine:
    severity, status, worst = view.severity, view.status, view.worst_finding
    tone = severity_tone(severity) if severity is not Severity.HEALTHY else Tone.PLAIN
    text = (root_state_text(status, root) if root and severity.is_problem else "") or _state_and_cause(view)
    serving = _serving_text(view)
    if severity in (Severity.UNKNOWN, Severity.IDLE, Severity.STUCK) or "ready" in text:
        serving = ""
    elif status.state is RolloutState.COMPLETE and severity in (Severity.HEALTHY, Severity.INFO):
        text, serving = serving or text, ""  # the severity's label is `healthy` already
    elif status.state is RolloutState.PROGRESSING:
        serving = ""  # the summary has the count
    restarts = count_noun(facts.restarts, "restart") if facts.restarts else ""
    parts = (text, restarts, serving, status.note if status.note not in text else "")
    line = printable("; ".join(part for part in parts if part))
    since = worst.since if severity.is_problem and worst is not None else None
    return ((line, tone), *_age(since, now), *_new_errors(facts))


def _state_and_cause(view: RolloutView) -> str:
    """Return the summary of the status with its cause; only the cause if the severity's label implies the state."""
    status, worst = view.status, view.worst_finding
    text = status.summary
    if status.state is RolloutState.STALLED and status.cause_message:
        return status.cause_message
    if status.cause_message:
        return text if status.cause_message in text else f"{text}: {status.cause_message}"
    if view.severity.is_problem and worst is not None and worst.message not in text:
        is_settled = status.state in (RolloutState.COMPLETE, RolloutState.SCALED_TO_ZERO)
        return worst.message if is_settled else f"{text}: {worst.message}"
    return text


def _age(since: datetime | None, now: datetime) -> StyledLine:
    return () if since is None or now - since < _MIN_AGE else ((f" · for {age(since, now)}", Tone.MUTED),)


def _serving_text(view: RolloutView) -> str:
    status = view.status
    return f"{status.ready} of {status.desired} ready" if status.desired else ""


def _new_errors(facts: RolloutFacts) -> StyledLine:
    """Return the errors that the new revision logs and the old ones do not."""
    if not facts.new_errors:
        return ()
    first, *others = facts.new_errors
    more = f" and {len(others)} more" if others else ""
    return (("; new in the log: ", Tone.MUTED), (printable(first), Tone.FAIL), (more, Tone.MUTED))


def _service_problem(view: ServiceView, now: datetime, root: str) -> StyledLine:
    severity, worst = view.severity, view.worst_finding
    if root and severity.is_problem:
        return ((root, severity_tone(severity)), *_age(worst.since if worst else None, now))
    if view.mode is ServiceMode.EXTERNAL_NAME:
        return ((f"alias of {printable(view.external_name)}", Tone.PLAIN),)
    if worst is not None and (severity.is_problem or not view.total):
        return ((printable(worst.message), severity_tone(severity)), *_age(worst.since, now))
    if not view.is_known or view.ready is None or view.total is None:
        return (("endpoints unknown", Tone.UNKNOWN),)
    text = f"{view.ready} of {count_noun(view.total, 'endpoint')} ready" if view.total else "no endpoints"
    return ((text, Tone.PLAIN if severity is Severity.HEALTHY else severity_tone(severity)),)
