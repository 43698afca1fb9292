"""Where a log view stands, whatever comes in and however the person moves: properties, without a screen."""

from __future__ import annotations

from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from k9py.logs.buffer.buffer import LogBuffer, size_of
from k9py.logs.buffer.finder import Finder
from k9py.tui.widgets.log_view.window import HEAD, RULE, LogWindow
from tests.tui.widgets.log_host import numbered

Step = tuple[Literal["add", "cursor", "pages", "scroll", "go_to", "filter", "context", "hold", "follow", "oldest"], int]
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 60)),
        st.tuples(st.just("cursor"), st.sampled_from([-1, 1])),
        st.tuples(st.just("pages"), st.sampled_from([-1, 1])),
        st.tuples(st.just("scroll"), st.integers(-5, 5)),
        st.tuples(st.just("go_to"), st.integers(0, 400)),
        st.tuples(st.just("filter"), st.integers(0, 3)),
        st.tuples(st.just("context"), st.integers(0, 2)),
        st.tuples(st.sampled_from(["hold", "follow", "oldest"]), st.just(0)),
    ),
    max_size=25,
)
FILTERS = ("", "5$", "line 0", "nothing")
ROOM = 200 * size_of(numbered(1)[0])


class Walk:
    """A window over a buffer of 200 lines, every seventh of three rows, and what is done to it."""

    def __init__(self, page: int) -> None:
        self.page = page
        self.finder = Finder(LogBuffer(ROOM))
        self.window = LogWindow(self.finder, lambda number: 3 if number % 7 == 0 else 1, lambda: page)

    def take(self, step: Step) -> None:
        """Do a step and let the view settle as its widget does."""
        window, finder = self.window, self.finder
        what, amount = step
        turn = finder.filter_generation
        if what == "add":
            finder.buffer.extend(numbered(amount, finder.buffer.end))
        elif what == "cursor":
            window.move_cursor(amount)
        elif what == "pages":
            window.move_pages(amount)
        elif what == "scroll":
            window.scroll(amount)
        elif what == "go_to":
            window.go_to(amount, middle=True)
        elif what == "filter":
            finder.set_filter(FILTERS[amount])
        elif what == "context":
            finder.set_context(amount)
        elif what == "hold":
            window.hold()
        elif what == "follow":
            window.follow()
        else:
            window.go_to_oldest()
        finder.advance(lambda: False)
        if finder.filter_generation != turn and not window.following:
            window.reveal()
        window.choose()

    def all_rows(self) -> list[tuple[int, int]]:
        """Return every row there is."""
        head = [(HEAD, 0)] if self.finder.buffer.dropped_before_first and self.finder.item_count else []
        rows = []
        for index in range(self.finder.item_count):
            number = self.finder.number_of(index)
            ruled = index > 0 and self.finder.starts_group(number)
            rows += [(number, row) for row in range(RULE if ruled else 0, 3 if number % 7 == 0 else 1)]
        return head + rows


@settings(max_examples=300, deadline=None)
@given(steps, st.integers(2, 12), st.integers(0, 250))
def test_the_rows_are_a_piece_of_all_rows_and_the_cursor_is_among_them(
    steps: list[Step], page: int, filled: int
) -> None:
    walk = Walk(page)
    walk.take(("add", filled))
    for step in steps:
        before = list(walk.window.rows)
        walk.take(step)
        rows, everything = walk.window.rows, walk.all_rows()
        assert len(rows) == min(page, len(everything))
        if not everything:
            continue
        at = everything.index(rows[0])
        assert rows == everything[at : at + len(rows)]
        assert walk.finder.buffer.bytes <= ROOM
        if walk.window.following:
            assert rows[-1] == everything[-1]
            assert walk.window.cursor_number is None
            assert not walk.finder.buffer.held
        else:
            cursor = walk.window.cursor_number
            assert cursor is not None
            assert walk.finder.shows(cursor)
            if step[0] in ("cursor", "pages", "scroll", "go_to", "hold", "filter", "context"):
                assert walk.window.shows(cursor)
            if step[0] == "add" and len(before) == page:
                assert rows == before or not set(before) <= set(everything)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 12), st.integers(1, 250))
def test_down_from_the_oldest_visits_every_line_and_then_follows(page: int, filled: int) -> None:
    walk = Walk(page)
    walk.take(("add", filled))
    walk.take(("oldest", 0))
    visited = []
    while not walk.window.following:
        cursor = walk.window.cursor_number
        if cursor not in visited:
            visited.append(cursor)
        walk.take(("cursor", 1))
    assert visited == [number for number, _ in walk.finder.items_between(0, filled)]
