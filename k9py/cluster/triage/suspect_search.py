"""Find the suspects of the worst problems, and keep them.

Invariants: a search runs again while what it reads is being read, or may still change it; then its result stays until
the problem is another one, and what it read is released, so that no watch is kept for it. A search that raises finds
nothing, and is named in `error`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.api.text import bounded
from k9py.cluster.graph import ClusterGraph
from k9py.cluster.reads import ReadGraph, TrackedReads
from k9py.cluster.triage.pacing import PassSlices
from k9py.diagnosis.graph import NotReadError
from k9py.diagnosis.problem import Problem, ProblemId, Suspect
from k9py.diagnosis.suspects import beginning

MAX_PROBLEMS: Final = 20
"""Problems, the worst first, whose suspects are searched."""

_OPEN_FOR: Final = timedelta(minutes=3)
"""A change this long after a problem began may still become a suspect."""

Find = Callable[[Problem, ClusterGraph], tuple[Suspect, ...]]

_Key = tuple[ProblemId, datetime]


@dataclass(slots=True)
class _Search:
    """One search: its reads are stale when it has to run (again)."""

    reads: TrackedReads
    suspects: tuple[Suspect, ...] = ()
    is_final: bool = False
    error: str = ""
    objects: tuple[ObjectRef, ...] = ()


class SuspectSearch:
    """The suspects of problems.

    Args:
        find: returns the suspects of a problem.
        loading: returns a number that grows whenever something that is read is not there yet.
        on_stale: called when a search has to run again.

    Attributes:
        version: grows when other suspects are found.
    """

    def __init__(self, reads: ReadGraph, find: Find, loading: Callable[[], int], on_stale: Callable[[], None]) -> None:
        self.version = 0
        self._reads = reads
        self._find = find
        self._loading = loading
        self._on_stale = on_stale
        self._searches: dict[_Key, _Search] = {}

    def with_suspects(self, problem: Problem) -> Problem:
        """Return a problem with the suspects that are known."""
        key = _key(problem)
        search = None if key is None else self._searches.get(key)
        return replace(problem, suspects=search.suspects) if search is not None and search.suspects else problem

    @property
    def is_settled(self) -> bool:
        """Whether no search has to run."""
        return all(search.is_final or not search.reads.is_stale for search in self._searches.values())

    @property
    def error(self) -> str:
        """Why a search failed when it ran last, "" when none did."""
        return next((search.error for search in self._searches.values() if search.error), "")

    def choose(self, problems: Sequence[Problem]) -> None:
        """Search for the suspects of the worst problems, and forget those of problems that are over."""
        wanted: dict[_Key, Problem] = {}
        for problem in problems[: MAX_PROBLEMS * 2]:
            key = _key(problem)
            if key is not None and problem.severity.is_problem and len(wanted) < MAX_PROBLEMS:
                wanted[key] = problem
        for key in [key for key in self._searches if key not in wanted]:
            self._searches.pop(key).reads.close()
        for key, problem in wanted.items():
            search = self._searches.get(key)
            if search is None:
                self._searches[key] = _Search(
                    self._reads.track(None, lambda _: self._on_stale()), objects=problem.objects
                )
            elif search.objects != problem.objects:
                search.objects = problem.objects
                search.is_final = False
                search.reads.close()

    async def run(
        self, problems: Sequence[Problem], make_graph: Callable[[], ClusterGraph], slices: PassSlices
    ) -> None:
        """Run the searches that have to."""
        graph = make_graph()
        for problem in problems[: MAX_PROBLEMS * 2]:
            key = _key(problem)
            search = None if key is None else self._searches.get(key)
            if key is None or search is None or search.is_final or not search.reads.is_stale:
                continue
            self._run(search, problem, key[1], graph)
            if await slices.pause():
                graph = make_graph()

    def _run(self, search: _Search, problem: Problem, began: datetime, graph: ClusterGraph) -> None:
        loading = self._loading()
        search.error = ""
        with self._reads.collecting() as tokens:
            try:
                suspects = self._find(problem, graph)
            except NotReadError:
                suspects = ()
            except Exception as error:  # noqa: BLE001 (a problem without its suspects is better than none)
                suspects = ()
                search.error = bounded(f"{type(error).__name__}: {error}", 200)
        if suspects != search.suspects:
            search.suspects = suspects
            self.version += 1
        if self._loading() == loading and graph.now - began > _OPEN_FOR:
            search.is_final = True
        else:
            self._reads.register(search.reads, tokens)

    def clear(self) -> None:
        """Forget everything."""
        for search in self._searches.values():
            search.reads.close()
        self._searches.clear()


def _key(problem: Problem) -> _Key | None:
    """Return what a problem is recognized by; None when its beginning is unknown: then it has no suspects."""
    began = beginning(problem)
    return None if began is None else (problem.id, began)
