"""Determine the outcome of each revision: whether it was ever ready, and whether, when and why it was rolled back.

An undo does not keep numbers: the revision it reuses gets the highest one. So a revision was rolled back if one with a
higher number is older than it: by its former numbers, which a ReplicaSet keeps in an annotation, or by the creation
time of a ControllerRevision, which keeps none.
Source: k8s.io/kubernetes/pkg/controller/deployment/util, `SetNewReplicaSetAnnotations`.
Invariant: what is unknown is None, never "was ready". To add a source: a function that returns outcomes to merge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from k9py.api.events import Event
from k9py.api.text import printable, shorten
from k9py.api.times import age, parse_rfc3339
from k9py.rollouts.revisions import Revision

_TO_ZERO: Final = re.compile(r"Scaled down replica set (\S+) (?:from \d+ )?to 0", re.ASCII)


@dataclass(frozen=True, slots=True)
class RevisionOutcome:
    """The outcome of a revision.

    Args:
        was_ready: a pod of it was ready; False: none ever was; None: unknown.
        was_rolled_back: an undo went back to an earlier revision.
        rolled_back_at: when that was, None if unknown.
        reason: what was wrong with it, "" if unknown. Printable.
    """

    was_ready: bool | None = None
    was_rolled_back: bool = False
    rolled_back_at: datetime | None = None
    reason: str = ""

    @property
    def is_bad(self) -> bool:
        """True if it must never be suggested."""
        return self.was_rolled_back or self.was_ready is False

    def short_text(self, now: datetime) -> str:
        """Return it without the reason: `rolled back 2m ago`, `never became ready`; "" if nothing is wrong with it."""
        if not self.is_bad:
            return ""
        ago = f" {age(self.rolled_back_at, now)} ago" if self.rolled_back_at is not None else ""
        return f"rolled back{ago}" if self.was_rolled_back else "never became ready"

    def text(self, now: datetime) -> str:
        """Return it with the reason: `rolled back 2m ago: image not found`; "" if nothing is wrong with it."""
        text = self.short_text(now)
        if not text:
            return ""
        never_ready = "never became ready" if self.was_rolled_back and self.was_ready is False else ""
        reason = self.reason or never_ready
        return f"{text}: {reason}" if reason else text


RevisionOutcomes = dict[str, RevisionOutcome]
"""Outcomes by the revision's uid."""


def revision_outcomes(
    revisions: Sequence[Revision],
    *,
    events: Sequence[Event] = (),
    audit_lines: Iterable[Mapping[str, Any]] = (),
    seen: Mapping[str, RevisionOutcome] | None = None,
    is_complete: bool = False,
) -> RevisionOutcomes:
    """Return the outcome of each revision, by its uid.

    Args:
        revisions: of one workload, newest first.
        events: about the workload, and about pods of its revisions, including deleted ones.
        audit_lines: of our own audit file about this workload, oldest first.
        seen: what was observed while it was watched, by the revision's uid.
        is_complete: the rollout of the current revision is complete, or once was.
    """
    outcomes: RevisionOutcomes = {}
    audited = _audited_outcomes(audit_lines)
    for revision in revisions:
        outcome = (seen or {}).get(revision.uid, RevisionOutcome())
        if revision.ready or (revision.is_current and is_complete):
            outcome = replace(outcome, was_ready=True)
        if not revision.is_current:
            outcome = _merged(outcome, audited.get(revision.number) if revision.number else None)
            if _was_rolled_back(revision, revisions):
                outcome = replace(outcome, was_rolled_back=True)
            if outcome.is_bad or not outcome.was_ready:
                outcome = _with_events(outcome, revision, events)
        outcomes[revision.uid] = outcome
    return outcomes


def was_undo_target(revision: Revision, revisions: Sequence[Revision]) -> bool:
    """Return whether an undo is known to have gone back to this revision."""
    return bool(revision.former_numbers) or any(
        _is_older(revision, other) for other in revisions if 0 < other.number < revision.number
    )


def _was_rolled_back(revision: Revision, revisions: Sequence[Revision]) -> bool:
    """Return whether somebody went back from this revision to an older one.

    A revision that an undo reused and whose pods are ready was rolled back once and then tried again.
    """
    if revision.ready and was_undo_target(revision, revisions):
        return False
    return any(_is_older(later, revision) for later in revisions if later.number > revision.number > 0)


def _is_older(later: Revision, earlier: Revision) -> bool:
    """Return whether the revision with the higher number existed before the other one."""
    if later.kind == "ReplicaSet":
        return any(0 < former < earlier.number for former in later.former_numbers)
    created, other = later.created_at, earlier.created_at
    return created is not None and other is not None and created < other


def _merged(outcome: RevisionOutcome, other: RevisionOutcome | None) -> RevisionOutcome:
    if other is None:
        return outcome
    return RevisionOutcome(
        was_ready=other.was_ready if outcome.was_ready is None else outcome.was_ready,
        was_rolled_back=outcome.was_rolled_back or other.was_rolled_back,
        rolled_back_at=outcome.rolled_back_at or other.rolled_back_at,
        reason=outcome.reason or other.reason,
    )


def _audited_outcomes(lines: Iterable[Mapping[str, Any]]) -> dict[int, RevisionOutcome]:
    """Return what our own undos recorded about the revisions they left, by number."""
    outcomes: dict[int, RevisionOutcome] = {}
    for line in lines:
        if line.get("action") != "undo" or line.get("event", "write") != "write" or line.get("outcome") != "done":
            continue
        for row in line.get("changes") or ():
            if not isinstance(row, Mapping) or row.get("what") != "revision":
                continue
            number, cause = str(row.get("from", "")), line.get("cause")
            if number.isascii() and number.isdigit() and len(number) < 20:
                reason = printable(cause) if isinstance(cause, str) else ""
                at = parse_rfc3339(line.get("time"))
                outcomes[int(number)] = RevisionOutcome(was_rolled_back=True, rolled_back_at=at, reason=reason)
    return outcomes


def _with_events(outcome: RevisionOutcome, revision: Revision, events: Sequence[Event]) -> RevisionOutcome:
    """Add when the revision's ReplicaSet was scaled to zero, and what warnings about its pods report."""
    if revision.kind != "ReplicaSet":
        return outcome
    scaled = [
        event.last_seen
        for event in events
        if event.last_seen and (match := _TO_ZERO.match(event.message)) and match[1] == revision.name
    ]
    if outcome.was_rolled_back and outcome.rolled_back_at is None and scaled:
        outcome = replace(outcome, rolled_back_at=max(scaled))
    if outcome.reason:
        return outcome
    warnings = [
        event
        for event in events
        if event.type == "Warning"
        and event.involved_object.kind == "Pod"
        and event.involved_object.name.startswith(f"{revision.name}-")
    ]
    by_count = sorted(warnings, key=lambda event: event.occurrences, reverse=True)
    reasons = [reason for event in by_count if (reason := _event_reason(event))]
    return replace(outcome, reason=reasons[0]) if reasons else outcome


def _event_reason(event: Event) -> str:
    """Return what a warning about a pod reports as wrong, "" for one that is only an effect."""
    message = event.message
    match event.reason:
        case "Failed" if "pull" in message.lower():
            is_missing = "not found" in message or "manifest unknown" in message
            return "image not found" if is_missing else "image cannot be pulled"
        case "BackOff":
            return "crash-looping" if "restarting failed" in message else ""
        case "Unhealthy":
            return "probe failed"
        case "Failed" | "FailedScheduling" | "FailedMount" | "FailedCreatePodSandBox" | "FailedPostStartHook":
            return shorten(message)
    return ""
