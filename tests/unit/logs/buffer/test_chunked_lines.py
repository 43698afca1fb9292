"""A list in chunks: what a plain list would answer, and nothing for the garbage collector to walk."""

from __future__ import annotations

import gc

from hypothesis import given
from hypothesis import strategies as st

from k9py.logs.buffer.chunked_lines import CHUNK, ChunkedLines
from k9py.logs.line import WHOLE_STREAM, LogLine

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 3 * CHUNK)),
        st.tuples(st.sampled_from(["oldest", "newest"]), st.floats(0, 1)),
    ),
    max_size=20,
)


def numbered(first: int, count: int) -> list[LogLine]:
    return [LogLine(WHOLE_STREAM, None, str(number)) for number in range(first, first + count)]


@given(STEPS, st.floats(0, 1), st.integers(0, 2 * CHUNK))
def test_it_contains_what_a_list_would(steps: list[tuple[str, float]], place: float, count: int) -> None:
    lines, plain, made = ChunkedLines(), list[LogLine](), 0
    for step, size in steps:
        if step == "add":
            new = numbered(made, int(size))
            made += len(new)
            lines.extend(new)
            plain += new
        elif step == "oldest":
            lines.drop_oldest(gone := int(size * len(plain)))
            del plain[:gone]
        else:
            lines.drop_newest(gone := int(size * len(plain)))
            del plain[len(plain) - gone :]
        assert len(lines) == len(plain)
    start = int(place * len(plain))
    assert list(lines) == plain
    assert list(reversed(lines)) == plain[::-1]
    assert lines.part(start, count) == plain[start : start + count]
    assert [lines[index] for index in range(len(plain))] == plain


def test_the_garbage_collector_walks_none_of_the_older_lines() -> None:
    lines = ChunkedLines()
    lines.extend(numbered(0, 20 * CHUNK))
    gc.collect()
    assert not any(gc.is_tracked(chunk) for chunk in lines._chunks)
