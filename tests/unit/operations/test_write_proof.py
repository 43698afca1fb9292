"""A write is done only if the response proves it; otherwise the object is read back and the result reported."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from k9py.api.errors import (
    UnverifiedWriteError,
)
from k9py.operations.delete_pod import plan_delete_pod, plan_evict
from k9py.operations.pause import plan_pause, plan_resume
from k9py.operations.plan import WritePlan
from k9py.operations.proof import misses, unproven
from k9py.operations.read_back import judged
from k9py.operations.restart import plan_restart
from k9py.operations.scale import plan_scale
from k9py.operations.set_image import plan_set_image
from k9py.operations.undo import plan_undo
from k9py.views.exit_codes import ExitCode, exit_code_of_error
from tests import factories as make
from tests.recordings import body, items
from tests.unit.operations.fake_server import FakeServer, as_scale
from tests.unit.operations.writing import GOING, NEWER, POD, Raw, lines, stored, writer


def undo_of_a_deployment() -> tuple[Raw, WritePlan]:
    obj = copy.deepcopy(body("undo-kubectl", 0))
    revision = next(
        replica_set
        for replica_set in items("undo-kubectl", 2)
        if replica_set["metadata"]["name"] == "checkout-8584c6bfc9"
    )
    return obj, plan_undo(obj, revision)


CHANGES: dict[str, Callable[[Raw], WritePlan]] = {
    "set-image": lambda obj: plan_set_image(obj, {"app": NEWER}),
    "restart": lambda obj: plan_restart(obj, make.NOW),
    "pause": plan_pause,
}


# -- what proves ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CHANGES)
def test_the_object_with_the_change_in_it_proves_a_write(name: str) -> None:
    obj = make.raw_deployment()
    change = CHANGES[name](obj)
    assert unproven(change, stored(obj, change)) == ""
    assert list(misses(change.request, obj)), "before it the object does not hold the change"


def test_a_field_that_is_to_go_must_be_gone() -> None:
    obj = make.raw_deployment(paused=True)
    change = plan_resume(obj)
    assert unproven(change, stored(obj, change)) == ""
    answer = {**obj, "metadata": {**obj["metadata"], "resourceVersion": "101"}}
    assert unproven(change, answer) == "spec.paused in it is true, not absent"


def test_an_undo_is_proven_by_the_template_it_puts_back() -> None:
    obj, change = undo_of_a_deployment()
    after = stored(obj, change, resourceVersion="9999")
    assert unproven(change, after) == ""
    assert "image" in unproven(change, {**after, "spec": obj["spec"]})


def with_env(*names: str, revision: bool = False) -> Raw:
    """Return a Deployment, or its ReplicaSet, whose container has those variables, besides a port without a name."""
    obj = make.raw_deployment()
    [container] = obj["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": name, "value": "x"} for name in names]
    container["ports"] = [{"containerPort": 80}]
    if revision:
        obj["metadata"] |= {"name": "rs", "uid": "rs", "ownerReferences": [{"uid": "deployment-checkout"}]}
        obj["kind"] = "ReplicaSet"
    return obj


def test_an_undo_that_only_takes_away_is_proven_by_what_is_gone() -> None:
    obj = with_env("A", "B")
    change = plan_undo(obj, with_env("A", revision=True))
    assert unproven(change, stored(obj, change), before=obj) == ""
    stale = {**obj, "metadata": {**obj["metadata"], "resourceVersion": "101", "generation": 2}}
    assert unproven(change, stale, before=obj) == "the fields to change are unchanged in it"
    same_spec = {**obj, "metadata": {**obj["metadata"], "resourceVersion": "101"}}
    assert "the generation in the response is unchanged" in unproven(change, same_spec)
    assert judged(change, same_spec, before=obj).verdict == "not-made", "its status moved"
    scaled = {**stale, "spec": {**obj["spec"], "replicas": 9}}
    assert judged(change, scaled, before=obj).verdict == "not-made", "somebody else scaled it"


def test_an_undo_of_ports_without_names_is_proven_by_what_is_gone() -> None:
    obj, revision = with_env(), with_env(revision=True)
    obj["spec"]["template"]["spec"]["containers"][0]["ports"].append({"containerPort": 81})
    change = plan_undo(obj, revision)
    assert unproven(change, stored(obj, change), before=obj) == ""
    scaled = {**obj, "metadata": {**obj["metadata"], "resourceVersion": "101", "generation": 2}}
    assert judged(change, scaled, before=obj).verdict == "not-made"


def test_what_the_server_fills_in_again_is_no_miss_where_the_dry_run_showed_it() -> None:
    obj, revision = with_env("A"), with_env("B", revision=True)
    obj["spec"]["template"]["spec"]["hostUsers"] = True  # a default of a newer server, which the old revision lacks
    change = plan_undo(obj, revision)
    after = stored(obj, change)
    after["spec"]["template"]["spec"]["hostUsers"] = True
    assert unproven(change, after, before=obj, previewed=after) == ""


def test_a_scale_is_proven_by_the_number() -> None:
    obj = make.raw_deployment()
    change = plan_scale(obj, 5)
    answer = as_scale(stored(obj, change))
    assert unproven(change, answer) == ""
    assert unproven(change, {**answer, "spec": {"replicas": 3}}) == "spec.replicas in it is 3, not 5"


def test_additional_stored_fields_are_ignored() -> None:
    obj = make.raw_deployment()
    change = plan_set_image(obj, {"app": NEWER})
    after = stored(obj, change)
    after["spec"]["template"]["spec"]["containers"].insert(0, {"name": "injected", "image": "proxy:1"})
    after["metadata"]["annotations"]["webhook.example.com/seen"] = "yes"
    assert unproven(change, after) == ""


def test_what_a_webhook_makes_of_it_is_proof_only_where_the_dry_run_said_so() -> None:
    obj = make.raw_deployment()
    change = plan_set_image(obj, {"app": NEWER})
    mirrored = stored(obj, change)
    mirrored["spec"]["template"]["spec"]["containers"][0]["image"] = "mirror.example.com/checkout:1.1.0"
    assert unproven(change, mirrored, previewed=mirrored) == ""
    why = "containers[app].image in it is mirror.example.com/checkout:1.1.0, not " + NEWER
    assert unproven(change, mirrored) == why


ANSWERS: list[tuple[Raw, str]] = [
    ({}, "it is not an object"),
    ({"kind": "Deployment"}, "it is not an object"),
    ({"kind": "Status", "status": "Failure", "message": "no\x1b[31m room"}, "a Status Failure: no room"),
    ({"kind": "Status", "status": "Success"}, "it is a Status, not a Deployment"),
    ({"kind": "Status"}, "a Status without a status"),
    ({"kind": "StatefulSet", "metadata": {"name": "checkout"}}, "it is a StatefulSet, not a Deployment"),
    ({"kind": "Deployment", "metadata": {"name": "cart", "namespace": "shop"}}, "it is about shop/cart"),
    ({"kind": "Deployment", "metadata": {"name": "checkout", "namespace": "shop"}}, "it has no uid"),
    (
        {"kind": "Deployment", "metadata": {"name": "checkout", "namespace": "shop", "uid": "x"}},
        "it is another object with that name",
    ),
    (
        {"kind": "Deployment", "metadata": {"name": "checkout", "namespace": "shop", "uid": "deployment-checkout"}},
        "it has no resourceVersion",
    ),
    (make.raw_deployment(image=NEWER), "the resourceVersion in the response is unchanged"),
    (
        make.raw_deployment(resource_version="101", generation=2),
        f"containers[app].image in it is {make.IMAGE}, not {NEWER}",
    ),
]


@pytest.mark.parametrize(("answer", "why"), ANSWERS, ids=[why[:40] for _, why in ANSWERS])
async def test_a_success_that_proves_nothing_is_not_done(tmp_path: Path, answer: Raw, why: str) -> None:
    server, path = FakeServer(make.raw_deployment(), answers=[answer]), tmp_path / "audit.jsonl"
    with pytest.raises(UnverifiedWriteError, match="does not prove that the change was made") as caught:
        await writer(server, path).write(plan_set_image(server.obj, {"app": NEWER}), dry_run=False)
    assert why in caught.value.message
    assert (caught.value.read_back, caught.value.hint) == ("not-made", "read back: nothing was changed")
    assert exit_code_of_error(caught.value) is ExitCode.UNKNOWN
    assert [(record["outcome"], record["looked"], record["error"]) for record in lines(path)] == [
        ("failed", "not-made", caught.value.message)
    ]


async def test_a_dry_run_that_is_no_preview_is_no_preview() -> None:
    server = FakeServer(make.raw_deployment(), answers=[{}])
    with pytest.raises(UnverifiedWriteError, match="the dry run is not a preview: it is not an object"):
        await writer(server).try_plan(plan_scale(server.obj, 5))


SUCCESS: Raw = {"kind": "Status", "status": "Success"}


@pytest.mark.parametrize(
    ("plan", "answer", "why"),
    [
        (plan_delete_pod, GOING, ""),
        (plan_delete_pod, {**SUCCESS, "details": {"name": "x", "uid": POD["metadata"]["uid"]}}, ""),
        (plan_delete_pod, SUCCESS, ""),
        (plan_delete_pod, {**SUCCESS, "details": {"uid": "other"}}, "it is about another object with that name"),
        (plan_delete_pod, POD, "the pod in the response is not being deleted"),
        (plan_delete_pod, {}, "it is not an object"),
        (
            plan_delete_pod,
            {"kind": "Status", "status": "Failure", "message": "no"},
            "it is a Status Failure: no",
        ),
        (plan_delete_pod, {"kind": "Status"}, "it is a Status without a status: it gives no reason"),
        (plan_evict, SUCCESS, ""),
        (plan_evict, {"kind": "Eviction", "metadata": {"name": POD["metadata"]["name"], "namespace": "shop"}}, ""),
        (plan_evict, {}, "it is not an object"),
        (plan_evict, {"kind": "Deployment", "metadata": {}}, "it is a Deployment, not a Pod"),
    ],
)
def test_a_delete_or_an_eviction_is_proven_by_a_status_or_the_pod(
    plan: Callable[[Raw], WritePlan], answer: Raw, why: str
) -> None:
    assert unproven(plan(POD), answer) == why
