"""The audit of accesses to containers: opened before anything is sent, closed whatever happens, refused read-only."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from k9py.api.errors import ConfigError, ConnectionFailedError, ReadOnlyError
from k9py.api.meta import ObjectRef
from k9py.operations.access_records import AccessRecords
from k9py.operations.audit import AuditLog, Identity
from tests.factories.meta import before

POD = ObjectRef("Pod", "shop", "web-1")


def records(path: Path, *, read_only: bool = False, is_replay: bool = False) -> AccessRecords:
    identity = Identity("ctx", "ann", "https://here", "os")
    return AccessRecords(
        AuditLog(path),
        identity,
        read_only=read_only,
        is_replay=is_replay,
        now=lambda: before(0),
        new_id=lambda: "1",
    )


def lines(path: Path) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()] if path.exists() else []


async def test_an_access_is_stored_before_it_and_closed_with_its_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    async with records(path).recorded("exec", POD, "exec", container="app", command=["ls", "-l"]) as record:
        assert [line["event"] for line in lines(path)] == ["open"]
        record.exit_code = 3
    opened, closed = lines(path)
    assert (opened["action"], opened["name"], opened["container"], opened["command"]) == (
        "exec",
        "web-1",
        "app",
        ["ls", "-l"],
    )
    assert (closed["event"], closed["outcome"], closed["exit_code"], closed["id"]) == ("close", "done", 3, opened["id"])


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ConnectionFailedError("lost"), "failed"),
        (asyncio.CancelledError(), "cancelled"),
        (ValueError(), "failed"),
        (BrokenPipeError(), "cancelled"),
    ],
)
async def test_whatever_ends_an_access_is_recorded(tmp_path: Path, error: BaseException, outcome: str) -> None:
    path = tmp_path / "audit.jsonl"
    with pytest.raises(type(error)):
        async with records(path).recorded("shell", POD, "shell"):
            raise error
    assert lines(path)[-1]["outcome"] == outcome


@pytest.mark.parametrize(("read_only", "is_replay"), [(True, False), (False, True), (True, True)])
async def test_a_read_only_session_and_a_replay_open_nothing(tmp_path: Path, read_only: bool, is_replay: bool) -> None:
    path = tmp_path / "audit.jsonl"
    accesses = records(path, read_only=read_only, is_replay=is_replay)
    with pytest.raises(ReadOnlyError):
        async with accesses.recorded("shell", POD, "shell in web-1"):
            pytest.fail("it was opened")
    assert lines(path) == []


async def test_ports_may_be_reached_read_only_but_not_in_a_replay(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    async with records(path, read_only=True).recorded("forward", POD, "forward", may_change=False):
        pass
    assert len(lines(path)) == 2
    with pytest.raises(ReadOnlyError):
        records(path, is_replay=True).refuse("forward", may_change=False)


async def test_nothing_is_opened_that_cannot_be_recorded(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="audit record"):
        async with records(tmp_path).recorded("shell", POD, "shell"):  # the path is a directory
            pytest.fail("it was opened")
