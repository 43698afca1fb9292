"""The clauses of a problem: its object, its cause, what it explains, the suspect change.

To name a kind shorter: a line in `SHORT_KINDS`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from k9py.api.kinds import is_workload
from k9py.api.meta import ObjectRef
from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.api.times import age
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.problem import Effect, Problem, Suspect
from k9py.views.rollouts import KIND_SHORT_NAMES
from k9py.views.tones import severity_tone
from k9py.views.values import StyledLine, Tone

SHORT_KINDS: Final = {
    **KIND_SHORT_NAMES,
    "Service": "svc",
    "PersistentVolumeClaim": "pvc",
    "PersistentVolume": "pv",
    "HorizontalPodAutoscaler": "hpa",
    "PodDisruptionBudget": "pdb",
    "NetworkPolicy": "netpol",
    "CustomResourceDefinition": "crd",
    "CertificateSigningRequest": "csr",
}
"""kubectl's short names, where they are better known than the kind."""
NAMED_EFFECTS: Final = 6
"""How many of the objects that a problem explains are named; more are counted."""
_REACHED: Final = ("Service", "Ingress", "HTTPRoute")
"""Kinds that users reach: they are named first."""
_PARTS: Final = ("Pod", "ReplicaSet")
"""Kinds that stand for the workload that owns them."""
_PREDICATE: Final = re.compile(
    r"(has|does|is|are|was|were|can|cannot|lacks|selects|matches|refuses|needs|waits|wants|names|points|allows|blocks"
    r"|fails|failed|exists|expired|expires|uses|takes|keeps|reached|refers|serves|stays|runs|misses|skips|rejects|leaves"
    r"|holds|requires|reports|targets|sends|listens|belongs|exceeds|covers|controls|must|may|will|never|still) "
)
"""Words with which a message goes on after the name of its object; any other follows a colon."""


def object_text(ref: ObjectRef, *, beside: ObjectRef | None = None) -> str:
    """Return an object as a shell names it: `deploy/web`, `configmap/app-config`, `rollout.argoproj.io/web`.

    Args:
        beside: an object that it is mentioned with: one of another namespace is named with its own.
    """
    kind = ref.qualified_kind.lower() if ref.group else SHORT_KINDS.get(ref.kind, ref.kind.lower())
    place = f" in {ref.namespace}" if beside is not None and _is_elsewhere(ref, beside) else ""
    return printable(f"{kind}/{ref.name}{place}")


def subject_text(problem: Problem) -> str:
    """Return the object of a problem, with how many others have the same: `node/a (+2)`."""
    others = len([ref for ref in problem.objects if ref.kind not in _PARTS and ref != problem.subject])
    return object_text(problem.subject) + (f" (+{others})" if others else "")


def finding_text(finding: Finding, shown_at: ObjectRef | None = None) -> str:
    """Return what is wrong, naming the object unless it is the one that the text stands beside.

    `ConfigMap app-config has no key DB_URL`, `Service cart: no ready endpoints`; beside the object the message alone.

    Args:
        shown_at: the object whose row shows the text.
    """
    about, message = finding.about, printable(finding.message)
    is_own = shown_at is not None and (about == shown_at or (about.kind in _PARTS and is_workload(shown_at)))
    if is_own or _names(message, about):
        return message
    place = f"{about.namespace}/" if shown_at is not None and _is_elsewhere(about, shown_at) else ""
    name = printable(f"{about.qualified_kind} {place}{about.name}")
    return f"{name} {message}" if _PREDICATE.match(message) else f"{name}: {message}"


def cause_text(problem: Problem, shown_at: ObjectRef | None = None) -> str:
    """Return the root as one clause. What the pods of a workload have is said of the workload.

    Args:
        shown_at: the object whose row shows the text, None: the problem's own.
    """
    root, subject = problem.root, problem.subject
    if root.about.kind in _PARTS and not root.about.group:
        root = replace(root, about=subject)
    is_beside = shown_at is not None and (shown_at.name, shown_at.namespace) == (subject.name, subject.namespace)
    if is_beside and root.about == subject and is_workload(subject):
        return printable(root.message)  # `svc/web` in front of `deploy/web`
    return finding_text(root, shown_at or subject)


def suspect_text(suspect: Suspect, subject: ObjectRef, now: datetime) -> str:
    """Return a change as `image app: 1.4 → 1.5 by argocd, 6m ago`; another object than the subject is named."""
    what = printable(suspect.what)
    if suspect.about != subject and printable(suspect.about.name) not in what:
        what = f"{object_text(suspect.about, beside=subject)} {what}"
    by = f" by {printable(suspect.by)}" if suspect.by else ""
    return f"{what}{by}, {age(suspect.at, now)} ago"


def explains_text(problem: Problem, *, named: int = NAMED_EFFECTS) -> str:
    """Return how many objects a problem explains, and which: `3: svc/web, ingress/shop, …`; "" for none.

    What users reach (Services, Ingresses) is named before pods, which are only counted.
    """
    explained = tuple(dict.fromkeys(_explained(problem.effects)))
    itself = (problem.subject, *problem.objects)
    others = [ref for ref in explained if ref not in itself and (ref.kind != "ReplicaSet" or ref.group)]
    if not others:
        return ""
    others.sort(key=lambda ref: ref.kind not in _REACHED)
    places = {ref.namespace for ref in others}
    is_one_place = len(places) == 1
    beside = None if is_one_place else problem.subject
    names = [object_text(ref, beside=beside) for ref in others if ref.kind not in _PARTS]
    pods = sum(ref.kind == "Pod" for ref in others)
    names += [count_noun(pods, "pod")] if pods else []
    shown = ", ".join(names[:named]) + (", …" if len(names) > named else "")
    place = places.pop() if is_one_place and _is_elsewhere(others[0], problem.subject) else ""
    text = f"{len(others):,}: {shown}" if shown else f"{len(others):,}"
    return printable(f"{text} in {place}") if place else text


def problem_lines(problem: Problem, now: datetime) -> tuple[StyledLine, ...]:
    """Return a problem in full: severity, object and cause; what it explains; its suspects. Lines are not wrapped.

    The chain is `chain_lines`, what helps `problem_steps`.
    """
    tone = severity_tone(problem.severity)
    place = f" in {printable(problem.subject.namespace)}" if problem.subject.namespace else ""
    since = f" · for {age(problem.since, now)}" if problem.since is not None else ""
    lines: list[StyledLine] = [
        (
            (f"{tone.symbol} {problem.severity.label}  ", tone),
            (subject_text(problem), Tone.PLAIN),
            (f"{place}{since}", Tone.MUTED),
        ),
        ((cause_text(problem), Tone.PLAIN),),
    ]
    if explained := explains_text(problem):
        lines.append((("explains ", Tone.MUTED), (explained, Tone.PLAIN)))
    lines += [
        (("suspect: ", Tone.MUTED), (suspect_text(suspect, problem.subject, now), Tone.ACCENT))
        for suspect in problem.suspects
    ]
    return tuple(lines)


def _explained(effects: Sequence[Effect]) -> Iterator[ObjectRef]:
    """Yield the objects of effects, the nearest first."""
    for effect in effects:
        yield from effect.objects or (effect.finding.about,)
    for effect in effects:
        yield from _explained(effect.effects)


def _names(message: str, about: ObjectRef) -> bool:
    """Return whether a message names an object: by a word of its own, that does not follow another kind.

    `image web:2` and `app=web` do not name Deployment web, nor does `Service web has no endpoints`.
    """
    name = re.escape(printable(about.name))
    for match in re.finditer(rf"(?:(?P<kind>[A-Z]\w+) )?(?<![\w.=/-]){name}(?![\w.:/@-])", message):
        if match["kind"] in (None, about.kind):
            return True
    return False


def _is_elsewhere(ref: ObjectRef, beside: ObjectRef) -> bool:
    return bool(ref.namespace) and ref.namespace != beside.namespace
