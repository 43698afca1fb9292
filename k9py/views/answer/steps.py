"""The third line of an answer: the keys that help with this kind of cause, and what each would do, the best first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.cluster.views import RolloutView, short_image_tag
from k9py.rollouts.revisions import Revision
from k9py.rollouts.status import RolloutState
from k9py.views.answer.facts import RolloutFacts
from k9py.views.rollouts import KIND_SHORT_NAMES
from k9py.views.semantic_diff import StyledLine
from k9py.views.values import Tone

Keys = Mapping[str, str]
"""The key of each action that is possible now, as it is shown; an action that is not is left out."""

MAX_STEPS: Final = 3
RECENT: Final = timedelta(hours=24)
"""A failure this soon after a release is taken to come from it, where the cause can be in a pod template."""

_OF_TEMPLATE: Final = frozenset(
    {
        CauseKind.IMAGE,
        CauseKind.CRASH,
        CauseKind.OOM,
        CauseKind.PROBE,
        CauseKind.CONFIG,
        CauseKind.MOUNT,
        CauseKind.ADMISSION,
        CauseKind.DEADLINE,
    }
)
"""Causes a release brings with it."""

_LOOKING: Final[Mapping[CauseKind | None, tuple[tuple[str, str], ...]]] = {
    CauseKind.IMAGE: (("set_image", "sets another image"),),
    CauseKind.CRASH: (("previous_logs", "shows the log before the crash"),),
    CauseKind.OOM: (("previous_logs", "shows the log before it was killed"),),
    CauseKind.PROBE: (("logs", "shows the log"),),
}
"""What to look at first, by the cause; all others have their events described."""
_DESCRIBE: Final = (("describe", "describes it with its events"),)

Step = tuple[str, str]
"""An action and what it would do; "" for what is done elsewhere."""


def steps(
    view: RolloutView, facts: RolloutFacts, keys: Keys, now: datetime, *, named: bool, refusal: str
) -> tuple[StyledLine, ...]:
    """Return the steps for a workload, `MAX_STEPS` at most.

    Args:
        keys: what is possible now.
        named: say which workload is meant: the selected row is a Service.
        refusal: why nothing may be changed, "" when it may.
    """
    name = f"{KIND_SHORT_NAMES[view.kind]}/{printable(view.key.name)}" if named else ""
    lines: list[StyledLine] = []
    for action, words in _steps(view, facts, now, name):
        if not action:
            lines.append(((words, Tone.PLAIN),))
        elif action in keys:
            lines.append(((keys[action], Tone.ACCENT), (f" {words}", Tone.PLAIN)))
        elif action == "undo" and refusal:
            lines.append(((words, Tone.PLAIN), (f" ({refusal})", Tone.MUTED)))
    return tuple(lines[:MAX_STEPS])


def _steps(view: RolloutView, facts: RolloutFacts, now: datetime, name: str) -> Iterator[Step]:
    severity, status = view.severity, view.status
    it = name or "it"
    remedy = _remedy(view)
    if status.paused:
        yield ("pause", f"resumes {name or 'the rollout'}")
    if status.state is RolloutState.SCALED_TO_ZERO:
        if severity is Severity.IDLE or status.paused or view.kind == "DaemonSet":
            return  # somebody wants it so
        former = facts.previous_replicas
        back = f"scales {name + ' ' if name else ''}back"
        yield ("zero", f"{back} to {former}, as many as before" if former else f"{back}: asks how many pods")
        yield ("scale", "sets another number")
    elif severity.is_problem or facts.new_errors:
        if remedy:
            yield ("", remedy)
        if helps_to_undo(view, facts, now) and facts.target is not None:
            yield ("undo", _undo_words(facts, facts.target.revision, name))
        if facts.new_errors:
            yield ("logs", "compares the logs")
        kind = status.cause_kind or (view.worst_finding.kind if view.worst_finding is not None else None)
        yield from _LOOKING.get(kind, _DESCRIBE)
    elif status.state is RolloutState.PROGRESSING:
        yield ("select", f"follows {it}")
        yield ("logs", "shows the log")
    elif status.state is RolloutState.PAUSED:
        yield ("select", "shows its pods: deleting one updates it")
    elif severity is Severity.UNKNOWN:
        yield ("describe", "describes it with its events")
    if severity.is_problem:
        yield ("select", "shows its endpoints and pods" if name else "shows pods and revisions")


def helps_to_undo(view: RolloutView, facts: RolloutFacts, now: datetime) -> bool:
    """Tell whether going back is likely to help: the rollout does not get through, or the release is recent.

    A node that was lost, or a quota, is no fault of a release that is through. Paused rollouts are resumed first.
    """
    status = view.status
    if facts.target is None or status.paused:
        return False
    if facts.new_errors or status.state is RolloutState.STALLED:
        return status.cause_kind is not CauseKind.NODE
    kind = status.cause_kind or (view.worst_finding.kind if view.worst_finding is not None else None)
    changed = view.changed_at
    return kind in _OF_TEMPLATE and changed is not None and now - changed <= RECENT


def _remedy(view: RolloutView) -> str:
    """Return what ends the cause beside another release: what a person has to do, for kdash has no key for it."""
    kind = view.status.cause_kind or (view.worst_finding.kind if view.worst_finding is not None else None)
    return next((one.remedy for one in view.findings if one.remedy and one.kind is kind), "")


def _undo_words(facts: RolloutFacts, target: Revision, name: str) -> str:
    rolls = f"rolls {name} back" if name else "rolls back"
    then = f", then delete pod {printable(facts.stuck_pod)}" if facts.stuck_pod else ""
    return f"{rolls} to revision {target.number}{_tag(target, facts.current)}{then}"


def _tag(target: Revision, current: Revision | None) -> str:
    """Return the tag that comes back, "" where the images are the same."""
    then, present = target.images, current.images if current is not None else ()
    if len(then) != len(present):
        return f" ({short_image_tag(then[0])})" if then else ""
    tags = [short_image_tag(one) for one, two in zip(then, present, strict=True) if one != two]
    return f" ({tags[0]})" if tags else " (same image)"
