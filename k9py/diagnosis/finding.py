"""Define a finding, the result of a check about one object, and the order in which findings are shown.

Invariants: a message is one printable clause that names the subject: the image, container, probe or quota; it contains
no age, so that it stays equal while nothing changes. A finding claims nothing that its evidence does not show.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from k9py.api.causes import Cause, CauseKind
from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity

LATEST: Final = datetime.max.replace(tzinfo=UTC)
"""Sorts what began at an unknown time last."""


class EvidenceSource(Enum):
    """Where a piece of evidence was read; the value is published in JSON."""

    FIELD = "field"  # of the object's spec, status or metadata
    EVENT = "event"
    LOG = "log"
    ABSENCE = "absence"  # the object was looked for, and does not exist


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a finding is based on.

    Args:
        about: the object that it was read from; for ABSENCE, the object that does not exist.
        where: the path of a field, the reason of an event, the container of a log; "" for ABSENCE.
        text: what is there, printable, at most 1,000 characters.
        at: when it was reported, aware UTC, None when unknown.
    """

    source: EvidenceSource
    about: ObjectRef
    where: str
    text: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class NextStep:
    """What helps.

    Args:
        text: in the imperative, without keys: `roll back to revision 6`.
        action: id of the action that does it (`workload.undo`), "" when there is none.
        target: the object that the action applies to, None: the object of the finding.
        takes_back: the objects that a step back makes the pods use in another way (`undo_steps`).
    """

    text: str
    action: str = ""
    target: ObjectRef | None = None
    takes_back: frozenset[ObjectRef] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Args:
        severity: for the object it is about; in a view never worse than the view's own.
        reason: CamelCase, Kubernetes' own word where there is one.
        message: what is wrong, naming the image, container, probe ...
        about: key of the object.
        since: when it began, None if unknown.
        kind: the kind of cause, None for a mere effect.
        remedy: what helps other than another release, "" if nothing is known.
        container: of the pod that it is about, "" if it is about the whole object.
        check: id of the check that found it, "" for those of a view.
        evidence: what proves it.
        caused_by: what causes it, as far as it is known: other findings, or objects, which stand for whatever is found
            about them. A finding without a cause that is a finding too is a root.
        next_steps: the most helpful first.
        is_effect: it only states what users feel of its object (`0 of 3 pods ready`): whatever else is found about the
            same object, and about `caused_by`, explains it.
    """

    severity: Severity
    reason: str
    message: str
    about: ObjectRef
    since: datetime | None = None
    kind: CauseKind | None = None
    remedy: str = ""
    container: str = ""
    check: str = ""
    evidence: tuple[Evidence, ...] = ()
    caused_by: tuple[Finding | ObjectRef, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    is_effect: bool = False


def finding_of(cause: Cause, severity: Severity, about: ObjectRef) -> Finding:
    """Return a cause as a finding about an object."""
    return Finding(severity, cause.reason, cause.message, about, cause.since, cause.kind, cause.remedy, cause.container)


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return the findings worst first, without duplicates: of equal ones the oldest.

    Of equally severe findings those that name a cause come first, then the oldest, then in the order of the checks.
    """
    unique: dict[tuple[str, str, ObjectRef], Finding] = {}
    for finding in findings:
        key = (finding.reason, finding.message, finding.about)
        unique[key] = min(unique.get(key, finding), finding, key=lambda each: each.since or LATEST)
    # A finding without a kind states an effect: no progress, nothing ready.
    return tuple(
        sorted(
            unique.values(),
            key=lambda finding: (finding.severity, finding.kind is None, finding.since or LATEST),
        )
    )


def worst(findings: Iterable[Finding]) -> Finding | None:
    """Return the finding to show for an object, None if there is none."""
    ranked = worst_first(findings)
    return ranked[0] if ranked else None
