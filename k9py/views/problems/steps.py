"""What helps with a problem: the steps that its findings name, and those that follow from what it is.

Invariant: a step with an action names the object that the action is for; that object, and no other, is what the key of
the action acts on where the problem is selected. No action is for an object that does not exist; of a lost node, none
deletes pods or rolls back what ran there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.kinds import NODE, is_pod
from k9py.api.meta import ObjectRef
from k9py.api.text import printable
from k9py.diagnosis.finding import EvidenceSource, Finding
from k9py.diagnosis.problem import Effect, Problem
from k9py.diagnosis.undo_steps import UNDO, undo_helps
from k9py.views.problems.texts import object_text
from k9py.views.values import StyledLine, Tone

MAX_STEPS: Final = 4
DELETE: Final = "object.delete"
LOGS: Final = "object.logs"
PREVIOUS_LOGS: Final = "object.previous_logs"
_ENDED: Final = (CauseKind.CRASH, CauseKind.OOM)
"""Causes whose reason is in the log of the run before."""
_LOOKS: Final = {"object.describe": "describe", "object.yaml": "YAML"}
"""Actions that only show the object which a step is about."""
_NOT_FOR_NODES: Final = (DELETE, UNDO)
"""Actions that help nothing that a node has caused: a pod of a lost node stays until the node is back or removed."""
_RUNNING: Final = (CauseKind.PROBE,)


@dataclass(frozen=True, slots=True)
class ProblemStep:
    """One step.

    Args:
        text: in the imperative, printable, without keys.
        action: id of the action that does it, "" when there is none.
        target: the object that the action is for.
        container: whose log it is about, "" for all.
    """

    text: str
    action: str
    target: ObjectRef
    container: str = ""


def problem_steps(problem: Problem) -> tuple[ProblemStep, ...]:
    """Return what helps, the best first: of the root, of what it explains, and what follows from its suspects."""
    steps: dict[object, ProblemStep] = {}
    texts: set[str] = set()
    absent, is_of_node = absent_objects(problem), problem.root.about.kind == NODE.name
    for step in _steps(problem):
        if is_of_node and step.action in _NOT_FOR_NODES:
            continue
        if step.target in absent and step.action:
            step = replace(step, action="")
        # One key does one thing: the first step with an action is the one that its key does.
        key: object = step.action or step.text
        if key not in steps and step.text not in texts:
            steps[key] = step
            texts.add(step.text)
    return tuple(steps.values())


def absent_objects(problem: Problem) -> frozenset[ObjectRef]:
    """Return the objects that do not exist according to the root: no key can act on them."""
    evidence = problem.root.evidence
    return frozenset(each.about for each in evidence if each.source is EvidenceSource.ABSENCE and not each.where)


def step_line(step: ProblemStep, problem: Problem, keys: Mapping[str, str], *, refusal: str = "") -> StyledLine:
    """Return a step after its key; () when its action is not possible now.

    Args:
        keys: the key of each action that is possible now, by the end of the action's id (`undo`).
        refusal: why nothing may be changed, "" if it may.
    """
    if not step.action:
        return ((step.text, Tone.PLAIN),)
    name = object_text(step.target, beside=problem.subject)
    is_named = step.target == problem.subject or printable(step.target.name) in step.text
    text = step.text if is_named else f"{step.text} ({name})"
    key = keys.get(step.action.rpartition(".")[2])
    if key is not None and step.action in _LOOKS:  # the key does not do what the text asks for
        return ((f"{text} (", Tone.PLAIN), (key, Tone.ACCENT), (f" {_LOOKS[step.action]})", Tone.PLAIN))
    if key is not None:
        return ((key, Tone.ACCENT), (f" {text}", Tone.PLAIN))
    is_read = step.action in (LOGS, PREVIOUS_LOGS)
    return ((text, Tone.PLAIN), (f" ({refusal})", Tone.MUTED)) if refusal and not is_read else ()


def _steps(problem: Problem) -> Iterator[ProblemStep]:
    root = problem.root
    yield from _of_finding(root, root)
    # The general advice for a crash is to read the log, which has a key.
    if root.remedy and not any(step.action in (LOGS, PREVIOUS_LOGS) for step in root.next_steps):
        yield ProblemStep(printable(root.remedy), "", root.about)
    yield from _of_effects(problem.effects, root)
    suspect = next((suspect for suspect in problem.suspects if suspect.can_undo), None)
    if suspect is not None:
        yield ProblemStep("roll back", UNDO, suspect.about)
    if is_pod(root.about):
        if root.kind in _ENDED:
            yield ProblemStep("read the log of the run before", PREVIOUS_LOGS, root.about, root.container)
        elif root.kind in _RUNNING:
            yield ProblemStep("read the log", LOGS, root.about, root.container)


def _of_finding(finding: Finding, root: Finding) -> Iterator[ProblemStep]:
    for step in finding.next_steps:
        if step.action == UNDO and not undo_helps(step, root):
            continue
        yield ProblemStep(printable(step.text), step.action, step.target or finding.about, finding.container)


def _of_effects(effects: Sequence[Effect], root: Finding) -> Iterator[ProblemStep]:
    for effect in effects:
        yield from _of_finding(effect.finding, root)
    for effect in effects:
        yield from _of_effects(effect.effects, root)
