"""The third line of an answer: the keys that help with this kind of cause, and what each does, the best first."""

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
from k9py.views.values import StyledLine, Tone

Keys = Mapping[str, str]
"""The key of each action that is possible now, as it is displayed; other actions are left out."""

MAX_STEPS: Final = 3
RECENT: Final = timedelta(hours=24)
"""A failure this soon after a release is attributed to it, if its cause can be in a pod template."""

_TEMPLATE_CAUSES: Final = frozenset(
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
"""Causes that a release can introduce."""

Step = tuple[str, str]
"""An action and what it does; the action is "" for a step outside of kdash."""

_INSPECT_STEPS: Final[Mapping[CauseKind | None, tuple[Step, ...]]] = {
    CauseKind.IMAGE: (("set_image", "set another image"),),
    CauseKind.CRASH: (("previous_logs", "previous logs"),),
    CauseKind.OOM: (("previous_logs", "previous logs"),),
    CauseKind.PROBE: (("logs", "logs"),),
}
"""What to inspect first, by cause; for the others describe shows the events."""
_DESCRIBE: Final = (("describe", "describe"),)


def steps(
    view: RolloutView, facts: RolloutFacts, keys: Keys, now: datetime, *, is_named: bool, refusal: str
) -> tuple[StyledLine, ...]:
    """Return the steps for a workload, `MAX_STEPS` at most.

    Args:
        keys: what is possible now.
        is_named: name the workload: the selected row is a service.
        refusal: why nothing may be changed, "" if it may.
    """
    name = f"{KIND_SHORT_NAMES[view.kind]}/{printable(view.key.name)}" if is_named else ""
    lines: list[StyledLine] = []
    for action, text in _steps(view, facts, now, name):
        if not action:
            lines.append(((text, Tone.PLAIN),))
        elif action in keys:
            lines.append(((keys[action], Tone.ACCENT), (f" {text}", Tone.PLAIN)))
        elif action == "undo" and refusal:
            lines.append(((text, Tone.PLAIN), (f" ({refusal})", Tone.MUTED)))
    return tuple(lines[:MAX_STEPS])


def _steps(view: RolloutView, facts: RolloutFacts, now: datetime, name: str) -> Iterator[Step]:
    severity, status = view.severity, view.status
    remedy = _remedy(view)
    if status.paused:
        yield ("pause", f"resume {name or 'the rollout'}")
    if status.state is RolloutState.SCALED_TO_ZERO:
        if severity is Severity.IDLE or status.paused or view.kind == "DaemonSet":
            return  # intended
        previous = facts.previous_replicas
        scale = f"scale {name + ' ' if name else ''}back"
        yield ("zero", f"{scale} to {previous} (as before)" if previous else f"{scale}: asks how many pods")
        yield ("scale", "set another number")
    elif severity.is_problem or facts.new_errors:
        is_of_release = _cause_kind(view) is CauseKind.IMAGE
        if remedy and not is_of_release:
            yield ("", remedy)
        if helps_to_undo(view, facts, now) and facts.target is not None:
            yield ("undo", _undo_text(facts, facts.target.revision, name))
        if remedy and is_of_release:  # the image is what the release changed: without it, all is as before
            yield ("", remedy)
        if facts.new_errors:
            yield ("logs", "compare the logs")
        yield from _INSPECT_STEPS.get(_cause_kind(view), _DESCRIBE)
    elif status.state is RolloutState.PROGRESSING:
        yield ("select", f"follow {name or 'it'}")
        yield ("logs", "logs")
    elif status.state is RolloutState.PAUSED:
        yield ("select", "show its pods: delete one to update it")
    elif severity is Severity.UNKNOWN:
        yield ("describe", "describe")
    if severity.is_problem:
        yield ("select", "show its endpoints and pods" if name else "show pods and revisions")


def helps_to_undo(view: RolloutView, facts: RolloutFacts, now: datetime) -> bool:
    """Return whether an undo is likely to help: the rollout is stuck, or the release is recent.

    A lost node or a quota is not the fault of a complete release. A paused rollout has to be resumed first.
    """
    status = view.status
    if facts.target is None or status.paused:
        return False
    if facts.new_errors or status.state is RolloutState.STALLED:
        return status.cause_kind is not CauseKind.NODE
    changed = view.changed_at
    return _cause_kind(view) in _TEMPLATE_CAUSES and changed is not None and now - changed <= RECENT


def _cause_kind(view: RolloutView) -> CauseKind | None:
    worst = view.worst_finding
    return view.status.cause_kind or (worst.kind if worst is not None else None)


def _remedy(view: RolloutView) -> str:
    """Return what else a person can do about the cause, for which kdash has no key; "" if nothing is known."""
    kind = _cause_kind(view)
    return next((finding.remedy for finding in view.findings if finding.remedy and finding.kind is kind), "")


def _undo_text(facts: RolloutFacts, target: Revision, name: str) -> str:
    verb = f"roll {name} back" if name else "roll back"
    then = f", then delete pod {printable(facts.stuck_pod)}" if facts.stuck_pod else ""
    return f"{verb} to revision {target.number}{_tag_text(target, facts.current)}{then}"


def _tag_text(target: Revision, current: Revision | None) -> str:
    """Return the image tag that the undo restores: ` (2.7.1)`."""
    then, present = target.images, current.images if current is not None else ()
    if len(then) != len(present):
        return f" ({short_image_tag(then[0])})" if then else ""
    tags = [short_image_tag(image) for image, other in zip(then, present, strict=True) if image != other]
    return f" ({tags[0]})" if tags else " (same image)"
