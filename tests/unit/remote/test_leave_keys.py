"""Ctrl+] three times within a second leaves; nothing else does."""

from __future__ import annotations

import pytest

from k9py.remote.leave_keys import LeaveKeys


@pytest.mark.parametrize(
    ("typed", "leaves"),
    [
        ([b"\x1d", b"\x1d", b"\x1d"], True),
        ([b"\x1d\x1d\x1d"], True),
        ([b"\x1b[93;5u"] * 3, True),
        ([b"\x1b[27;5;93~"] * 3, True),
        ([b"\x1b[93;5:1u", b"\x1b[93;5:3u"] * 3, True),
        ([b"\x1d", b"\x1d"], False),
        ([b"\x1d", b"\x1d", b"a", b"\x1d"], False),
        ([b"\x1d" * 300], False),
        ([b"\x1d]\x1d\x1d"], False),
    ],
)
def test_three_presses_in_a_row_leave(typed: list[bytes], leaves: bool) -> None:
    keys = LeaveKeys(lambda: 0.0)
    assert any(keys.pressed(data) for data in typed) is leaves


def test_presses_leave_that_follow_each_other_within_two_seconds() -> None:
    now = [0.0]
    keys = LeaveKeys(lambda: now[0])
    for at, leaves in ((0.0, False), (1.9, False), (4.0, False), (5.9, False), (7.8, True)):
        now[0] = at
        assert keys.pressed(b"\x1d") is leaves
