"""What was chosen for tables is kept, and a broken file harms nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from k9py.config.table_state import TableState


def test_a_choice_is_there_in_the_next_session(tmp_path: Path) -> None:
    path = tmp_path / "state" / "tables.json"
    TableState(path).put("pods", {"wide": True})
    assert TableState(path).get("pods") == {"wide": True}
    assert TableState(path).get("nodes") == {}
    TableState(path).put("pods", {})
    assert TableState(path).get("pods") == {}


def test_two_sessions_keep_each_others_tables(tmp_path: Path) -> None:
    first, second = TableState(tmp_path / "tables.json"), TableState(tmp_path / "tables.json")
    assert (first.get("pods"), second.get("pods")) == ({}, {})
    first.put("pods", {"wide": True})
    second.put("nodes", {"wide": True})
    assert TableState(tmp_path / "tables.json").get("pods") == {"wide": True}


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"[]", b'{"tables": 3}', b'{"tables": {"pods": 1}}', b"[" * 100_000]
)
def test_a_broken_file_is_an_empty_one(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "tables.json"
    path.write_bytes(content)
    assert TableState(path).get("pods") == {}
    TableState(path).put("pods", {"wide": True})
    assert TableState(path).get("pods") == {"wide": True}


def test_what_cannot_be_written_holds_for_the_session(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    state = TableState(tmp_path / "file" / "tables.json")
    with pytest.raises(OSError, match="file"):
        state.put("pods", {"wide": True})
    assert state.get("pods") == {"wide": True}
