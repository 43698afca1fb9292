"""The suspects of the worst problems: searched until nothing can change them, and what they read is released."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from k9py.api.meta import ObjectRef
from k9py.api.severity import Severity
from k9py.cluster.graph import ClusterGraph
from k9py.cluster.reads import ReadGraph
from k9py.cluster.triage.pacing import PassSlices
from k9py.cluster.triage.suspect_search import MAX_PROBLEMS, SuspectSearch
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.graph import NotReadError
from k9py.diagnosis.problem import Problem, Suspect
from tests.factories import NOW
from tests.factories.graph import GraphOfObjects

OLD = NOW - timedelta(minutes=10)


def problem(name: str = "web", *, since: datetime | None = OLD, severity: Severity = Severity.DOWN) -> Problem:
    about = ObjectRef("Pod", "shop", name)
    return Problem(Finding(severity, "Reason", "broken", about), severity, about, (about,), since=since)


SUSPECT = Suspect(OLD, ObjectRef("ConfigMap", "shop", "config"), "changed", "alice", "managedFields")


class Search:
    """A search over what a test says, and how often it ran."""

    def __init__(self, find: Callable[[Problem], tuple[Suspect, ...]] = lambda _: (SUSPECT,)) -> None:
        self.reads = ReadGraph()
        self.loading = 0
        self.is_there = True
        self.ran: list[str] = []
        self.woken = 0
        self._find = find
        self.search = SuspectSearch(self.reads, self._run, lambda: self.loading, self._wake)

    def _run(self, problem: Problem, graph: ClusterGraph) -> tuple[Suspect, ...]:
        self.ran.append(problem.subject.name)
        self.reads.record("something")
        self.loading += not self.is_there
        return self._find(problem)

    def _wake(self) -> None:
        self.woken += 1

    async def look(self, *problems: Problem) -> tuple[Problem, ...]:
        self.search.choose(problems)
        await self.search.run(problems, GraphOfObjects, PassSlices())
        return tuple(map(self.search.with_suspects, problems))


async def test_a_problem_gets_its_suspects_once() -> None:
    search = Search()

    for _ in range(2):
        (with_suspects,) = await search.look(problem())
        assert with_suspects.suspects == (SUSPECT,)

    assert search.ran == ["web"]
    assert not search.reads.is_read("something")


async def test_a_search_runs_again_when_what_it_reads_is_there() -> None:
    search = Search()
    search.is_there = False
    await search.look(problem())
    assert search.reads.is_read("something")
    assert search.search.is_settled

    search.is_there = True
    search.reads.mark(["something"])
    assert (search.woken, search.search.is_settled) == (1, False)
    await search.look(problem())

    assert search.ran == ["web", "web"]
    assert not search.reads.is_read("something")


async def test_a_problem_that_has_just_begun_may_get_more_suspects() -> None:
    search = Search()
    await search.look(problem(since=NOW - timedelta(minutes=1)))

    assert search.reads.is_read("something")


async def test_other_objects_of_a_problem_are_searched_too() -> None:
    search = Search()
    first = problem()
    await search.look(first)
    await search.look(Problem(first.root, first.severity, first.subject, (*first.objects, SUSPECT.about), since=OLD))

    assert search.ran == ["web", "web"]


async def test_only_problems_that_began_at_a_known_time_are_searched_and_only_the_worst() -> None:
    search = Search()
    await search.look(
        problem("unknown", since=None),
        problem("note", severity=Severity.INFO),
        *(problem(f"p{number:02}") for number in range(MAX_PROBLEMS + 3)),
    )

    assert search.ran == [f"p{number:02}" for number in range(MAX_PROBLEMS)]


async def test_a_search_that_raises_is_named() -> None:
    def fail(problem: Problem) -> tuple[Suspect, ...]:
        raise (NotReadError("Pod") if problem.subject.name == "unread" else ValueError("no such field"))

    search = Search(fail)
    await search.look(problem("unread"))
    assert search.search.error == ""

    await search.look(problem())
    assert search.search.error == "ValueError: no such field"


async def test_what_a_problem_that_is_over_read_is_released() -> None:
    search = Search()
    search.is_there = False
    await search.look(problem())

    await search.look()

    assert not search.reads.is_read("something")
