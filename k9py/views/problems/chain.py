"""The chain of a problem as the lines of a tree: the root on top, its evidence and suspects, its effects beneath.

Invariant: a line's `path` is the same while the chain is, whatever texts change: a cursor can stay on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.api.times import age
from k9py.diagnosis.finding import Evidence, EvidenceSource, Finding
from k9py.diagnosis.problem import Effect, Problem
from k9py.views.problems.texts import finding_text, object_text, suspect_text
from k9py.views.tones import severity_tone
from k9py.views.values import StyledLine, Tone

_BRANCH, _LAST, _DOWN, _BLANK = "├─ ", "└─ ", "│  ", "   "
MAX_OBJECTS: Final = 200
"""Objects of one finding that are listed; more are counted."""


class ChainPart(Enum):
    """What a line of a chain is; the value is its name."""

    ROOT = "root"
    EFFECT = "effect"
    OBJECT = "object"  # one of several with the same finding
    EVIDENCE = "evidence"
    SUSPECT = "suspect"


@dataclass(frozen=True, slots=True)
class ChainLine:
    """A line.

    Args:
        path: identifies it in the chain.
        ref: the object that it leads to.
        prefix: the branches of the tree before its text.
        hanging: the branches before the second and further lines of its text, as wide as `prefix`.
        pieces: the text.
        tone: of the severity, MUTED for what is no finding.
        since: when it began, None when unknown or no finding.
        folded: how many objects are folded away beneath it.
    """

    path: str
    part: ChainPart
    ref: ObjectRef
    prefix: str
    hanging: str
    pieces: StyledLine
    tone: Tone
    since: datetime | None = None
    folded: int = 0


def chain_lines(
    problem: Problem, now: datetime, *, is_open: Callable[[str], bool] = lambda path: False
) -> tuple[ChainLine, ...]:
    """Return the tree of a problem.

    Args:
        is_open: returns whether the objects of a finding about several are listed, by the path of its line.
    """
    return tuple(_lines(problem, now, is_open))


def _lines(problem: Problem, now: datetime, is_open: Callable[[str], bool]) -> Iterator[ChainLine]:
    root = problem.root
    yield from _finding_lines(
        replace(root, severity=problem.severity),  # its own may be that of one pod
        problem.objects,
        "0",
        ChainPart.ROOT,
        "",
        "",
        now,
        is_open,
        has_effects=bool(problem.effects),
        owner=problem.subject,
    )
    margin = _DOWN if problem.effects else _BLANK
    for at, suspect in enumerate(problem.suspects):
        source = f" (known from {printable(suspect.source)})" if suspect.source else ""
        text = suspect_text(suspect, problem.subject, now)
        pieces = (("suspect: ", Tone.MUTED), (text, Tone.ACCENT), (source, Tone.MUTED))
        yield ChainLine(f"0/suspect{at}", ChainPart.SUSPECT, suspect.about, margin, margin, pieces, Tone.MUTED)
    yield from _effect_lines(problem.effects, "0", "", now, is_open)


def _effect_lines(
    effects: Sequence[Effect], parent: str, prefix: str, now: datetime, is_open: Callable[[str], bool]
) -> Iterator[ChainLine]:
    for at, effect in enumerate(effects):
        is_last = at == len(effects) - 1
        path, below = f"{parent}/{at}", prefix + (_BLANK if is_last else _DOWN)
        yield from _finding_lines(
            effect.finding,
            effect.objects,
            path,
            ChainPart.EFFECT,
            prefix + (_LAST if is_last else _BRANCH),
            below,
            now,
            is_open,
            has_effects=bool(effect.effects),
        )
        yield from _effect_lines(effect.effects, path, below, now, is_open)


def _finding_lines(
    finding: Finding,
    objects: Sequence[ObjectRef],
    path: str,
    part: ChainPart,
    prefix: str,
    below: str,
    now: datetime,
    is_open: Callable[[str], bool],
    *,
    has_effects: bool,
    owner: ObjectRef | None = None,
) -> Iterator[ChainLine]:
    """Yield the line of a finding, its objects where there are several, and its evidence.

    Args:
        owner: whose objects they are, where they have one: `3 pods of Deployment web`.
    """
    tone = severity_tone(finding.severity)
    margin = below + (_DOWN if has_effects else _BLANK)
    is_group = len(objects) > 1
    is_listed = is_group and is_open(path)
    pieces = _finding_pieces(finding, objects, owner)
    folded = len(objects) if is_group and not is_listed else 0
    yield ChainLine(path, part, finding.about, prefix, margin, pieces, tone, finding.since, folded)
    if is_listed:
        for ref in objects[:MAX_OBJECTS]:
            text = ((object_text(ref), Tone.PLAIN),)
            yield ChainLine(f"{path}/{ref}", ChainPart.OBJECT, ref, margin, margin, text, Tone.MUTED)
        if len(objects) > MAX_OBJECTS:
            text = ((f"… and {len(objects) - MAX_OBJECTS:,} more", Tone.MUTED),)
            yield ChainLine(f"{path}/more", ChainPart.OBJECT, finding.about, margin, margin, text, Tone.MUTED)
    for at, evidence in enumerate(finding.evidence):
        yield ChainLine(
            f"{path}/evidence{at}",
            ChainPart.EVIDENCE,
            evidence.about,
            margin,
            margin,
            evidence_pieces(evidence, finding.about, now),
            Tone.MUTED,
        )


def _finding_pieces(finding: Finding, objects: Sequence[ObjectRef], owner: ObjectRef | None) -> StyledLine:
    if len(objects) > 1:
        kinds = {ref.kind for ref in objects}
        noun = finding.about.kind if len(kinds) == 1 else "object"
        noun = "pod" if noun == "Pod" else noun
        is_owned = owner is not None and owner not in objects
        of = printable(f" of {owner.qualified_kind} {owner.name}") if owner is not None and is_owned else ""
        return ((f"{count_noun(len(objects), noun)}{of}: ", Tone.PLAIN), (printable(finding.message), Tone.PLAIN))
    message = finding_text(finding, finding.about)
    text = finding_text(finding)
    if text == message:  # the message names its object
        return ((text, Tone.PLAIN),)
    return ((text.removesuffix(message), Tone.PLAIN), (message, Tone.PLAIN))


def evidence_pieces(evidence: Evidence, subject: ObjectRef, now: datetime) -> StyledLine:
    """Return a piece of evidence: `status.phase = Pending`, `event FailedMount: …`, `log app: …`.

    Args:
        subject: the object of the finding; evidence about another object names that.
    """
    about = "" if evidence.about == subject else f" of {object_text(evidence.about, beside=subject)}"
    when = f", {age(evidence.at, now)} ago" if evidence.at is not None else ""
    where, text = printable(evidence.where), printable(evidence.text)
    match evidence.source:
        case EvidenceSource.FIELD:
            head, body = f"{where}{about}" + (" = " if text else ""), text
        case EvidenceSource.EVENT:
            head, body = f"event {where}{about}: ", text
        case EvidenceSource.LOG:
            head, body = f"log {where}{about}".rstrip() + ": ", text
        case EvidenceSource.ABSENCE:
            ref = evidence.about
            place = f"{ref.namespace}/" if ref.namespace and ref.namespace != subject.namespace else ""
            name = printable(f"{ref.qualified_kind} {place}{ref.name}")
            head = "looked for: " if ref.name in text else "looked for "
            body = text if ref.name in text else f"{name}: {text or 'does not exist'}"
    return ((head, Tone.MUTED), (body, Tone.PLAIN), (when, Tone.MUTED))
