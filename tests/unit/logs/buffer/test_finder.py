"""Filter, hidden sources, context and search over a buffer."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from k9py.logs.buffer.buffer import LogBuffer
from k9py.logs.buffer.finder import Finder
from k9py.logs.buffer.hide_rules import HideRules
from k9py.logs.line import LogLine
from k9py.logs.parsing.level import Level
from tests.unit.logs.buffer.making import API, SIZE, WEB, line, lines, marker

NEVER: Callable[[], bool] = lambda: False  # noqa: E731
ALWAYS: Callable[[], bool] = lambda: True  # noqa: E731


def finder_over(*kept: LogLine, capacity: int = 1 << 20) -> Finder:
    buffer = LogBuffer(capacity)
    buffer.extend(kept)
    return Finder(buffer)


def shown(finder: Finder) -> list[str]:
    finder.advance(NEVER)
    return [entry.text for _, entry in finder.items_between(0, finder.buffer.end)]


def hits(finder: Finder) -> list[int]:
    finder.advance(NEVER)
    assert finder.search is not None
    return list(finder.search.matches.values)


def test_a_filter_never_hides_markers() -> None:
    finder = finder_over(line("a"), marker("lines may be missing"), line("b"))
    finder.set_filter("nothing like this")
    assert shown(finder) == ["lines may be missing"]
    finder.set_filter("")
    assert shown(finder) == ["a", "lines may be missing", "b"]


def test_context_is_what_the_same_container_wrote_around_a_match() -> None:
    stream = [line(f"{name} {number}", target) for number in range(6) for name, target in (("w", WEB), ("a", API))]
    finder = finder_over(*stream)
    finder.set_filter("w 3")
    finder.set_context(1)
    assert shown(finder) == ["w 2", "w 3", "w 4"]
    assert finder.filter is not None
    assert [finder.is_context(number) for number, _ in finder.items_between(0, 99)] == [True, False, True]
    assert [finder.starts_group(number) for number, _ in finder.items_between(0, 99)] == [True, False, False]


def test_context_of_one_container_goes_between_what_others_have_shown_already() -> None:
    finder = finder_over(line("w before", WEB), line("hit", API), line("hit", WEB))
    finder.set_filter("hit")
    finder.set_context(2)
    assert shown(finder) == ["w before", "hit", "hit"]


def test_groups_that_touch_are_one() -> None:
    finder = finder_over(*[line(text) for text in ("x", "a", "x", "x", "a", "x", "x", "x", "x", "a")])
    finder.set_filter("a")
    finder.set_context(1)
    finder.advance(NEVER)
    assert finder.filter is not None
    numbers = list(finder.filter.shown.values)
    assert numbers == [0, 1, 2, 3, 4, 5, 8, 9]
    assert [number for number in numbers if finder.starts_group(number)] == [0, 8]


def test_hidden_containers_take_their_markers_along_and_hidden_levels_do_not() -> None:
    finder = finder_over(
        line("INFO a", WEB), line("ERROR b", WEB), line("c", API), marker("ended", "end", API), marker("all")
    )
    finder.set_hidden(HideRules(containers=frozenset([API.container_key])))
    assert shown(finder) == ["INFO a", "ERROR b", "all"]
    finder.set_hidden(HideRules(levels=frozenset([Level.INFO, Level.UNKNOWN])))
    assert shown(finder) == ["ERROR b", "ended", "all"]
    finder.set_hidden(HideRules())
    assert finder.filter is None


def test_search_looks_only_at_what_the_filter_shows() -> None:
    finder = finder_over(*[line(text) for text in ("a 1", "b 1", "a 2", "b 2", "a 1")])
    finder.set_search("1")
    assert hits(finder) == [0, 1, 4]
    finder.set_filter("a")
    assert hits(finder) == [0, 4]
    finder.set_context(1)
    assert hits(finder) == [0, 1, 4]
    finder.set_hidden(HideRules(levels=frozenset([Level.UNKNOWN])))
    assert hits(finder) == []
    finder.set_hidden(HideRules())
    finder.set_filter("")
    finder.set_search("level>=error")
    assert hits(finder) == []


def test_later_lines_are_filtered_and_searched_too() -> None:
    finder = finder_over(line("a 1"))
    finder.set_filter("a")
    finder.set_search("1")
    assert hits(finder) == [0]
    finder.buffer.extend([line("b 1"), line("a 1")])
    assert finder.is_busy
    assert hits(finder) == [0, 2]
    assert not finder.is_busy


def test_another_filter_takes_over_when_it_has_seen_every_line() -> None:
    finder = finder_over(*[line(f"{name} {number}") for number in range(1000) for name in "ab"])
    finder.set_filter("a")
    finder.advance(NEVER)
    before = finder.item_count
    finder.set_filter("b 1$")
    assert not finder.advance(ALWAYS)
    finder.buffer.extend([line("a new")])
    finder.advance(ALWAYS)
    assert finder.item_count == before + 1
    turn = finder.filter_generation
    assert shown(finder) == ["b 1"]
    assert finder.filter_generation == turn + 1


def test_a_loss_in_the_middle_is_shown_by_a_filter_and_its_hits_are_gone() -> None:
    finder = finder_over(*lines(0, 30), capacity=40 * SIZE)
    finder.set_filter("line")
    finder.set_search("line")
    finder.advance(NEVER)
    finder.buffer.hold(0)
    for start in range(30, 130, 20):
        finder.buffer.extend(lines(start, 20))
        finder.advance(NEVER)
    ((first, end),) = finder.buffer.dropped_ranges
    assert [number for number, _ in finder.items_between(0, 999)] == [*range(first), *range(end - 1, 130)]
    assert hits(finder) == [*range(first), *range(end, 130)]


words = st.sampled_from(["a", "b", "a b", "c", "ERROR a", ""])
target = st.sampled_from([WEB, API])
stream = st.lists(
    st.one_of(st.builds(line, words, target), st.builds(marker, st.just("m"), st.just("note"))), max_size=60
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(stream, max_size=6),
    st.sampled_from(["", "a", "b", "level>=error"]),
    st.sampled_from(["", "b", "a"]),
    st.integers(0, 3),
    st.sampled_from(
        [HideRules(), HideRules(frozenset([API.container_key])), HideRules(levels=frozenset([Level.ERROR]))]
    ),
    st.sampled_from([1 << 20, 30 * SIZE]),
)
def test_slices_find_what_is_found_at_once_and_hits_are_shown(
    batches: list[list[LogLine]], filtered: str, searched: str, context: int, hidden: HideRules, capacity: int
) -> None:
    sliced = Finder(LogBuffer(capacity))
    sliced.set_filter(filtered)
    sliced.set_context(context)
    sliced.set_hidden(hidden)
    sliced.set_search(searched)
    for batch in batches:
        sliced.buffer.extend(batch)
        while not sliced.advance(ALWAYS):
            pass
    sliced.advance(NEVER)
    assert not sliced.is_busy
    kept = list(sliced.buffer.lines_between(0, sliced.buffer.end))
    expected = _expected(kept, filtered, context, hidden)
    items = [number for number, _ in sliced.items_between(0, sliced.buffer.end)]
    if capacity == 1 << 20 or not context:
        assert items == expected
    assert [sliced.number_of(index) for index in range(sliced.item_count)] == items
    assert [sliced.index_of(number) for number in items] == list(range(len(items)))
    if sliced.search is not None:
        wanted = [n for n, entry in kept if n in items and not entry.marker and searched in entry.text]
        assert list(sliced.search.matches.values) == wanted


def _expected(kept: list[tuple[int, LogLine]], filtered: str, context: int, hidden: HideRules) -> list[int]:
    seen = [(number, entry) for number, entry in kept if not hidden.hides(entry)]
    views = {number for number, entry in seen if entry.marker or not filtered}
    for place in (WEB.container_key, API.container_key):
        own = [
            (number, entry.text) for number, entry in seen if not entry.marker and entry.target.container_key == place
        ]
        for at, (_, text) in enumerate(own):
            if filtered and (text.startswith("ERROR") if filtered == "level>=error" else filtered in text):
                views |= {number for number, _ in own[max(0, at - context) : at + context + 1]}
    return sorted(views)


SLOW = line("a" * 2000 + "b")


def test_a_pattern_too_slow_for_a_line_is_reported_and_the_line_counts_as_not_matching() -> None:
    finder = finder_over(line("aaa"), SLOW, line("b"), SLOW)
    finder.set_filter("(a|aa)+$")
    assert shown(finder) == ["aaa"]
    assert finder.filter_query is not None
    assert finder.filter_query.problem_text == "timed out on 2 lines, counted as no match"
    finder.set_context(1)
    shown(finder)
    assert finder.filter_query.problem_text == "timed out on 2 lines, counted as no match"
    finder.set_filter("")
    finder.set_search("(a|aa)+$")
    assert hits(finder) == [0]
    assert finder.search_query is not None
    assert finder.search_query.slow_lines == 2


def test_a_pattern_that_can_be_slow_is_paused_after_each_line() -> None:
    finder = finder_over(*[line("aaa b")] * 5)
    for ask in (finder.set_search, finder.set_filter):
        ask("(a|aa)+$")
        turns = 1
        while not finder.advance(ALWAYS):
            turns += 1
        assert turns >= 5
        assert not finder.is_busy


def test_what_is_dropped_while_a_filter_is_read_is_marked() -> None:
    finder = finder_over(*lines(0, 100), capacity=100 * SIZE)
    finder.set_filter("line .*[05]$")
    finder.advance(NEVER)
    reading = finder.items_between(0, finder.buffer.end)
    assert [next(reading)[1].text for _ in range(2)] == ["line 00000", "line 00005"]
    finder.buffer.extend(lines(100, 30))
    rest = [entry for _, entry in reading]
    assert rest[0].marker == "gap"
    first = finder.buffer.first
    assert rest[0].text.startswith(f"{first - 6} lines dropped")
    assert [entry.text for entry in rest[1:]] == [
        f"line {number:05}" for number in range(100) if number >= first and number % 5 == 0
    ]
