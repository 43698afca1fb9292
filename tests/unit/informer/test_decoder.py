"""Watch lines byte by byte: any input is an event, a skipped object, or a `KdashError`."""

from __future__ import annotations

import contextlib

import pytest

from k9py.api.errors import KdashError
from k9py.api.kinds import POD
from k9py.informer.decoder import Bookmark, Undecodable, read_line


@pytest.mark.parametrize(
    "data",
    [b'"\xff"', b'{"message":"\xff"}', b'{"metadata":{"resourceVersion":"\xff"}}', b"[" * 100_000 + b"]" * 100_000],
)
@pytest.mark.parametrize("type_", ["ADDED", "DELETED", "BOOKMARK", "ERROR"])
def test_no_bytes_of_an_event_end_the_watch(type_: str, data: bytes) -> None:
    line = b'{"type":"' + type_.encode() + b'", "object":' + data + b"}"
    with contextlib.suppress(KdashError):
        assert isinstance(read_line(POD, line), Undecodable | Bookmark)
