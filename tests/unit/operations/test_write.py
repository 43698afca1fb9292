"""The write function: read-only, preconditions, retries, and its audit line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from k9py.api.errors import (
    BadRequestError,
    ConflictError,
    ConnectionFailedError,
    DryRunUnsupportedError,
    ForbiddenError,
    InvalidError,
    KdashError,
    ReadOnlyError,
    RecreatedError,
    UnavailableError,
)
from k9py.operations.undo import plan_undo
from tests import factories as make
from tests.recordings import body, items
from tests.unit.operations.fake_server import FakeServer, as_scale, version_of
from tests.unit.operations.writing import all_lines, change, lines, writer


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
            "group": "apps",
            "kind": "Deployment",
            "namespace": "shop",
            "name": "checkout",
            "uid": "deployment-checkout",
            "resource_version": "100",
            "summary": "scale Deployment shop/checkout from 3 to 5",
            "cause": "",
            "changes": [{"what": "replicas", "from": "3", "to": "5"}],
            "outcome": "done",
            "error": "",
            "attempts": 1,
            "stored_resource_version": "101",
            "looked": None,
            "stored_otherwise": [],
        }
    ]
    begin, done = all_lines(path)
    assert begin["event"] == "begin"
    assert {key: done[key] for key in begin} == {**begin, "event": "write"}


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
    before = json.loads(json.dumps(server.obj))
    written = await writer(server).write(change(before), dry_run=False, before=before)
    assert written.attempts == moves + 1
    assert [version_of(request) for request, _ in server.sent] == [str(100 + number) for number in range(moves + 1)]
    assert written.plan.resource_version == str(100 + moves)


async def test_a_json_patch_is_sent_again_at_the_new_version_too() -> None:
    obj = json.loads(json.dumps(body("undo-kubectl", 0)))
    revision = next(obj for obj in items("undo-kubectl", 2) if obj["metadata"]["name"] == "checkout-8584c6bfc9")
    server = FakeServer(obj, status_moves=1)
    before = json.loads(json.dumps(obj))
    written = await writer(server).write(plan_undo(before, revision), dry_run=False, before=before)
    assert [version_of(request) for request, _ in server.sent] == ["3693", "3694"]
    assert written.attempts == 2


@pytest.mark.parametrize(
    ("annotation", "refused"), [("kubernetes.io/change-cause", True), ("deployment.kubernetes.io/revision", False)]
)
async def test_an_undo_does_not_overwrite_an_annotation_somebody_wrote_meanwhile(
    annotation: str, refused: bool
) -> None:
    obj = json.loads(json.dumps(body("undo-kubectl", 0)))
    revision = next(obj for obj in items("undo-kubectl", 2) if obj["metadata"]["name"] == "checkout-8584c6bfc9")
    planned = plan_undo(obj, revision)
    server = FakeServer(json.loads(json.dumps(obj)))
    server.obj["metadata"]["annotations"][annotation] = "77"  # leaves the generation as it is
    server.move_status()
    if refused:
        with pytest.raises(
            ConflictError, match=r"Deployment .* was changed since you confirmed.*: metadata\.annotations"
        ):
            await writer(server).write(planned, dry_run=False, before=obj)
        assert len(server.sent) == 1
    else:
        assert (await writer(server).write(planned, dry_run=False, before=obj)).attempts == 2


async def test_a_webhook_that_cannot_be_tried_is_a_warning_and_not_the_end() -> None:
    refused = DryRunUnsupportedError('admission webhook "audit.example.com" does not support dry run', code=400)
    server = FakeServer(make.raw_deployment(), fails=[refused])
    rehearsed = await writer(server).try_plan(change(server.obj))
    assert rehearsed.after is None
    assert [(warning.code, warning.message) for warning in rehearsed.plan.warnings] == [
        ("not-tried", f"the server cannot dry-run it: {refused.message}")
    ]
    again = await writer(server).try_plan(rehearsed.plan)
    assert (again.plan.warnings, again.after) == (
        rehearsed.plan.warnings,
        as_scale({**server.obj, "spec": {"replicas": 5}}),
    )
    assert all(dry_run for _, dry_run in server.sent)


async def test_any_other_refusal_of_a_trial_is_raised() -> None:
    server = FakeServer(make.raw_deployment(), fails=[BadRequestError("no such field", code=400)])
    with pytest.raises(BadRequestError, match="no such field"):
        await writer(server).try_plan(change(server.obj))


async def test_it_gives_up_after_three_retries(tmp_path: Path) -> None:
    server, path = FakeServer(make.raw_deployment(), status_moves=99), tmp_path / "audit.jsonl"
    before = json.loads(json.dumps(server.obj))
    with pytest.raises(ConflictError):
        await writer(server, path).write(change(before), dry_run=False, before=before)
    assert len(server.sent) == 4
    assert [record["outcome"] for record in lines(path)] == ["failed"]


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
    expected = "Deployment shop/checkout was changed since you confirmed (by kubectl-scale at 2026-11-22T11:59:00Z)"
    assert caught.value.message == expected
    assert len(server.sent) == 1
    assert [(record["outcome"], record["error"]) for record in lines(path)] == [("failed", expected)]


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
    with pytest.raises(RecreatedError, match="was deleted and recreated"):
        await writer(server).write(planned, dry_run=False)
    assert len(server.sent) == 1


async def test_a_refusal_of_the_server_is_raised_as_it_is_and_recorded(tmp_path: Path) -> None:
    server, path = FakeServer(make.raw_deployment(), fails=[ForbiddenError("you may not", code=403)]), tmp_path / "a"
    with pytest.raises(ForbiddenError, match="you may not"):
        await writer(server, path).write(change(server.obj), dry_run=False)
    assert [(record["outcome"], record["error"]) for record in lines(path)] == [("failed", "you may not")]


@pytest.mark.parametrize("error", [ConnectionFailedError("cut off"), UnavailableError("gateway", code=504)])
async def test_without_a_response_the_outcome_is_unknown_and_reported(tmp_path: Path, error: KdashError) -> None:
    server, path = FakeServer(make.raw_deployment(), fails=[error]), tmp_path / "audit.jsonl"
    with pytest.raises(type(error)) as caught:
        await writer(server, path).write(change(server.obj), dry_run=False)
    assert "it is not known whether the change was made" in caught.value.hint
    assert [record["outcome"] for record in lines(path)] == ["unknown"]


async def test_being_cancelled_is_recorded_and_passed_on(tmp_path: Path) -> None:
    server, path = FakeServer(make.raw_deployment(), fails=[asyncio.CancelledError()]), tmp_path / "audit.jsonl"
    with pytest.raises(asyncio.CancelledError):
        await writer(server, path).write(change(server.obj), dry_run=False)
    assert [record["outcome"] for record in lines(path)] == ["unknown"]
