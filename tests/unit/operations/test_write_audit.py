"""The audit file of a write: who may read it, and that nothing is sent without its line."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from k9py.api.errors import (
    ConfigError,
    ForbiddenError,
)
from k9py.api.meta import ObjectRef
from k9py.operations.audit import AuditLog
from k9py.operations.scale import plan_scale
from k9py.operations.write import Writer
from tests import factories as make
from tests.unit.operations.fake_server import FakeServer
from tests.unit.operations.writing import IDENTITY, all_lines, change, lines, writer


@pytest.mark.parametrize("umask", [0, 0o022, 0o777])
async def test_the_file_and_every_directory_made_for_it_are_for_its_owner_alone(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "home" / "state" / "kdash" / "audit.jsonl"
    server = FakeServer(make.raw_deployment())
    before = os.umask(umask)
    try:
        await writer(server, path).write(change(server.obj), dry_run=False)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    made = (path.parent, path.parent.parent, path.parent.parent.parent)
    assert [stat.S_IMODE(path.stat().st_mode) for path in made] == [0o700] * 3


async def test_a_directory_that_was_there_keeps_its_mode(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    server = FakeServer(make.raw_deployment())
    await writer(server, shared / "kdash" / "audit.jsonl").write(change(server.obj), dry_run=False)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755


async def test_a_file_readable_by_others_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text('{"event":"old"}\n')
    path.chmod(0o644)
    server = FakeServer(make.raw_deployment())
    await writer(server, path).write(change(server.obj), dry_run=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [record["event"] for record in all_lines(path)] == ["old", "begin", "write"]


async def test_a_line_after_a_cut_one_begins_on_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text('{"cut')
    server = FakeServer(make.raw_deployment())
    await writer(server, path).write(change(server.obj), dry_run=False)
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()[1:]] == ["begin", "write"]


@pytest.mark.parametrize(
    ("trap", "why"),
    [
        ("directory", "Is a directory"),
        ("link", "it is a symbolic link"),
        ("hard link", "it has another name"),
        ("pipe", "it is not a regular file"),
        ("full device", "it is not a regular file"),
        ("file in the way", "is not a directory"),
    ],
)
async def test_nothing_is_sent_when_the_audit_file_cannot_be_written(tmp_path: Path, trap: str, why: str) -> None:
    path, other = tmp_path / "audit.jsonl", tmp_path / "other"
    match trap:
        case "directory":
            path.mkdir()
        case "link":
            path.symlink_to(other)
        case "hard link":
            other.write_text("")
            path.hardlink_to(other)
        case "pipe":
            os.mkfifo(path)
        case "full device":
            path = Path("/dev/full")
        case "file in the way":
            other.write_text("")
            path = other / "audit.jsonl"
    server = FakeServer(make.raw_deployment())
    with pytest.raises(ConfigError, match="cannot be written") as caught:
        await writer(server, path).write(change(server.obj), dry_run=False)
    assert why in caught.value.message
    assert "nothing was changed" in caught.value.hint
    assert server.sent == []
    assert not other.is_file() or other.read_text() == ""


def disk(*room: int) -> Callable[[int, bytes], int]:
    """Return a `write` that takes so many bytes at each call, and is full after the last."""
    left, real = list(room), os.write

    def write(descriptor: int, line: bytes) -> int:
        if not left:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(descriptor, line[: left.pop(0)])

    return write


@pytest.mark.parametrize(
    ("room", "why"), [((), "No space left on device"), ((20,), "only part of the line was stored")]
)
async def test_nothing_is_sent_when_the_audit_line_does_not_fit_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: tuple[int, ...], why: str
) -> None:
    server, path = FakeServer(make.raw_deployment()), tmp_path / "audit.jsonl"
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", disk(*room))
        with pytest.raises(ConfigError, match=f"cannot be written: {why}") as caught:
            await writer(server, path).write(change(server.obj), dry_run=False)
    assert "nothing was changed" in caught.value.hint
    assert server.sent == []
    await writer(server, path).write(change(server.obj), dry_run=False)
    assert [json.loads(record)["event"] for record in path.read_text().splitlines()[-2:]] == ["begin", "write"]


async def test_a_disk_that_is_full_only_when_it_syncs_stops_the_write_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    server = FakeServer(make.raw_deployment())
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="Disk quota exceeded"):
        await writer(server, tmp_path / "audit.jsonl").write(change(server.obj), dry_run=False)
    assert server.sent == []


@pytest.mark.parametrize(
    ("room", "why"), [((10_000,), "No space left on device"), ((10_000, 5), "only part of the line was stored")]
)
async def test_a_failed_audit_line_after_the_write_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: tuple[int, ...], why: str
) -> None:
    server, path = FakeServer(make.raw_deployment()), tmp_path / "audit.jsonl"
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", disk(*room))
        written = await writer(server, path).write(change(server.obj), dry_run=False)
    assert written.audit_problem == why
    assert server.obj["spec"]["replicas"] == 5


async def test_a_refusal_whose_line_cannot_be_stored_says_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = FakeServer(make.raw_deployment(), fails=[ForbiddenError("you may not", "ask", code=403)])
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", disk(10_000))
        with pytest.raises(ForbiddenError, match="you may not") as caught:
            await writer(server, tmp_path / "audit.jsonl").write(change(server.obj), dry_run=False)
    assert caught.value.hint == "ask; and the audit record was not stored: No space left on device"


async def test_a_write_cancelled_while_its_line_is_stored_is_not_sent_and_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, path = FakeServer(make.raw_deployment()), tmp_path / "audit.jsonl"
    syncing, goes_on, real = threading.Event(), threading.Event(), os.fsync

    def slow(descriptor: int) -> None:
        syncing.set()
        goes_on.wait(60)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", slow)
    running = asyncio.create_task(writer(server, path).write(change(server.obj), dry_run=False))
    assert await asyncio.to_thread(syncing.wait, 60)
    running.cancel()
    goes_on.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert server.sent == []
    assert [(record["event"], record.get("outcome")) for record in all_lines(path)] == [
        ("begin", None),
        ("write", "failed"),
    ]


async def test_without_a_path_writing_works_and_keeps_nothing() -> None:
    server = FakeServer(make.raw_deployment())
    written = await writer(server).write(change(server.obj), dry_run=False)
    assert written.audit_problem == ""
    assert len(server.sent) == 1


# --- what became of it ---------------------------------------------------------------------------------------------


async def test_the_outcome_completes_the_write_with_a_second_line_of_the_same_id(tmp_path: Path) -> None:
    server, path = FakeServer(make.raw_deployment()), tmp_path / "audit.jsonl"
    its = writer(server, path)
    written = await its.write(change(server.obj), dry_run=False)
    assert its.record_end(written, "converged", "converged in 12 s", 12.04) == ""
    first, second = lines(path)
    assert (first["event"], first["id"], first["outcome"]) == ("write", "write-1", "done")
    assert second == {
        "time": "2026-11-22T12:00:00.000Z",
        "event": "followed",
        "id": "write-1",
        "context": "prod",
        "server": "https://cluster.example.com",
        "user": "ann",
        "os_user": "ann",
        "action": "scale",
        "group": "apps",
        "kind": "Deployment",
        "namespace": "shop",
        "name": "checkout",
        "uid": "deployment-checkout",
        "outcome": "converged",
        "words": "converged in 12 s",
        "seconds": 12.0,
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_an_outcome_that_cannot_be_stored_is_reported_not_raised(tmp_path: Path) -> None:
    server, path = FakeServer(make.raw_deployment()), tmp_path / "audit.jsonl"
    its = writer(server, path)
    written = await its.write(change(server.obj), dry_run=False)
    path.unlink()
    path.mkdir()
    assert "cannot be written" in its.record_end(written, "stalled", "no such image", 3)
    assert writer(server).record_end(written, "stalled", "no such image", 3) == "", "no file is kept"


async def test_every_write_has_an_id_of_its_own(tmp_path: Path) -> None:
    server, path = FakeServer(make.raw_deployment()), tmp_path / "audit.jsonl"
    plain = Writer(server, server, read_only=False, audit=AuditLog(path), identity=IDENTITY)
    ids = {(await plain.write(plan_scale(server.obj, replicas), dry_run=False)).audit_id for replicas in (5, 6)}
    assert ids == {record["id"] for record in lines(path)}
    assert len(ids) == 2
    assert (await plain.write(plan_scale(server.obj, 7), dry_run=True)).audit_id == ""


# -- values of Secrets that are shown ---------------------------------------------------------------------------------

SECRET = ObjectRef("Secret", "shop", "db")


async def test_a_reveal_has_a_line_with_the_key_and_who_looked(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    writer(FakeServer({}), path).record_reveal(SECRET, "u1", "password")
    (line,) = all_lines(path)
    wanted = {"event": "reveal", "kind": "Secret", "namespace": "shop", "name": "db", "uid": "u1", "key": "password"}
    assert wanted.items() <= line.items()
    assert line["context"] == IDENTITY.context
    assert line["time"].endswith("Z")


@pytest.mark.parametrize(
    ("ref", "group"),
    [
        (ObjectRef("Service", "shop", "cart"), ""),
        (ObjectRef("Service", "shop", "cart", "example.com"), "example.com"),
        (ObjectRef("Deployment", "shop", "cart"), "apps"),
    ],
)
async def test_a_line_names_the_api_group(tmp_path: Path, ref: ObjectRef, group: str) -> None:
    path = tmp_path / "audit.jsonl"
    writer(FakeServer({}), path).record_reveal(ref, "u1", "password")
    [line] = all_lines(path)
    assert (line["group"], line["kind"]) == (group, ref.kind)


async def test_a_reveal_whose_line_cannot_be_stored_is_refused(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        writer(FakeServer({}), tmp_path / "audit.jsonl").record_reveal(SECRET, "u1", "password")


async def test_a_reveal_is_refused_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "write", disk(5))
    with pytest.raises(ConfigError, match="cannot be written") as caught:
        writer(FakeServer({}), tmp_path / "audit.jsonl").record_reveal(SECRET, "u1", "password")
    assert caught.value.hint == "nothing was shown"
