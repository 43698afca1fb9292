"""Timestamps and bounds of a single line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from k9py.logs.line import MAX_TEXT_CHARS, Timestamp, parse_timestamp, split_line, undecoded_bytes

AT = datetime(2026, 11, 22, 6, 49, 40, 400000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2026-11-22T06:49:40.400000000Z", Timestamp(AT, 0)),
        ("2026-11-22T06:49:40.4Z", Timestamp(AT, 0)),
        ("2026-11-22T06:49:40.400000123Z", Timestamp(AT, 123)),
        ("2026-11-22T06:49:40.40000012Z", Timestamp(AT, 120)),
        ("2026-11-22T06:49:40Z", Timestamp(AT.replace(microsecond=0), 0)),
        ("2026-11-22T08:49:40.400000123+02:00", Timestamp(AT.astimezone(timezone(timedelta(hours=2))), 123)),
        ("2026-11-22T06:49:40", None),
        ("2026-13-22T06:49:40Z", None),
        ("GET", None),
    ],
)
def test_timestamps_keep_their_nanoseconds(raw: str, expected: Timestamp | None) -> None:
    assert parse_timestamp(raw) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"2026-11-22T06:49:40.400000000Z GET / 200", ("2026-11-22T06:49:40.400000000Z", "GET / 200")),
        (b"2026-11-22T06:49:40.400000000Z ", ("2026-11-22T06:49:40.400000000Z", "")),
        (b"2026-11-22T06:49:40.400000000Z  indented", ("2026-11-22T06:49:40.400000000Z", " indented")),
        (b"no timestamp here", ("", "no timestamp here")),
        (b"", ("", "")),
        (b"2026-11-22T06:49:40.400000000Z \xff\xfe", ("2026-11-22T06:49:40.400000000Z", "\ufffd\ufffd")),
    ],
)
def test_a_line_is_its_timestamp_and_its_text(line: bytes, expected: tuple[str, str]) -> None:
    assert split_line(line) == expected


STAMP = b"2026-11-22T06:49:40.400000000Z "
LATER = b"2026-11-22T06:49:40.400000900+01:00 "


@pytest.mark.parametrize("size", [16_384, 8_192])
def test_timestamps_before_the_pieces_of_a_long_line_are_taken_out(size: int) -> None:
    piece = "é".encode() * (size // 2)
    raw, text = split_line(STAMP + piece + LATER + piece + LATER + b"end")
    assert (raw, text) == (STAMP[:-1].decode(), (piece * 2 + b"end").decode())


@pytest.mark.parametrize("before", [16_383, 16_385, 100])
def test_a_timestamp_a_container_wrote_into_a_long_line_stays(before: int) -> None:
    line = STAMP + b"x" * before + LATER + b"y" * 20_000
    assert split_line(line)[1] == line[len(STAMP) :].decode()


def test_a_line_of_megabytes_is_truncated_with_a_note() -> None:
    _, text = split_line(b"2026-11-22T06:49:40.400000000Z " + b"x" * (MAX_TEXT_CHARS + 10))
    assert len(text) < MAX_TEXT_CHARS + 100
    assert text.endswith("(cut: 10 more characters)")


@pytest.mark.parametrize(
    "raw", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "1969-12-31T23:59:59Z", "2201-01-01T00:00:00Z"]
)
def test_a_year_no_node_can_write_is_no_timestamp(raw: str) -> None:
    assert parse_timestamp(raw) is None


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (b"2026-11-30T07:00:00Z caf\xe9 \x80", b"caf\xe9 \x80"),
        (b"no timestamp, caf\xe9", b"no timestamp, caf\xe9"),
        ("2026-11-30T07:00:00Z caf\u00e9".encode(), b""),
        ("2026-11-30T07:00:00Z written so: \ufffd".encode(), b""),
    ],
)
def test_undecodable_bytes_are_kept_with_the_text(line: bytes, kept: bytes) -> None:
    assert undecoded_bytes(line, split_line(line)[1]) == kept
