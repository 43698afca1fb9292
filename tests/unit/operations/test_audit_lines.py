"""Reading the audit file: the writes to one object, whatever else the file contains."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from k9py.operations.audit import AuditLog


def test_lines_of_one_object_come_newest_last_and_broken_ones_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    deep = b'{"uid":"a","x":' + b"[" * 100_000
    path.write_bytes(
        b'{"uid":"a","n":1}\n{"uid":"a","n":\n{"uid":"b","n":"a"}\n["a"]\n\xff{"uid":"a"}\n'
        + deep
        + b'\n\n{"uid":"a","n":2}'
    )
    assert [line["n"] for line in AuditLog(path).lines("a")] == [1, 2]


def test_of_a_long_file_only_the_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    with path.open("w") as file:
        for number in range(3000):
            file.write(json.dumps({"uid": "a", "n": number, "pad": "x" * 1000}) + "\n")
    numbers = [line["n"] for line in AuditLog(path).lines("a")]
    assert numbers == list(range(3000 - len(numbers), 3000))
    assert 900 < len(numbers) < 1100


@pytest.mark.parametrize("trap", ["missing", "directory", "link", "pipe", "none"])
def test_a_foreign_file_gives_no_lines_and_never_blocks(tmp_path: Path, trap: str) -> None:
    path = tmp_path / "audit.jsonl"
    match trap:
        case "directory":
            path.mkdir()
        case "link":
            (tmp_path / "other").write_text('{"uid":"a"}\n')
            path.symlink_to(tmp_path / "other")
        case "pipe":
            os.mkfifo(path)
    assert AuditLog(None if trap == "none" else path).lines("a") == ()
