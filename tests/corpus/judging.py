"""Compare the problems of a cluster with what is true about it: what is missed, and what is claimed without a reason.

Invariant: each expected root is matched by one problem. A second problem with the same root is a false alarm, like one
that nothing expects: one root is one row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.problem import Effect, Problem
from tests.corpus.cases import Case, Expectation


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong with the problems of a case.

    Args:
        expected: roots that there are.
        claimed: problems above info.
        recalled: expected roots that a problem names.
        missed: a line for each root that no problem names; with the problem about it that lacks a fact.
        incomplete: a line for each root that is named with another severity, or does not explain what it should.
        false: a line for each problem without an expected root.
    """

    expected: int
    claimed: int
    recalled: int
    missed: tuple[str, ...]
    incomplete: tuple[str, ...]
    false: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Whether nothing is missed and nothing is false."""
        return not (self.missed or self.incomplete or self.false)

    @property
    def lines(self) -> tuple[str, ...]:
        """What is wrong, a line each."""
        return (
            *(f"missed {line}" for line in self.missed),
            *(f"incomplete {line}" for line in self.incomplete),
            *(f"false {line}" for line in self.false),
        )


def summary(family: str, verdicts: Sequence[Verdict]) -> str:
    """Return precision and recall of a family on one line."""
    expected = sum(each.expected for each in verdicts)
    claimed = sum(each.claimed for each in verdicts)
    false = sum(len(each.false) for each in verdicts)
    recalled = sum(each.recalled for each in verdicts)
    right = sum(each.is_right for each in verdicts)
    precision = f"{(claimed - false) / claimed:.1%}" if claimed else "-"
    recall = f"{recalled / expected:.1%}" if expected else "-"
    return f"{family:<10} {right:>3} of {len(verdicts):>3} cases right   precision {precision:>6}   recall {recall:>6}"


def judge(case: Case, problems: Iterable[Problem], *, logs_read: bool = True) -> Verdict:
    """Return what is wrong with the problems of a case."""
    free = list(problems)
    claimed = [each for each in free if _is_claimed(each)]
    missed: list[str] = []
    incomplete: list[str] = []
    for expected in case.expected:
        may_be_info = "info" in expected.severities
        candidates = [each for each in free if may_be_info or _is_claimed(each)]
        named = [each for each in candidates if _names_root(case, expected, each)]
        lacks = {id(each): _missing_facts(expected, each, logs_read) for each in named}
        matching = [each for each in named if not lacks[id(each)]]
        if matching:
            problem = matching[0]
            incomplete += _incomplete(expected, problem)
        elif named:
            problem = named[0]
            missed.append(f"{expected.roots[0]}: {', '.join(lacks[id(problem)])} is not in {described(problem)}")
        else:
            missed.append(f"{expected.roots[0]}: is no root")
            continue
        free.remove(problem)
    false = tuple(described(each) for each in free if _is_claimed(each))
    return Verdict(
        len(case.expected),
        len(claimed),
        len(case.expected) - len(missed),
        tuple(missed),
        tuple(incomplete),
        false,
    )


def _is_claimed(problem: Problem) -> bool:
    """Return whether somebody should look at it: worse than information, and not merely moving."""
    return problem.severity <= Severity.WARNING


def described(problem: Problem) -> str:
    """Return a problem on one line."""
    root = problem.root
    effects = ", ".join(sorted({f"{ref.kind}/{ref.name}" for ref in _explained(problem.effects)}))
    cause = f"{root.about} {root.check}: {root.message} ({root.reason})"
    return f"[{problem.severity.label}] {cause} explains {effects or '-'}"


def text_of(problem: Problem) -> str:
    """Return everything that a problem says about its root."""
    return " ".join(_texts(problem.root)).lower()


def _texts(finding: Finding) -> Iterator[str]:
    yield finding.about.name
    yield finding.message
    yield finding.reason
    yield finding.container
    for evidence in finding.evidence:
        yield f"{evidence.about.name} {evidence.where} {evidence.text}"
    for step in finding.next_steps:
        yield step.text


def _names_root(case: Case, expected: Expectation, problem: Problem) -> bool:
    named = {problem.root.about, problem.subject, *problem.objects}
    named |= {case.owner(ref) for ref in named}
    return any(pattern.matches(ref) for pattern in expected.roots for ref in named)


def _missing_facts(expected: Expectation, problem: Problem, logs_read: bool) -> list[str]:
    text = text_of(problem)
    facts = (*expected.facts, *(expected.log_facts if logs_read else ()))
    return [fact for fact in facts if not any(each in text for each in fact.split("|"))]


def _incomplete(expected: Expectation, problem: Problem) -> Iterator[str]:
    if problem.severity.label not in expected.severities:
        yield f"{expected.roots[0]}: is {problem.severity.label}, not {' or '.join(sorted(expected.severities))}"
    explained = {*problem.objects, problem.subject, *_explained(problem.effects)}
    for pattern in expected.explains:
        if not any(pattern.matches(ref) for ref in explained):
            yield f"{expected.roots[0]}: does not explain {pattern}"
    suspect = expected.suspect
    if suspect is not None and not any(
        suspect.about.matches(each.about) and each.by == suspect.manager for each in problem.suspects
    ):
        named = ", ".join(f"{each.about} by {each.by}" for each in problem.suspects)
        change = f"{suspect.about} by {suspect.manager or 'anybody'}"
        yield f"{expected.roots[0]}: does not suspect {change}, but {named or 'nothing'}"


def _explained(effects: Iterable[Effect]) -> Iterator[ObjectRef]:
    for effect in effects:
        yield from effect.objects
        yield from _explained(effect.effects)
