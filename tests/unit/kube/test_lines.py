"""Splitting streams into lines, in whatever pieces the bytes arrive."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from k9py.kube.lines import EventLines, LogLines
from k9py.logs.source import PartialLine

CHUNKS = st.lists(st.text("ab\n", max_size=12).map(str.encode), max_size=30)


@given(CHUNKS)
def test_events_are_the_same_lines_however_the_bytes_arrive(chunks: list[bytes]) -> None:
    lines = EventLines()
    split = [line for chunk in chunks for line in lines.feed(chunk)]
    *complete, rest = b"".join(chunks).split(b"\n")
    assert split == [line for line in complete if line]
    assert lines.has_incomplete_line is bool(rest)


@given(CHUNKS)
def test_log_lines_are_the_same_however_the_bytes_arrive(chunks: list[bytes]) -> None:
    lines = LogLines()
    split = [line for chunk in chunks for line in lines.feed(chunk)] + lines.finish()
    whole = b"".join(chunks).split(b"\n")
    assert split == (whole if whole[-1] else whole[:-1])


@given(CHUNKS, st.integers(1, 5))
def test_a_log_line_is_cut_at_the_limit_with_a_note(chunks: list[bytes], limit: int) -> None:
    lines = LogLines(limit)
    split = [line for chunk in chunks for line in lines.feed(chunk)] + lines.finish()
    whole = b"".join(chunks).split(b"\n")
    for line, original in zip(split, whole, strict=False):
        if len(original) <= limit:
            assert line == original
        else:
            assert line == original[:limit] + f" … [{len(original) - limit} more bytes cut]".encode()


def test_a_log_line_without_end_is_held_only_up_to_the_limit() -> None:
    lines = LogLines(1000)
    for _ in range(1000):
        assert lines.feed(b"x" * 10_000) == []
    assert lines.feed(b"\nnext\n") == [b"x" * 1000 + " … [9999000 more bytes cut]".encode(), b"next"]


def test_an_event_of_many_chunks_arrives_whole() -> None:
    lines = EventLines()
    for _ in range(200):
        assert lines.feed(b"x" * 65536) == []
    assert lines.feed(b"\n") == [b"x" * 65536 * 200]
    assert not lines.has_incomplete_line


def test_the_unterminated_last_line_of_a_log_is_marked() -> None:
    lines = LogLines(4)
    assert not any(isinstance(line, PartialLine) for line in lines.feed(b"whole\nab"))
    (rest,) = lines.finish()
    assert isinstance(rest, PartialLine)
    assert rest.is_beginning_of(b"abc")
    assert not rest.is_beginning_of(b"a")
    assert lines.finish() == []
    lines.feed(b"abcdefg")
    (rest,) = lines.finish()
    assert isinstance(rest, PartialLine)
    assert rest.is_beginning_of(b"abcd \xe2\x80\xa6 [9 more bytes cut]")
