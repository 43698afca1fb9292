"""The one function that writes: read-only, preconditions, retries, and its audit line."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from k9py.actions.audit import AuditLog, Identity
from k9py.actions.change import Change
from k9py.actions.patcher import WriteRequest
from k9py.actions.scale import plan_scale
from k9py.actions.undo import plan_undo
from k9py.actions.write import Writer
from k9py.objects.errors import (
    BadRequestError,
    ConfigError,
    ConflictError,
    ConnectionFailedError,
    ForbiddenError,
    InvalidError,
    KdashError,
    NotFoundError,
    ReadOnlyError,
    UnavailableError,
)
from k9py.objects.meta import ObjectKey
from tests import factories as make
from tests.recordings import body, items

IDENTITY = Identity(context="prod", user="ann", server="https://cluster.example.com", os_user="ann")


@dataclass
class FakeServer:
    """Holds one object; compares resourceVersions as the API server does. `fails` are raised first, in order."""

    obj: dict[str, Any]
    fails: list[BaseException] = field(default_factory=list)
    sent: list[tuple[WriteRequest, bool]] = field(default_factory=list)
    status_moves: int = 0

    async def send(self, request: WriteRequest, *, dry_run: bool) -> dict[str, Any]:
        self.sent.append((request, dry_run))
        if self.fails:
            raise self.fails.pop(0)
        if self.status_moves:
            self.status_moves -= 1
            self.move_status()
        if _version(request) != self.obj["metadata"]["resourceVersion"]:
            raise ConflictError("the object has been modified", code=409, reason="Conflict")
        return self.obj

    def move_status(self) -> None:
        meta = self.obj["metadata"]
        meta["resourceVersion"] = str(int(meta["resourceVersion"]) + 1)

    async def get(self, key: ObjectKey) -> dict[str, Any]:
        if not self.obj:
            raise NotFoundError("not found", code=404)
        return self.obj

    async def list(self, kind: str, namespace: str, *, label_selector: str = "") -> list[dict[str, Any]]:
        raise AssertionError("a write lists nothing")

    async def can_i(
        self, verb: str, kind: str, namespace: str, *, name: str = "", subresource: str = ""
    ) -> bool | None:
        return None


def _version(request: WriteRequest) -> str:
    patch = request.patch
    if isinstance(patch, dict):
        return str(patch["metadata"]["resourceVersion"])
    assert isinstance(patch, list)
    return str(next(one["value"] for one in patch if one["path"] == "/metadata/resourceVersion"))


def writer(server: FakeServer, path: Path | None = None, *, read_only: bool = False) -> Writer:
    return Writer(
        server,
        server,
        read_only=read_only,
        audit=AuditLog(path),
        identity=IDENTITY,
        now=lambda: make.NOW,
        new_id=lambda: "write-1",
    )


def change(obj: dict[str, Any]) -> Change:
    return plan_scale(obj, 5)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_a_write_sends_the_request_and_leaves_one_line(tmp_path: Path) -> None:
    server, path = FakeServer(make.raw_deployment()), tmp_path / "state" / "audit.jsonl"
    planned = change(server.obj)
    written = await writer(server, path).write(planned, dry_run=False)
    assert server.sent == [(planned.request, False)]
    assert (written.attempts, written.dry_run, written.audit_problem, written.audit_id) == (1, False, "", "write-1")
    assert lines(path) == [
        {
            "time": "2026-11-22T12:00:00.000Z",
            "event": "write",
            "id": "write-1",
            "context": "prod",
            "server": "https://cluster.example.com",
            "user": "ann",
            "os_user": "ann",
            "action": "scale",
            "kind": "Deployment",
            "namespace": "shop",
            "name": "checkout",
            "uid": "deployment-checkout",
            "resource_version": "100",
            "summary": "scale Deployment shop/checkout from 3 to 5",
            "changes": [{"what": "replicas", "from": "3", "to": "5"}],
            "outcome": "done",
            "error": "",
            "attempts": 1,
            "stored_resource_version": "100",
        }
    ]


@pytest.mark.parametrize("dry_run", [True, False])
async def test_read_only_refuses_before_anything_is_sent_or_recorded(tmp_path: Path, dry_run: bool) -> None:
    server, path = FakeServer(make.raw_deployment()), tmp_path / "audit.jsonl"
    with pytest.raises(ReadOnlyError):
        await writer(server, path, read_only=True).write(change(server.obj), dry_run=dry_run)
    assert server.sent == []
    assert not path.exists()


async def test_a_dry_run_is_asked_as_one_and_leaves_no_line(tmp_path: Path) -> None:
    server, path = FakeServer(make.raw_deployment()), tmp_path / "audit.jsonl"
    written = await writer(server, path).write(change(server.obj), dry_run=True)
    assert written.dry_run
    assert [dry_run for _, dry_run in server.sent] == [True]
    assert not path.exists()


@pytest.mark.parametrize("moves", [1, 3])
async def test_when_only_the_status_moved_it_is_sent_again_at_the_new_version(moves: int) -> None:
    server = FakeServer(make.raw_deployment(), status_moves=moves)
    written = await writer(server).write(change(server.obj), dry_run=False)
    assert written.attempts == moves + 1
    assert [_version(request) for request, _ in server.sent] == [str(100 + number) for number in range(moves + 1)]
    assert written.change.resource_version == str(100 + moves)


async def test_a_json_patch_is_sent_again_at_the_new_version_too() -> None:
    obj = json.loads(json.dumps(body("undo-kubectl", 0)))
    revision = next(one for one in items("undo-kubectl", 2) if one["metadata"]["name"] == "checkout-8584c6bfc9")
    server = FakeServer(obj, status_moves=1)
    written = await writer(server).write(plan_undo(obj, revision), dry_run=False)
    assert [_version(request) for request, _ in server.sent] == ["3693", "3694"]
    assert written.attempts == 2


@pytest.mark.parametrize(
    ("annotation", "refused"), [("kubernetes.io/change-cause", True), ("deployment.kubernetes.io/revision", False)]
)
async def test_an_undo_does_not_overwrite_an_annotation_somebody_wrote_meanwhile(
    annotation: str, refused: bool
) -> None:
    obj = json.loads(json.dumps(body("undo-kubectl", 0)))
    revision = next(one for one in items("undo-kubectl", 2) if one["metadata"]["name"] == "checkout-8584c6bfc9")
    planned = plan_undo(obj, revision)
    server = FakeServer(json.loads(json.dumps(obj)))
    server.obj["metadata"]["annotations"][annotation] = "77"  # leaves the generation as it is
    server.move_status()
    if refused:
        with pytest.raises(ConflictError, match=r"annotations of Deployment .* were changed since it was confirmed"):
            await writer(server).write(planned, dry_run=False)
        assert len(server.sent) == 1
    else:
        assert (await writer(server).write(planned, dry_run=False)).attempts == 2


async def test_a_webhook_that_cannot_be_tried_is_a_warning_and_not_the_end() -> None:
    refused = BadRequestError('admission webhook "audit.example.com" does not support dry run', code=400)
    server = FakeServer(make.raw_deployment(), fails=[refused])
    rehearsed = await writer(server).rehearse(change(server.obj))
    assert rehearsed.after is None
    assert [(one.code, one.message) for one in rehearsed.change.warnings] == [
        ("not-tried", f"the server could not try it first: {refused.message}")
    ]
    again = await writer(server).rehearse(rehearsed.change)
    assert (again.change.warnings, again.after) == (rehearsed.change.warnings, server.obj)
    assert all(dry_run for _, dry_run in server.sent)


async def test_any_other_refusal_of_a_trial_is_raised() -> None:
    server = FakeServer(make.raw_deployment(), fails=[BadRequestError("no such field", code=400)])
    with pytest.raises(BadRequestError, match="no such field"):
        await writer(server).rehearse(change(server.obj))


async def test_it_gives_up_after_three_retries(tmp_path: Path) -> None:
    server, path = FakeServer(make.raw_deployment(), status_moves=99), tmp_path / "audit.jsonl"
    with pytest.raises(ConflictError):
        await writer(server, path).write(change(server.obj), dry_run=False)
    assert len(server.sent) == 4
    assert [one["outcome"] for one in lines(path)] == ["failed"]


async def test_a_change_by_someone_else_is_refused_and_named(tmp_path: Path) -> None:
    planned = change(make.raw_deployment())
    present = make.raw_deployment(generation=2, resource_version="101", replicas=9)
    present["metadata"]["managedFields"] = [
        {"manager": "kubectl-scale", "time": "2026-11-22T11:59:00Z"},
        {"manager": "kube-controller-manager", "time": "2026-11-22T11:59:59Z", "subresource": "status"},
    ]
    server, path = FakeServer(present), tmp_path / "audit.jsonl"
    with pytest.raises(ConflictError) as caught:
        await writer(server, path).write(planned, dry_run=False)
    expected = "Deployment shop/checkout was changed since it was confirmed (by kubectl-scale at 2026-11-22T11:59:00Z)"
    assert caught.value.message == expected
    assert len(server.sent) == 1
    assert [(one["outcome"], one["error"]) for one in lines(path)] == [("failed", expected)]


async def test_who_wrote_the_spec_is_named_and_not_who_wrote_something_else_later() -> None:
    planned = change(make.raw_deployment())
    present = make.raw_deployment(generation=2, resource_version="101", replicas=9)
    present["metadata"]["managedFields"] = [
        {"manager": "kubectl-create", "time": "2026-11-22T10:00:00Z", "fieldsV1": {"f:spec": {}, "f:metadata": {}}},
        {"manager": "hpa", "time": "2026-11-22T11:58:00Z", "subresource": "scale", "fieldsV1": {"f:spec": {}}},
        {"manager": "kubectl-annotate", "time": "2026-11-22T11:59:00Z", "fieldsV1": {"f:metadata": {}}},
    ]
    with pytest.raises(ConflictError, match=r"\(by hpa at 2026-11-22T11:58:00Z\)"):
        await writer(FakeServer(present)).write(planned, dry_run=False)


@pytest.mark.parametrize("error", [ConflictError("modified", code=409), InvalidError("uid is immutable", code=422)])
async def test_another_object_of_the_same_name_is_refused(error: KdashError) -> None:
    planned = change(make.raw_deployment())
    present = make.raw_deployment(resource_version="500")
    present["metadata"]["uid"] = "another"
    server = FakeServer(present, fails=[error])
    with pytest.raises(ConflictError, match="was deleted and made anew"):
        await writer(server).write(planned, dry_run=False)
    assert len(server.sent) == 1


async def test_a_refusal_of_the_server_is_raised_as_it_is_and_recorded(tmp_path: Path) -> None:
    server, path = FakeServer(make.raw_deployment(), fails=[ForbiddenError("you may not", code=403)]), tmp_path / "a"
    with pytest.raises(ForbiddenError, match="you may not"):
        await writer(server, path).write(change(server.obj), dry_run=False)
    assert [(one["outcome"], one["error"]) for one in lines(path)] == [("failed", "you may not")]


@pytest.mark.parametrize("error", [ConnectionFailedError("cut off"), UnavailableError("gateway", code=504)])
async def test_when_no_answer_came_the_outcome_is_unknown_and_the_person_is_told(
    tmp_path: Path, error: KdashError
) -> None:
    server, path = FakeServer(make.raw_deployment(), fails=[error]), tmp_path / "audit.jsonl"
    with pytest.raises(type(error)) as caught:
        await writer(server, path).write(change(server.obj), dry_run=False)
    assert "it is not known whether the change was made" in caught.value.hint
    assert [one["outcome"] for one in lines(path)] == ["unknown"]


async def test_being_cancelled_is_recorded_and_passed_on(tmp_path: Path) -> None:
    server, path = FakeServer(make.raw_deployment(), fails=[asyncio.CancelledError()]), tmp_path / "audit.jsonl"
    with pytest.raises(asyncio.CancelledError):
        await writer(server, path).write(change(server.obj), dry_run=False)
    assert [one["outcome"] for one in lines(path)] == ["unknown"]


# --- the audit file ------------------------------------------------------------------------------------------------


async def test_the_file_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "state" / "kdash" / "audit.jsonl"
    server = FakeServer(make.raw_deployment())
    before = os.umask(0)
    try:
        await writer(server, path).write(change(server.obj), dry_run=False)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_file_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text('{"old":1}\n')
    path.chmod(0o644)
    server = FakeServer(make.raw_deployment())
    await writer(server, path).write(change(server.obj), dry_run=False)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(lines(path)) == 2


async def test_a_line_after_a_cut_one_begins_on_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_text('{"cut')
    server = FakeServer(make.raw_deployment())
    await writer(server, path).write(change(server.obj), dry_run=False)
    assert [json.loads(line)["outcome"] for line in path.read_text().splitlines()[1:]] == ["done"]


@pytest.mark.parametrize("trap", ["directory", "link", "pipe"])
async def test_nothing_is_sent_when_the_audit_file_cannot_be_written(tmp_path: Path, trap: str) -> None:
    path = tmp_path / "audit.jsonl"
    if trap == "directory":
        path.mkdir()
    elif trap == "link":
        path.symlink_to(tmp_path / "elsewhere")
    else:
        os.mkfifo(path)
    server = FakeServer(make.raw_deployment())
    with pytest.raises(ConfigError, match="cannot be written") as caught:
        await writer(server, path).write(change(server.obj), dry_run=False)
    assert "nothing was changed" in caught.value.hint
    assert server.sent == []


async def test_a_line_that_cannot_be_stored_after_the_write_is_told_not_hidden(tmp_path: Path) -> None:
    server, path = FakeServer(make.raw_deployment()), tmp_path / "audit.jsonl"

    def no_space(descriptor: int, line: bytes) -> int:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "write", no_space)
        written = await writer(server, path).write(change(server.obj), dry_run=False)
    assert written.audit_problem == "No space left on device"


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
    assert its.follow_up(written, "converged", "converged in 12 s", 12.04) == ""
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
        "kind": "Deployment",
        "namespace": "shop",
        "name": "checkout",
        "uid": "deployment-checkout",
        "outcome": "converged",
        "words": "converged in 12 s",
        "seconds": 12.0,
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_an_outcome_that_cannot_be_stored_is_told_and_not_raised(tmp_path: Path) -> None:
    server, path = FakeServer(make.raw_deployment()), tmp_path / "audit.jsonl"
    its = writer(server, path)
    written = await its.write(change(server.obj), dry_run=False)
    path.unlink()
    path.mkdir()
    assert "cannot be written" in its.follow_up(written, "stalled", "no such image", 3)
    assert writer(server).follow_up(written, "stalled", "no such image", 3) == "", "no file is kept"


async def test_every_write_has_an_id_of_its_own(tmp_path: Path) -> None:
    server, path = FakeServer(make.raw_deployment()), tmp_path / "audit.jsonl"
    plain = Writer(server, server, read_only=False, audit=AuditLog(path), identity=IDENTITY)
    ids = {(await plain.write(change(server.obj), dry_run=False)).audit_id for _ in range(2)}
    assert ids == {one["id"] for one in lines(path)}
    assert len(ids) == 2
    assert (await plain.write(change(server.obj), dry_run=True)).audit_id == ""
