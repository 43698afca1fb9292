"""Define a check: a pure function that looks at one object and what belongs to it, and yields findings.

To add one: a function with `@check(...)` in a module of `checks/`. Nothing else names it: the registry, the engine, the
muting by id and README's table follow. Invariant: a check without proof yields nothing; it never guesses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from k9py.api.kinds import Kind
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import Graph, NotReadError

CheckFunction = Callable[[Any, Graph], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """One check.

    Args:
        id: stable, published (JSON, muting): `pod-crash-loop`.
        title: what it finds, a clause for the table of checks: `a container crashes again and again`.
        subjects: kinds whose objects it looks at.
        reads: other kinds that it may read, by name (`ConfigMap`, `Event`).
        source: address of the Kubernetes documentation or source of its rule.
        remedy: what helps in general, in the imperative.
        function: yields the findings about one object, or about objects that this one shows to be wrong.
    """

    id: str
    title: str
    subjects: tuple[Kind[Any], ...]
    reads: tuple[str, ...]
    source: str
    remedy: str
    function: CheckFunction

    def run(self, subject: Any, graph: Graph) -> Iterator[Finding]:
        """Yield the findings, each with this id and, where it has none of its own, the general remedy."""
        try:
            for finding in self.function(subject, graph):
                if finding.check and finding.remedy:
                    yield finding
                else:
                    yield replace(finding, check=finding.check or self.id, remedy=finding.remedy or self.remedy)
        except NotReadError:
            return  # the report names what has not been read


def check(
    check_id: str,
    title: str,
    *,
    subjects: tuple[Kind[Any], ...],
    reads: tuple[str, ...] = (),
    source: str,
    remedy: str,
) -> Callable[[CheckFunction], Check]:
    """Make a check of a function; see `Check`."""
    return lambda function: Check(check_id, title, subjects, reads, source, remedy, function)
