"""A write with an unknown outcome is read back; what was stored is compared with the preview."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from k9py.api.errors import (
    ConnectionFailedError,
    ForbiddenError,
    KdashError,
    NotFoundError,
    UnavailableError,
    WebhookFailedError,
)
from k9py.operations.delete_pod import plan_delete_pod, plan_evict
from k9py.operations.label import plan_change
from k9py.operations.plan import WritePlan
from k9py.operations.proof import not_the_object
from k9py.operations.read_back import judged
from k9py.operations.scale import plan_scale
from k9py.operations.set_image import plan_set_image
from k9py.operations.stored import differences, differences_text
from tests import factories as make
from tests.unit.operations.fake_server import FakeServer, as_scale
from tests.unit.operations.raw import raw_pod
from tests.unit.operations.writing import GOING, NEWER, POD, Raw, lines, stored, writer

# -- looking --------------------------------------------------------------------------------------------------------

LOST = [
    ConnectionFailedError("cut off"),
    UnavailableError("gateway", code=502),
    UnavailableError("overloaded", code=503),
    UnavailableError("gateway timeout", code=504),
    UnavailableError("internal error", code=500),
]


@pytest.mark.parametrize("error", LOST)
async def test_a_write_whose_answer_was_lost_is_done_when_looking_finds_it(tmp_path: Path, error: KdashError) -> None:
    server, path = FakeServer(make.raw_deployment(), fails=[copy.copy(error)], loses=1), tmp_path / "audit.jsonl"
    written = await writer(server, path).write(plan_scale(server.obj, 5), dry_run=False)
    assert (written.proof_note, written.generation) == (f"{error.message}; read back: it was made", 2)
    assert [(record["outcome"], record["looked"], record["error"]) for record in lines(path)] == [
        ("done", "made", written.proof_note)
    ]


@pytest.mark.parametrize("error", LOST)
async def test_a_write_that_may_still_arrive_is_reported_as_not_made_so_far(tmp_path: Path, error: KdashError) -> None:
    server, path = FakeServer(make.raw_deployment(), fails=[copy.copy(error)]), tmp_path / "audit.jsonl"
    with pytest.raises(type(error)) as caught:
        await writer(server, path).write(plan_scale(server.obj, 5), dry_run=False)
    assert "it is not known whether the change was made; read back: not made so far" in caught.value.hint
    assert [(record["outcome"], record["looked"]) for record in lines(path)] == [("unknown", "not-made")]


async def test_a_webhook_that_could_not_be_asked_leaves_nothing_open(tmp_path: Path) -> None:
    server, path = (
        FakeServer(make.raw_deployment(), fails=[WebhookFailedError("x", code=500)]),
        tmp_path / "audit.jsonl",
    )
    with pytest.raises(WebhookFailedError) as caught:
        await writer(server, path).write(plan_scale(server.obj, 5), dry_run=False)
    assert caught.value.hint == "read back: nothing was changed"
    assert [(record["outcome"], record["looked"]) for record in lines(path)] == [("failed", "not-made")]


async def test_what_was_never_sent_and_what_was_refused_is_not_looked_for(tmp_path: Path) -> None:
    unsent = ConnectionFailedError("refused")
    unsent.was_sent = False
    for error in (unsent, ForbiddenError("no", code=403), UnavailableError("slow down", code=429)):
        server, path = FakeServer(make.raw_deployment(), fails=[error]), tmp_path / "audit.jsonl"
        with pytest.raises(type(error)) as caught:
            await writer(server, path).write(plan_scale(server.obj, 5), dry_run=False)
        assert (server.reads, caught.value.read_back) == (0, "")
        assert (lines(path)[-1]["outcome"], lines(path)[-1]["looked"]) == ("failed", None)


async def test_reading_back_is_tried_twice_and_reports_the_error(tmp_path: Path) -> None:
    cut = [ConnectionFailedError("cut off") for _ in range(3)]
    server = FakeServer(make.raw_deployment(), fails=[cut[0]], loses=1, unreadable=[cut[1]])
    assert (await writer(server).write(plan_scale(server.obj, 5), dry_run=False)).proof_note
    server = FakeServer(make.raw_deployment(), fails=[cut[0]], loses=1, unreadable=[*cut[1:]])
    with pytest.raises(ConnectionFailedError) as caught:
        await writer(server).write(plan_scale(server.obj, 5), dry_run=False)
    assert (caught.value.read_back, server.reads) == ("unknown", 2)
    assert "read back: it could not be read: cut off; check again before retrying" in caught.value.hint


async def test_being_cancelled_while_it_looks_is_recorded(tmp_path: Path) -> None:
    server, path = FakeServer(make.raw_deployment(), fails=[ConnectionFailedError("x")]), tmp_path / "audit.jsonl"
    server.unreadable = [asyncio.CancelledError()]
    with pytest.raises(asyncio.CancelledError):
        await writer(server, path).write(plan_scale(server.obj, 5), dry_run=False)
    assert [record["outcome"] for record in lines(path)] == ["unknown"]


def test_a_status_that_moved_on_shows_that_the_write_can_no_longer_be_made() -> None:
    obj = make.raw_deployment()
    change = plan_scale(obj, 5)
    verdict = judged(change, {**obj, "metadata": {**obj["metadata"], "resourceVersion": "105"}})
    assert (verdict.verdict, verdict.is_final, verdict.text) == ("not-made", True, "nothing was changed")


def test_a_concurrent_change_leaves_the_outcome_unknown_and_is_named() -> None:
    obj = make.raw_deployment()
    change = plan_scale(obj, 5)
    present = make.raw_deployment(replicas=9, generation=2, resource_version="105")
    present["metadata"]["managedFields"] = [
        {"manager": "kubectl-edit", "time": "2026-11-22T11:59:00Z", "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    ]
    verdict = judged(change, present, before=obj)
    assert verdict.verdict == "unknown"
    assert "was changed meanwhile (by kubectl-edit at 2026-11-22T11:59:00Z)" in verdict.text


@pytest.mark.parametrize(
    ("present", "message"),
    [(None, "Deployment shop/checkout is no longer there"), ({"metadata": {"uid": "x"}}, "was deleted and recreated")],
)
def test_a_missing_object_leaves_the_outcome_unknown(present: Raw | None, message: str) -> None:
    verdict = judged(plan_scale(make.raw_deployment(), 5), present)
    assert verdict.verdict == "unknown"
    assert message in verdict.text


@pytest.mark.parametrize("plan", [plan_delete_pod, plan_evict])
@pytest.mark.parametrize(
    ("present", "verdict", "message"),
    [
        (None, "made", "is gone"),
        ({"metadata": {"uid": "x"}}, "made", "is gone; another one has its name"),
        (GOING, "made", "is being deleted"),
        (POD, "not-made", "is still there and not being deleted so far"),
    ],
)
def test_a_pod_taken_away_is_looked_for_by_its_uid(
    plan: Callable[[Raw], WritePlan], present: Raw | None, verdict: str, message: str
) -> None:
    judgement = judged(plan(POD), present)
    assert judgement.verdict == verdict
    assert judgement.text.endswith(message)


async def test_an_eviction_whose_answer_was_lost_is_done_when_the_pod_is_gone(tmp_path: Path) -> None:
    server, path = FakeServer(POD, fails=[UnavailableError("gateway", code=504)]), tmp_path / "audit.jsonl"
    server.unreadable = [NotFoundError("gone", code=404)]
    written = await writer(server, path).write(plan_evict(POD), dry_run=False)
    assert written.proof_note.endswith("read back: Pod shop/checkout-abc-1 is gone")
    assert lines(path)[0]["outcome"] == "done"


# -- otherwise than previewed -----------------------------------------------------------------------------------------


async def test_what_a_webhook_changes_every_time_is_done_and_reported(tmp_path: Path) -> None:
    obj = make.raw_deployment()
    change = plan_set_image(obj, {"app": NEWER})
    previewed, after = stored(obj, change, resourceVersion="100"), stored(obj, change)
    after["spec"]["template"]["spec"]["containers"][0]["image"] = f"{NEWER}@sha256:2"
    previewed["spec"]["template"]["spec"]["containers"][0]["image"] = f"{NEWER}@sha256:1"
    after["metadata"]["annotations"]["webhook.example.com/id"] = "b"
    server, path = FakeServer(after, answers=[after]), tmp_path / "audit.jsonl"
    written = await writer(server, path).write(change, dry_run=False, before=obj, previewed=previewed)
    assert written.differences is not None
    assert {(difference.path, difference.previewed, difference.stored) for difference in written.differences} == {
        ("spec.template.spec.containers[app].image", f"{NEWER}@sha256:1", f"{NEWER}@sha256:2"),
        ("metadata.annotations.webhook.example.com/id", "absent", "b"),
    }
    assert "read back: it was made, and admission changed it" in written.proof_note
    [line] = lines(path)
    assert (line["outcome"], len(line["stored_otherwise"])) == ("done", 2)


async def test_concurrent_label_changes_of_a_pod_are_not_reported_as_differences(tmp_path: Path) -> None:
    obj = raw_pod(labels={"team": "a", "old": "1"}, annotations={"note": "x"})
    change = plan_change(obj, "labels", {"mine": "m"})
    previewed = stored(obj, change, resourceVersion="100", generation=1)
    server, path = FakeServer(json.loads(json.dumps(obj))), tmp_path / "audit.jsonl"
    server.move_status()
    server.obj["metadata"] |= {"labels": {"team": "b", "new": "2"}, "annotations": {"note": "y", "more": "z"}}
    written = await writer(server, path).write(change, dry_run=False, before=obj, previewed=previewed)
    assert (written.attempts, written.differences) == (2, ())
    assert server.obj["metadata"]["labels"] == {"team": "b", "new": "2", "mine": "m"}
    [line] = lines(path)
    assert line["stored_otherwise"] == []


async def test_admission_that_changes_what_is_sent_is_a_warning_of_the_dry_run() -> None:
    obj = make.raw_deployment()
    answer = as_scale({**obj, "spec": {"replicas": 4}})
    rehearsed = await writer(FakeServer(obj, answers=[answer])).try_plan(plan_scale(obj, 5))
    assert [(warning.code, warning.message) for warning in rehearsed.plan.warnings] == [
        ("mutated", "admission changes it: spec.replicas becomes 4, not 5")
    ]


async def test_a_scale_to_zero_is_proven_by_the_number_the_server_leaves_out(tmp_path: Path) -> None:
    obj = make.raw_deployment()
    server = FakeServer(json.loads(json.dumps(obj)))
    writes = writer(server, tmp_path / "audit.jsonl")
    tried = await writes.try_plan(plan_scale(obj, 0))
    assert not [warning for warning in tried.plan.warnings if warning.code == "mutated"]
    written = await writes.write(tried.plan, dry_run=False, before=obj)
    assert (written.proof_note, server.reads) == ("", 0), "the answer is enough"


def test_what_a_controller_or_the_server_writes_is_no_difference_and_no_secret_is_quoted() -> None:
    obj = make.raw_deployment()
    other = json.loads(json.dumps(obj))
    other["metadata"] |= {"resourceVersion": "9", "generation": 7, "managedFields": [{}]}
    other["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "4"}
    other["status"] = {"replicas": 9}
    assert differences(obj, other) == ()
    other["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "DB_PASSWORD", "value": "s3cr3t"}]
    changed = differences(obj, other)
    assert "s3cr3t" not in differences_text(changed)
    assert changed[0].path == "spec.template.spec.containers[app].env"


def test_a_difference_in_template_metadata_is_not_reported_for_the_object() -> None:
    obj = make.raw_deployment()
    other = json.loads(json.dumps(obj))
    other["spec"]["template"]["metadata"]["annotations"] = {"inject/id": "42"}
    [difference] = differences(obj, other)
    assert difference.text == 'spec.template.metadata.annotations: previewed absent, stored {"inject/id":"42"}'


def test_a_difference_is_shown_short_and_kept_in_full() -> None:
    digests = [f"registry.example.com/shop/checkout@sha256:{sign * 64}" for sign in "ab"]
    [difference] = differences(make.raw_deployment(image=digests[0]), make.raw_deployment(image=digests[1]))
    assert (difference.previewed, difference.stored) == (digests[0], digests[1])
    assert difference.text == (
        "containers[app].image: previewed registry.example.com/shop/checkout@sha256:aaaaaaaaaaaa…, "
        "stored registry.example.com/shop/checkout@sha256:bbbbbbbbbbbb…"
    )


def test_only_the_first_differences_are_named_and_the_others_counted() -> None:
    obj = make.raw_deployment()
    other = json.loads(json.dumps(obj))
    other["metadata"]["annotations"] = dict.fromkeys("abcde", "x")
    assert differences_text(differences(obj, other)).endswith("; and 2 more")


def test_the_answer_of_a_dry_run_needs_no_newer_version() -> None:
    obj = make.raw_deployment()
    assert not_the_object(plan_set_image(obj, {"app": NEWER}), obj) == ""
