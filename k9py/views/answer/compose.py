"""The three lines together, for a workload, a service, and for when nothing is wrong at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from k9py.api.managed import ManagedFields
from k9py.api.meta import ObjectKey
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.times import age
from k9py.cluster.views import RolloutView, ServiceMode, ServiceView
from k9py.rollouts.status import RolloutState
from k9py.views.answer.changed import changed_line, written_line
from k9py.views.answer.facts import RolloutFacts
from k9py.views.answer.steps import Keys, steps
from k9py.views.rollouts import KIND_SHORT_NAMES
from k9py.views.semantic_diff import StyledLine
from k9py.views.tones import severity_tone
from k9py.views.values import Tone

__all__ = ["Answer", "Keys", "everything_healthy", "rollout_answer", "service_answer", "stale"]


LEAST_AGE: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is wrong, what changed, what to do.

    Args:
        severity: its word stands before the first line.
        name: of the object, "" when it is about everything.
        wrong: how the object is.
        changed: () where there is nothing to say.
        to_do: the steps, the best first; all but the first may be left out for want of room.
    """

    severity: Severity
    name: str
    problem: StyledLine
    last_change: StyledLine = ()
    next_steps: tuple[StyledLine, ...] = ()


def rollout_answer(view: RolloutView, facts: RolloutFacts, keys: Keys, now: datetime, *, refusal: str = "") -> Answer:
    """Return the answer for a workload.

    Args:
        keys: the key of each action that is possible now.
        refusal: why nothing may be changed, "" when it may.
    """
    return Answer(
        view.severity,
        _name(view.key),
        _rollout_wrong(view, facts, now),
        changed_line(view, facts, now),
        steps(view, facts, keys, now, named=False, refusal=refusal),
    )


def service_answer(
    view: ServiceView,
    target: tuple[RolloutView, RolloutFacts] | None,
    keys: Keys,
    now: datetime,
    *,
    refusal: str = "",
    writer: ManagedFields | None = None,
    likely_target: tuple[ObjectKey, str] | None = None,
) -> Answer:
    """Return the answer for a service.

    Args:
        writer: who wrote its selector last, which is what has changed where no workload is behind it.
        behind: the workload behind it that the keys act on, the worst of several; None when there is none.
        missed: the workload it is likely meant for, and how its pods' labels differ.
    """
    severity, wrong = view.severity, _service_wrong(view, now)
    if target is None:
        if likely_target is not None and severity.is_problem:
            wrong = (*wrong, (f"; {_name(likely_target[0])} makes pods {printable(likely_target[1])}", Tone.PLAIN))
        to_do: tuple[StyledLine, ...] = ()
        if likely_target is not None and view.worst_finding is not None and view.worst_finding.reason == "NoPods":
            to_do = ((("fix its selector, or the labels of the pods", Tone.PLAIN),),)
        if severity.is_problem and "describe" in keys:
            words = " describes it with its selector and endpoints"
            to_do = (*to_do, ((keys["describe"], Tone.ACCENT), (words, Tone.PLAIN)))
        return Answer(severity, _name(view.key), wrong, written_line(writer, now), to_do)
    rollout, facts = target
    changed = changed_line(rollout, facts, now)
    if changed and len(view.workloads) > 1:
        changed = ((f"{_name(rollout.key)}: ", Tone.PLAIN), *changed)
    return Answer(
        severity,
        _name(view.key),
        (*wrong, *_errors(facts)),
        changed,
        steps(rollout, facts, keys, now, named=True, refusal=refusal),
    )


def everything_healthy(
    rollouts: int, services: int, latest: tuple[ObjectKey, datetime] | None, now: datetime
) -> Answer:
    """Return the one line for a cluster in which nothing is wrong.

    Args:
        latest: the workload that changed last, and when.
    """
    words = f"all {_count(rollouts, 'rollout')} and {_count(services, 'service')}"
    wrong: list[tuple[str, Tone]] = [(words, Tone.PLAIN)]
    if latest is not None:
        key, at = latest
        wrong.append((f" · last change {printable(f'{key.namespace}/{key.name}')} {age(at, now)} ago", Tone.MUTED))
    return Answer(Severity.HEALTHY, "", tuple(wrong))


def stale(answer: Answer, since: datetime | None, now: datetime) -> Answer:
    """Return the answer as one that may no longer hold: nothing is healthy that cannot be seen."""
    seen = f"seen {age(since, now)} ago" if since is not None else "not seen now"
    word = answer.severity.label
    severity = answer.severity if answer.severity.is_problem else Severity.UNKNOWN
    before = (f"{seen}: " if severity is not Severity.UNKNOWN else f"{seen}, {word} then: ", Tone.UNKNOWN)
    return replace(answer, severity=severity, problem=(before, *answer.problem))


def _name(key: ObjectKey) -> str:
    """Return `deploy/checkout`: two kinds may share a name."""
    return printable(f"{KIND_SHORT_NAMES.get(key.kind, 'svc')}/{key.name}")


def _rollout_wrong(view: RolloutView, facts: RolloutFacts, now: datetime) -> StyledLine:
    severity, status, worst = view.severity, view.status, view.worst_finding
    tone = severity_tone(severity)
    sentence, since = status.summary, None
    if status.state is RolloutState.STALLED and status.cause_message:
        sentence = status.cause_message
    elif status.cause_message and status.cause_message not in sentence:
        sentence = f"{sentence}: {status.cause_message}"
    elif severity.is_problem and worst is not None and not status.cause_message and worst.message not in sentence:
        is_plain = status.state in (RolloutState.COMPLETE, RolloutState.SCALED_TO_ZERO)
        sentence = worst.message if is_plain else f"{sentence}: {worst.message}"
    if severity.is_problem and worst is not None:
        since = worst.since
    serving = _serving(view) if severity not in (Severity.UNKNOWN, Severity.IDLE) else ""
    if severity in (Severity.HEALTHY, Severity.INFO) and status.state is RolloutState.COMPLETE:
        rest = sentence.removeprefix("complete").lstrip(", ")
        sentence, serving = serving or sentence, rest
    elif severity is Severity.STUCK or "ready" in sentence or "progressing" in sentence:
        serving = ""
    restarts = _count(facts.restarts, "restart") if facts.restarts else ""
    parts = [sentence, restarts, serving, status.note if status.note not in sentence else ""]
    words = printable("; ".join(part for part in parts if part))
    return ((words, tone if severity is not Severity.HEALTHY else Tone.PLAIN), *_since(since, now), *_errors(facts))


def _since(at: datetime | None, now: datetime) -> StyledLine:
    """Say for how long, once it is long enough to be worth saying."""
    return () if at is None or now - at < LEAST_AGE else ((f" · for {age(at, now)}", Tone.MUTED),)


def _serving(view: RolloutView) -> str:
    status = view.status
    if status.desired is None:
        return ""
    return f"{status.ready} of {status.desired} ready" if status.desired else ""


def _errors(facts: RolloutFacts) -> StyledLine:
    """Say what the new revision's log says that the old ones' do not."""
    if not facts.new_errors:
        return ()
    first, *others = facts.new_errors
    more = f" and {len(others)} more" if others else ""
    return (("; new in the log: ", Tone.MUTED), (printable(first), Tone.FAIL), (more, Tone.MUTED))


def _service_wrong(view: ServiceView, now: datetime) -> StyledLine:
    severity, worst = view.severity, view.worst_finding
    if view.mode is ServiceMode.EXTERNAL_NAME:
        return ((f"alias of {printable(view.external_name)}", Tone.PLAIN),)
    if worst is not None and (severity.is_problem or not view.total):
        return ((printable(worst.message), severity_tone(severity)), *_since(worst.since, now))
    if not view.is_known or view.ready is None or view.total is None:
        return (("endpoints not known", Tone.UNKNOWN),)
    words = f"{view.ready} of {_count(view.total, 'endpoint')} ready" if view.total else "no endpoints"
    return ((words, Tone.PLAIN if severity is Severity.HEALTHY else severity_tone(severity)),)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
