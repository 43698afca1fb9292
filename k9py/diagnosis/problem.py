"""Define a problem: one root cause with everything that it explains, and the order in which problems are shown.

`chains` builds problems from findings. Invariant: `severity` is what users of the services feel, the worst of what the
root explains; a finding of a single pod whose workload serves as wanted is no more than a warning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.diagnosis.finding import Finding

ProblemId = tuple[str, ObjectRef, str, str, str]
"""Check, subject, container, reason, variant."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A change shortly before a problem began, of something that the affected objects use. It is no proven cause.

    Args:
        about: the object that was changed.
        what: what was changed, one clause: `image app: 1.4 → 1.5`, `changed`.
        by: the field manager, "" when unknown.
        source: how it is known: `managedFields`, `ReplicaSet web-7f9 created`, `watched`.
        can_undo: rolling back `about`, a workload, takes it back, and may end the problem.
    """

    at: datetime
    about: ObjectRef
    what: str
    by: str
    source: str
    can_undo: bool = False


@dataclass(frozen=True, slots=True)
class Effect:
    """A finding that a problem explains, with what that explains in turn.

    Args:
        objects: the objects with this finding: several pods of one workload are one effect.
    """

    finding: Finding
    objects: tuple[ObjectRef, ...]
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One root and what it explains.

    Args:
        root: the finding that no other explains.
        subject: the object to show and to act on: of pods of a workload that workload, else the root's own.
        objects: those with the root's finding, by name.
        effects: what it explains directly, worst first; each with its own effects.
        explained: how many objects it explains, without its own.
        since: when the root began, None when unknown.
        suspects: the likeliest first.
        variant: tells problems apart that would have the same id otherwise (two keys that one ConfigMap lacks), ""
            where there is only one.
    """

    root: Finding
    severity: Severity
    subject: ObjectRef
    objects: tuple[ObjectRef, ...]
    effects: tuple[Effect, ...] = ()
    explained: int = 0
    since: datetime | None = None
    suspects: tuple[Suspect, ...] = ()
    variant: str = ""

    @property
    def id(self) -> ProblemId:
        """Identify it as long as its cause is the same: for acknowledging, and for differences."""
        return (self.root.check, self.subject, self.root.container, self.root.reason, self.variant)

    @property
    def all_objects(self) -> Iterator[ObjectRef]:
        """The objects that it is about, then those that it explains; some more than once."""
        yield from (self.subject, self.root.about, *self.objects)
        yield from _explained(self.effects)


def _explained(effects: Iterable[Effect]) -> Iterator[ObjectRef]:
    for effect in effects:
        yield effect.finding.about
        yield from effect.objects
        yield from _explained(effect.effects)


@dataclass(frozen=True, slots=True)
class UnreadKind:
    """A kind that could not be read, or not yet.

    Args:
        namespace: "" for the whole scope.
        reason: why, "" while it is being read.
    """

    kind: str
    namespace: str
    reason: str


@dataclass(frozen=True, slots=True)
class TriageReport:
    """The state of a cluster: all problems, worst first, and what they are based on.

    Args:
        at: when it was made, aware UTC.
        looked_at: objects that were checked.
        unread: what could not be read: there, nothing is known.
        is_complete: everything that checks asked for has been read, or was refused.
    """

    at: datetime
    problems: tuple[Problem, ...]
    looked_at: int
    unread: tuple[UnreadKind, ...] = ()
    is_complete: bool = True
