"""Fold equal findings: pods of one workload with the same finding are one group, which people act on at the workload.

Invariants: every finding, also those that findings name in `caused_by`, is in exactly one group. The result does not
depend on the order of the findings.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.diagnosis.finding import LATEST, Finding

GroupKey = tuple[str, bool, ObjectRef, str, str, str]
"""Check, whether it is an effect, subject, kind of the objects, reason, message without names of pods.

Containers with the same message are one: it names the container where that makes a difference.
"""

_OF_ONE_POD: Final = re.compile(
    r"\[?(?:\d{1,3}\.){3}\d{1,3}\]?(?::\d+)?"  # addresses
    r"|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{32,64}\b"  # uids, ids of containers
)


@dataclass(frozen=True, slots=True)
class Owner:
    """What people act on in place of a pod or ReplicaSet.

    Args:
        ref: the workload or Job, or the object itself.
        severity: of the workload, None: it is none, or not known.
    """

    ref: ObjectRef
    severity: Severity | None = None


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Findings that are shown as one.

    Args:
        finding: the one to show: worst severity and earliest time of all.
        severity: that of `finding`, but no more than a warning for pods of a workload that serves as wanted.
        subject: what people act on.
        members: the finding of each object and container, by name.
        caused_by: groups and objects that the findings name.
    """

    key: GroupKey
    finding: Finding
    severity: Severity
    subject: ObjectRef
    members: tuple[Finding, ...]
    caused_by: frozenset[GroupKey | ObjectRef]

    @property
    def objects(self) -> tuple[ObjectRef, ...]:
        """The objects with this finding, by name."""
        return tuple(dict.fromkeys(member.about for member in self.members))

    @property
    def is_effect(self) -> bool:
        """Whether it states what users feel."""
        return self.finding.is_effect

    @property
    def order(self) -> tuple[Any, ...]:
        """Sort causes before effects, the worst first, then the oldest, then by name."""
        finding = self.finding
        return (finding.is_effect, self.severity, finding.since or LATEST, self.key)


def fold(
    findings: Iterable[Finding], owners: Mapping[ObjectRef, Owner]
) -> Generator[None, None, dict[GroupKey, FindingGroup]]:
    """Return all groups by key; yields now and then, for the caller to pause.

    Args:
        owners: of pods and ReplicaSets; an object without one stands for itself.
    """
    members: dict[GroupKey, list[Finding]] = {}
    causes: dict[GroupKey, set[GroupKey | ObjectRef]] = {}
    for top in findings:
        waiting = [top]
        while waiting:
            finding = waiting.pop()
            key = _key(finding, owners)
            members.setdefault(key, []).append(finding)
            known = causes.setdefault(key, set())
            for cause in finding.caused_by:
                if isinstance(cause, Finding):
                    nested = cause if cause.check else replace(cause, check=finding.check)
                    known.add(_key(nested, owners))
                    waiting.append(nested)
                else:
                    known.add(cause)
        yield
    groups: dict[GroupKey, FindingGroup] = {}
    for key, group in members.items():
        groups[key] = _group(key, group, frozenset(causes[key]), owners)
        yield
    return groups


def _key(finding: Finding, owners: Mapping[ObjectRef, Owner]) -> GroupKey:
    about = finding.about
    if about.kind != POD.name or about.group:
        return (finding.check, finding.is_effect, about, about.kind, "", finding.message)
    owner = owners.get(about)
    subject = about if owner is None else owner.ref
    return (finding.check, finding.is_effect, subject, about.kind, finding.reason, variant_of(finding))


def variant_of(finding: Finding) -> str:
    """Return the message, without what belongs to one pod alone if it is about a pod."""
    if finding.about.kind != POD.name or finding.about.group:
        return finding.message
    return _OF_ONE_POD.sub("*", _without(finding.about.name, finding.message))


def _without(name: str, text: str) -> str:
    """Return a text with "*" in place of a name, where it is a whole word."""
    if not name or name not in text:
        return text
    made, begin = "", 0
    while (at := text.find(name, begin)) >= 0:
        end = at + len(name)
        is_word = not (text[at - 1 : at].isalnum() or text[end : end + 1].isalnum())
        made += text[begin:at] + ("*" if is_word else name)
        begin = end
    return made + text[begin:]


def _group(
    key: GroupKey,
    findings: list[Finding],
    caused_by: frozenset[GroupKey | ObjectRef],
    owners: Mapping[ObjectRef, Owner],
) -> FindingGroup:
    members: dict[tuple[ObjectRef, str], Finding] = {}
    for finding in findings:
        place = (finding.about, finding.container)
        other = members.get(place)
        members[place] = finding if other is None else _preferred(finding, other)
    first = min(members.values(), key=_rank)
    since = min((each.since for each in findings if each.since is not None), default=None)
    severity = min(each.severity for each in findings)
    if (first.severity, first.since) != (severity, since):
        first = replace(first, severity=severity, since=since)
    owner = owners.get(first.about)
    return FindingGroup(
        key,
        first,
        severity if first.about.kind != POD.name or owner is None else _capped(severity, owner.severity),
        first.about if owner is None else owner.ref,
        tuple(members[place] for place in sorted(members)),
        caused_by - {key},
    )


def _rank(finding: Finding) -> tuple[Any, ...]:
    """Rank equal findings: the oldest first, then the one with the most evidence, then the worst, then by name."""
    text = (finding.about, finding.container, finding.reason, finding.message, finding.remedy)
    return (finding.since or LATEST, -len(finding.evidence), finding.severity, text)


def _preferred(finding: Finding, other: Finding) -> Finding:
    """Return one of two findings about the same object, whichever comes first."""
    if finding is other:
        return finding
    rank, rank_of_other = _rank(finding), _rank(other)
    if rank == rank_of_other:
        return min(finding, other, key=repr)
    return finding if rank < rank_of_other else other


def _capped(severity: Severity, workload: Severity | None) -> Severity:
    """Return what a finding of a pod means to users, given the severity of its workload."""
    match workload:
        case Severity.ROLLING_OUT:
            return max(severity, Severity.INFO)
        case Severity.HEALTHY | Severity.IDLE | Severity.INFO | Severity.WARNING:
            return max(severity, Severity.WARNING)
    return severity
