"""What became of each revision: whether it ever was ready, whether it was left by an undo, when and why.

An undo does not keep numbers: the revision that is taken up again gets the highest one. So a revision was left by going
back when one with a higher number is older than it: by its former numbers, which a ReplicaSet keeps in an annotation,
or by the creation time of a ControllerRevision, which keeps none.
Source: k8s.io/kubernetes/pkg/controller/deployment/util, `SetNewReplicaSetAnnotations`.
Invariant: what is not known is None, never "was ready". To add a source of knowledge: a function that returns marks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from k9py.api.events import Event
from k9py.api.pod_troubles import shorten
from k9py.api.text import printable
from k9py.api.times import age
from k9py.rollouts.revisions import Revision

_TO_ZERO: Final = re.compile(r"Scaled down replica set (\S+) (?:from \d+ )?to 0", re.ASCII)


@dataclass(frozen=True, slots=True)
class RevisionOutcome:
    """What is known of a revision.

    Args:
        was_ready: a pod of it was ready; False: it is known that none ever was; None: not known.
        is_left: an undo went back behind it.
        left_at: when it was left, None when not known.
        why: what was wrong with it, "" when nothing tells. Printable.
    """

    was_ready: bool | None = None
    was_rolled_back: bool = False
    rolled_back_at: datetime | None = None
    reason: str = ""

    @property
    def is_bad(self) -> bool:
        """True when it is never to be suggested."""
        return self.was_rolled_back or self.was_ready is False

    def short_text(self, now: datetime) -> str:
        """Say it without the reason: `left 2m ago`, `never became ready`, "" when nothing speaks against it."""
        if not self.is_bad:
            return ""
        ago = f" {age(self.rolled_back_at, now)} ago" if self.rolled_back_at is not None else " by an undo"
        return f"left{ago}" if self.was_rolled_back else "never became ready"

    def text(self, now: datetime) -> str:
        """Say it: `left 2m ago: image not found`, `never became ready`, "" when nothing speaks against it."""
        said = self.short_text(now)
        if not said:
            return ""
        why = self.reason or ("never became ready" if self.was_rolled_back and self.was_ready is False else "")
        return f"{said}: {why}" if why else said


RevisionOutcomes = dict[str, RevisionOutcome]


def revision_outcomes(
    found: Sequence[Revision],
    *,
    events: Sequence[Event] = (),
    audit_lines: Iterable[Mapping[str, Any]] = (),
    seen: Mapping[str, RevisionOutcome] | None = None,
    is_complete: bool = False,
) -> RevisionOutcomes:
    """Return what is known of each revision, by its uid.

    Args:
        found: the revisions of one workload, newest first.
        events: about the workload, and about pods of its revisions, also of pods that are gone.
        audit_lines: of our own audit file about this workload, oldest first.
        seen: what was seen while it was watched, by the revision's uid.
        is_complete: the rollout of the current revision is complete, or was.
    """
    pasts: RevisionOutcomes = {}
    audited = _audited(audit_lines)
    for one in found:
        past = (seen or {}).get(one.uid, RevisionOutcome())
        if one.ready or (one.is_current and is_complete):
            past = replace(past, was_ready=True)
        if not one.is_current:
            told = audited.get(one.number) if one.number else None
            past = _joined(past, told)
            if _is_left(one, found):
                past = replace(past, was_rolled_back=True)
            if past.is_bad or not past.was_ready:
                past = _with_events(past, one, events)
        pasts[one.uid] = past
    return pasts


def _is_left(one: Revision, found: Sequence[Revision]) -> bool:
    """Tell whether somebody went back to a revision that is older than this one.

    One that an undo took up itself, and whose pods serve, was left by trying again what had been left before.
    """
    if one.ready and was_undo_target(one, found):
        return False
    return any(_is_older(later, one) for later in found if later.number > one.number > 0)


def was_undo_target(one: Revision, found: Sequence[Revision]) -> bool:
    """Tell whether an undo is known to have gone back to this revision."""
    return bool(one.former_numbers) or any(_is_older(one, earlier) for earlier in _below(one, found))


def _below(one: Revision, found: Sequence[Revision]) -> list[Revision]:
    return [earlier for earlier in found if 0 < earlier.number < one.number]


def _is_older(later: Revision, earlier: Revision) -> bool:
    """Tell whether the revision of the higher number was there before the other one."""
    if later.kind == "ReplicaSet":
        return any(0 < former < earlier.number for former in later.former_numbers)
    created, other = later.created_at, earlier.created_at
    return created is not None and other is not None and created < other


def _joined(past: RevisionOutcome, told: RevisionOutcome | None) -> RevisionOutcome:
    if told is None:
        return past
    return RevisionOutcome(
        was_ready=told.was_ready if past.was_ready is None else past.was_ready,
        was_rolled_back=past.was_rolled_back or told.was_rolled_back,
        rolled_back_at=past.rolled_back_at or told.rolled_back_at,
        reason=past.reason or told.reason,
    )


def _audited(lines: Iterable[Mapping[str, Any]]) -> dict[int, RevisionOutcome]:
    """Return what our own undos tell of the revisions they left, by their numbers."""
    left: dict[int, RevisionOutcome] = {}
    for line in lines:
        if line.get("action") != "undo" or line.get("event", "write") != "write" or line.get("outcome") != "done":
            continue
        for row in line.get("changes") or ():
            if not isinstance(row, Mapping) or row.get("what") != "revision":
                continue
            number, why = str(row.get("from", "")), line.get("cause")
            if number.isascii() and number.isdigit() and len(number) < 20:
                cause = printable(why) if isinstance(why, str) else ""
                left[int(number)] = RevisionOutcome(
                    was_rolled_back=True, rolled_back_at=_time(line.get("time")), reason=cause
                )
    return left


def _time(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def _with_events(past: RevisionOutcome, one: Revision, events: Sequence[Event]) -> RevisionOutcome:
    """Add when its ReplicaSet was scaled away, and what was said about its pods."""
    if one.kind != "ReplicaSet":
        return past
    scaled = [
        event.last_seen
        for event in events
        if event.last_seen and (found := _TO_ZERO.match(event.message)) and found[1] == one.name
    ]
    if past.was_rolled_back and past.rolled_back_at is None and scaled:
        past = replace(past, rolled_back_at=max(scaled))
    if past.reason:
        return past
    about = [
        event
        for event in events
        if event.type == "Warning"
        and event.involved_object.kind == "Pod"
        and event.involved_object.name.startswith(f"{one.name}-")
    ]
    words = [
        said for event in sorted(about, key=lambda one: one.occurrences, reverse=True) if (said := _event_words(event))
    ]
    return replace(past, reason=words[0]) if words else past


def _event_words(event: Event) -> str:
    """Return what a warning about a pod says was wrong, "" for one that only follows from another."""
    message = event.message
    match event.reason:
        case "Failed" if "pull" in message.lower():
            missing = "not found" in message or "manifest unknown" in message
            return "image not found" if missing else "image cannot be pulled"
        case "BackOff":
            return "crash-looping" if "restarting failed" in message else ""
        case "Unhealthy":
            return "probe failed"
        case "Failed" | "FailedScheduling" | "FailedMount" | "FailedCreatePodSandBox" | "FailedPostStartHook":
            return shorten(message)
    return ""
