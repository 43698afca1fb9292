"""The Rollouts table: the state of each Deployment, StatefulSet and DaemonSet, in counts and one line of text."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.cluster.views import RolloutView
from k9py.rollouts.status import RolloutState, RolloutStatus
from k9py.views.tones import live_age, rank_of, rollout_tone
from k9py.views.values import Cell, Column, Row, Tone

KIND_SHORT_NAMES: Final = {
    "Deployment": "deploy",
    "StatefulSet": "sts",
    "DaemonSet": "ds",
    "ReplicaSet": "rs",
    "Job": "job",
}
"""kubectl's short names."""

_EFFECTS: Final = frozenset({"NoReadyPods", "PodsMissing"})
"""Reasons of findings that state an effect instead of a cause."""

COLUMNS: Final = (
    Column("namespace", "NAMESPACE", min_width=6, max_width=24, priority=4, sort_key="M"),
    Column("kind", "KIND", min_width=2, max_width=6, priority=3, tells_apart=True, sort_key="K"),
    Column("name", "NAME", min_width=12, max_width=40, sort_key="N"),
    Column("ready", "READY", align_right=True, min_width=5, max_width=9, sort_key="R"),
    Column("updated", "UPDATED", align_right=True, min_width=7, max_width=7, priority=5, sort_key="U"),
    Column("available", "AVAIL", align_right=True, min_width=5, max_width=5, priority=6, sort_key="V"),
    Column("revision", "REV", align_right=True, min_width=3, max_width=5, priority=3, sort_key="E"),
    Column("image", "IMAGE", min_width=6, max_width=24, priority=2, sort_key="I"),
    Column("state", "STATE", min_width=14, max_width=100, priority=0, grow=True, sort_key="W"),
    Column("changed", "CHANGED", align_right=True, min_width=7, max_width=7, priority=3, live=live_age, sort_key="A"),
    Column("changed_by", "CHANGED BY", min_width=10, max_width=20, priority=7, sort_key="B"),
)


def row(view: RolloutView, now: datetime, *, root: str = "") -> Row:
    """Return a workload's row.

    Args:
        root: the root cause of what is wrong, as triage knows it; "" takes what the view knows.
    """
    status = view.status
    tone = rollout_tone(view)
    desired = status.desired
    serving = status.ready if status.serving is None else status.serving
    is_short = desired is not None and serving < desired
    ready_tone = tone if is_short or desired is None else Tone.PLAIN
    state = "" if _is_quiet(view) else state_text(view, root)
    return Row(
        key=view.key,
        cells=(
            Cell(printable(view.namespace), Tone.MUTED),
            Cell(KIND_SHORT_NAMES[view.kind], Tone.MUTED),
            Cell(printable(view.key.name)),
            Cell(f"{serving}/{_count(desired)}", ready_tone, sort=(_share(serving, desired), desired or 0)),
            Cell(str(status.updated), sort=status.updated),
            Cell(str(status.available), sort=status.available),
            Cell(_count(status.revision), sort=-1 if status.revision is None else status.revision),
            Cell(printable(view.image_tag)),
            Cell(printable(state), tone, sort=(view.severity, status.summary)),
            Cell(""),
            Cell(printable(view.changed_by), Tone.MUTED),
        ),
        tone=tone,
        rank=rank_of(tone),
        since=view.changed_at,
    )


def state_text(view: RolloutView, root: str = "") -> str:
    """Return the summary of the status and, if it leaves that out, the finding that explains the row's severity.

    Args:
        root: the root cause, in place of that finding.
    """
    status, worst = view.status, view.worst_finding
    if root and view.severity.is_problem and (text := root_state_text(status, root)):
        return with_note(f"stuck: {text}" if status.state is RolloutState.STALLED else text, status)
    if worst is None or worst.message in status.summary:
        return with_note(status.summary, status)
    says_more = status.state is RolloutState.SCALED_TO_ZERO or worst.message.startswith(status.summary)
    if says_more and worst.about == view.key:
        return worst.message
    has_cause = status.state in (RolloutState.STALLED, RolloutState.PAUSED) and bool(status.cause_message)
    if view.severity > Severity.WARNING or has_cause:
        return with_note(status.summary, status)
    summary = "" if status.state is RolloutState.COMPLETE else f"{status.summary}: "
    # "None is ready" is an effect: a known cause is more useful.
    is_effect = worst.kind is None and worst.reason in _EFFECTS
    cause = status.cause_message if is_effect and status.cause_message else worst.message
    return with_note(f"{summary}{cause}", status)


def root_state_text(status: RolloutStatus, root: str) -> str:
    """Return a root cause with the state that it holds a rollout in; "" where the summary has a cause of its own."""
    match status.state:
        case RolloutState.STALLED | RolloutState.COMPLETE | RolloutState.SCALED_TO_ZERO:
            return root
        case RolloutState.PAUSED if status.cause_message:
            return ""
        case _:
            return f"{status.summary}: {root}"


def with_note(text: str, status: RolloutStatus) -> str:
    """Return a text with the status's note, unless the summary contains it."""
    return f"{text} — {status.note}" if status.note and status.note not in status.summary else text


def _is_quiet(view: RolloutView) -> bool:
    """Return whether the state column stays empty: the workload is healthy, its rollout complete."""
    return view.severity is Severity.HEALTHY and view.status.state is RolloutState.COMPLETE and not view.status.note


def _count(value: int | None) -> str:
    return "?" if value is None else str(value)


def _share(serving: int, desired: int | None) -> float:
    if desired is None:
        return -1.0
    return serving / desired if desired else 2.0
