"""Times as the API writes them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from k9py.api.times import parse_rfc3339, rfc3339

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_a_time_is_written_in_utc_with_a_z() -> None:
    assert (rfc3339(NOON), rfc3339(None)) == ("2026-11-30T12:00:00Z", None)


@pytest.mark.parametrize("value", [None, 7, "", "yesterday", "2026-11-30T12:00:00", ["2026-11-30T12:00:00Z"]])
def test_a_text_without_a_time_and_zone_is_unknown(value: object) -> None:
    assert parse_rfc3339(value) is None


def test_a_written_time_is_read_back() -> None:
    assert parse_rfc3339(rfc3339(NOON)) == NOON
