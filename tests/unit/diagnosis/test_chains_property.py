"""Whatever findings there are: none is lost, each is in the problems that explain it, in any order of the findings."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.diagnosis.chains import Chains, trace
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.finding_groups import Owner
from k9py.diagnosis.problem import Effect, Problem

REFS = [ObjectRef(kind, "shop", name) for kind in ("Pod", "Deployment", "Service", "ConfigMap") for name in "abc"]
SEVERITIES = [Severity.DOWN, Severity.DEGRADED, Severity.STUCK, Severity.WARNING, Severity.INFO]
OWNERS = {
    REFS[0]: Owner(REFS[3], Severity.DOWN),
    REFS[1]: Owner(REFS[3], Severity.DOWN),
}


@st.composite
def findings(draw: st.DrawFn) -> list[Finding]:
    made: list[Finding] = []
    for number in range(draw(st.integers(1, 12))):
        causes: list[Finding | ObjectRef] = draw(st.lists(st.sampled_from(REFS), max_size=3))
        if made:
            causes += draw(st.lists(st.sampled_from(made), max_size=2))
        made.append(
            Finding(
                draw(st.sampled_from(SEVERITIES)),
                "Reason",
                f"message {number if draw(st.booleans()) else 0}",
                draw(st.sampled_from(REFS)),
                check=draw(st.sampled_from(("one", "two"))),
                caused_by=tuple(causes),
                is_effect=draw(st.booleans()),
            )
        )
    return made


def listed(problem: Problem) -> list[tuple[str, bool, str, ObjectRef]]:
    """Return what identifies the findings of a problem, its root first."""
    found: list[tuple[str, bool, str, ObjectRef]] = []

    def add(finding: Finding, objects: tuple[ObjectRef, ...]) -> None:
        found.extend((finding.check, finding.is_effect, finding.message, about) for about in objects)

    def walk(effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            add(effect.finding, effect.objects)
            walk(effect.effects)

    add(problem.root, problem.objects)
    walk(problem.effects)
    return found


@given(findings())
def test_every_finding_is_in_a_problem_and_in_none_twice(made: list[Finding]) -> None:
    chains = trace(made, OWNERS)

    everything = {(each.check, each.is_effect, each.message, each.about) for each in made}
    in_problems = [listed(problem) for problem in chains.problems]
    assert {each for found in in_problems for each in found} == everything
    for found in in_problems:
        assert len(found) == len(set(found))


@given(findings())
def test_no_root_is_explained_by_another_problem(made: list[Finding]) -> None:
    chains = trace(made, OWNERS)

    roots = [
        (problem.root.check, problem.root.is_effect, problem.root.message, problem.objects)
        for problem in chains.problems
    ]
    assert len(roots) == len(set(roots))
    for problem in chains.problems:
        root = listed(problem)[0]
        others = [other for other in chains.problems if other is not problem]
        assert all(root not in listed(other) for other in others)


@given(findings(), st.randoms(use_true_random=False))
def test_the_order_of_the_findings_does_not_matter(made: list[Finding], rng: random.Random) -> None:
    shuffled = list(made)
    rng.shuffle(shuffled)

    assert _essence(trace(shuffled, OWNERS)) == _essence(trace(made, OWNERS))


@given(findings())
def test_what_explains_an_effect_by_name_is_in_its_problems(made: list[Finding]) -> None:
    """A finding that names another one as its cause is in every problem of that cause."""
    chains = trace(made, OWNERS)
    for each in made:
        for cause in each.caused_by:
            if isinstance(cause, Finding):
                own = (each.check, each.is_effect, each.message, each.about)
                causing = (cause.check, cause.is_effect, cause.message, cause.about)
                for problem in chains.problems:
                    found = listed(problem)
                    assert causing not in found or own in found


def _essence(chains: Chains) -> list[object]:
    return [(listed(problem), problem.severity, problem.subject, problem.explained) for problem in chains.problems]
