"""Which problems concern some namespaces, and which are elsewhere in the cluster. Pure.

A problem concerns a namespace when it is about an object in it, about the namespace itself, or explains something
there: so a lost node concerns the namespaces whose pods it ran.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from k9py.api.meta import ObjectRef
from k9py.diagnosis.problem import Effect, Problem, TriageReport
from k9py.views.tones import COUNTED_SEVERITIES, count_text


@dataclass(frozen=True, slots=True)
class RankedReport:
    """A report of some namespaces.

    Args:
        report: with the problems that concern them.
        elsewhere: the others, of objects of the whole cluster.
    """

    report: TriageReport
    elsewhere: tuple[Problem, ...] = ()


def ranked_in(report: TriageReport, namespaces: Collection[str]) -> RankedReport:
    """Return the report of some namespaces; () of everything."""
    if not namespaces:
        return RankedReport(report)
    here = tuple(problem for problem in report.problems if concerns(problem, namespaces))
    elsewhere = tuple(problem for problem in report.problems if problem not in here)
    return RankedReport(replace(report, problems=here), elsewhere)


def concerns(problem: Problem, namespaces: Collection[str]) -> bool:
    """Return whether a problem concerns one of some namespaces."""
    refs = (problem.subject, problem.root.about, *problem.objects, *_explained(problem.effects))
    return any(ref.namespace in namespaces or (ref.kind == "Namespace" and ref.name in namespaces) for ref in refs)


def elsewhere_text(problems: Collection[Problem]) -> str:
    """Return how many problems there are elsewhere: `elsewhere: 4 degraded · 9 warnings`; "" for none."""
    counts = Counter(problem.severity for problem in problems)
    counted = " · ".join(count_text(severity, counts[severity]) for severity in COUNTED_SEVERITIES if counts[severity])
    return f"elsewhere: {counted}" if counted else ""


def _explained(effects: tuple[Effect, ...]) -> Iterator[ObjectRef]:
    for effect in effects:
        yield effect.finding.about
        yield from effect.objects
        yield from _explained(effect.effects)
