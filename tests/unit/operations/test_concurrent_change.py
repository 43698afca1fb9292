"""No write, and no dry run of one, replaces what somebody else changed since the object was read."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from k9py.api.errors import ConflictError, RecreatedError
from k9py.operations.apply import Manifest, plan_apply
from k9py.operations.cordon import plan_cordon
from k9py.operations.delete import DeleteInputs, plan_delete
from k9py.operations.dry_run import dry_run
from k9py.operations.edit import edit_text, plan_edit
from k9py.operations.label import plan_change
from k9py.operations.plan import WritePlan
from k9py.operations.preconditions import ref_of
from k9py.operations.restart import plan_restart
from k9py.operations.scale import plan_scale
from k9py.operations.set_image import plan_set_image
from tests import factories as make
from tests.unit.operations.fake_server import FakeServer
from tests.unit.operations.raw import raw_pod
from tests.unit.operations.writing import NEWER, Raw, writer


def plain(kind: str, version: str = "v1", **fields: Any) -> Raw:
    metadata = {"name": "app", "namespace": "shop", "uid": "u", "resourceVersion": "100", "labels": {"tier": "web"}}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **fields}


CONFIG_MAP = plain("ConfigMap", data={"x": "orig", "z": "same"})
SECRET = plain("Secret", data={"x": "b3JpZw==", "z": "c2FtZQ=="})
ROLE = plain("Role", "rbac.authorization.k8s.io/v1", rules=[{"verbs": ["get"], "resources": ["pods"]}])
NODE = plain("Node", spec={"unschedulable": False, "podCIDR": "10.0.0.0/24"})
DEPLOYMENT = make.raw_deployment()
Change = Callable[[Raw], None]
Plan = Callable[[Raw], WritePlan]


def edit(old: str, new: str) -> Plan:
    return lambda obj: plan_edit(obj, edit_text(obj).replace(old, new))


def label(obj: Raw) -> WritePlan:
    return plan_change(obj, "labels", {"owner": "mine"})


def apply(obj: Raw) -> WritePlan:
    body = {key: obj[key] for key in ("apiVersion", "kind")} | {"metadata": {"name": "app"}, "data": {"x": "mine"}}
    return plan_apply(obj, Manifest(ref_of(obj), None, body, "app.yaml:1"), force=True)  # type: ignore[arg-type]


def delete(obj: Raw) -> WritePlan:
    return plan_delete(obj, DeleteInputs())


def data(obj: Raw) -> None:
    obj["data"] |= {"x": "theirs", "y": "theirs"}


def labels(obj: Raw) -> None:
    obj["metadata"].setdefault("labels", {})["owner"] = "theirs"


def rules(obj: Raw) -> None:
    obj["rules"] = [{"verbs": ["*"], "resources": ["pods"]}]


def spec(obj: Raw) -> None:
    obj["spec"]["unschedulable"] = True


CONFLICTS: list[tuple[str, Raw, Plan, Change]] = [
    ("edit a ConfigMap", CONFIG_MAP, edit("x: orig", "x: mine"), data),
    ("edit another key of a ConfigMap", CONFIG_MAP, edit("z: same", "z: mine"), data),
    ("edit a Secret", SECRET, edit("b3JpZw==", "bWluZQ=="), data),
    ("edit a Role", ROLE, edit("- get", "- list"), rules),
    (
        "edit labels of a Deployment",
        DEPLOYMENT,
        edit("\n  labels:\n", "\n  labels:\n    owner: mine\n"),
        labels,
    ),
    ("edit the spec of a Deployment", DEPLOYMENT, edit("replicas: 3", "replicas: 4"), labels),
    ("label a ConfigMap", CONFIG_MAP, label, labels),
    ("label a Deployment", DEPLOYMENT, label, labels),
    ("label a Pod", raw_pod(), label, labels),
    ("apply a ConfigMap", CONFIG_MAP, apply, data),
    ("apply over labels", CONFIG_MAP, apply, labels),
    ("delete a ConfigMap", CONFIG_MAP, delete, data),
    ("delete a Deployment", DEPLOYMENT, delete, labels),
    ("cordon a Node", NODE, lambda obj: plan_cordon(obj, cordoned=True), spec),
    ("set an image", DEPLOYMENT, lambda obj: plan_set_image(obj, {"app": NEWER}), labels),
    ("scale", DEPLOYMENT, lambda obj: plan_scale(obj, 5), labels),
    ("restart", DEPLOYMENT, lambda obj: plan_restart(obj, make.NOW), labels),
]


@pytest.mark.parametrize(("obj", "plan", "change"), [case[1:] for case in CONFLICTS], ids=[c[0] for c in CONFLICTS])
@pytest.mark.parametrize("is_dry_run", [True, False])
async def test_what_others_changed_is_a_conflict(obj: Raw, plan: Plan, change: Change, is_dry_run: bool) -> None:
    before = copy.deepcopy(obj)
    server = FakeServer(copy.deepcopy(obj))
    server.move_status()
    change(server.obj)
    theirs = copy.deepcopy(server.obj)
    with pytest.raises(ConflictError, match=r"was changed since (it was read|you confirmed)") as caught:
        await writer(server).write(plan(before), dry_run=is_dry_run, before=before)
    assert len(server.sent) == 1
    assert server.obj == theirs
    assert "theirs" in caught.value.message or "true" in caught.value.message or obj in (SECRET, ROLE)


async def test_the_dry_run_of_a_proposal_does_not_move_to_the_version_of_others() -> None:
    server = FakeServer(copy.deepcopy(CONFIG_MAP))
    server.move_status()
    data(server.obj)
    with pytest.raises(ConflictError, match=r"since it was read.*: data\.x: orig → theirs; data\.y: absent → theirs"):
        await dry_run(writer(server), server, CONFIG_MAP, edit("x: orig", "x: mine")(CONFIG_MAP))


async def test_a_value_of_a_secret_is_not_named() -> None:
    server = FakeServer(copy.deepcopy(SECRET))
    server.move_status()
    server.obj["data"]["x"] = "dGhlaXJz"
    with pytest.raises(ConflictError, match=r"data\.x: hidden → hidden"):
        await writer(server).write(label(SECRET), dry_run=True, before=SECRET)


@pytest.mark.parametrize("is_dry_run", [True, False])
async def test_without_the_object_as_it_was_every_other_version_is_a_conflict(is_dry_run: bool) -> None:
    server = FakeServer(copy.deepcopy(CONFIG_MAP), status_moves=1)
    with pytest.raises(ConflictError, match="was changed"):
        await writer(server).write(label(CONFIG_MAP), dry_run=is_dry_run)


@pytest.mark.parametrize(
    ("obj", "plan"),
    [(CONFIG_MAP, label), (NODE, label), (raw_pod(), delete), (DEPLOYMENT, lambda obj: plan_scale(obj, 5))],
)
async def test_what_only_controllers_write_is_none(obj: Raw, plan: Plan) -> None:
    server = FakeServer(json.loads(json.dumps(obj)))
    server.move_status()
    server.obj["status"] = {"observed": 1}
    server.obj["metadata"].setdefault("annotations", {})["control-plane.alpha.kubernetes.io/leader"] = "{}"
    if obj is NODE:
        server.obj["metadata"]["annotations"]["csi.example.com/node"] = "n"
    assert (await writer(server).write(plan(obj), dry_run=True, before=obj)).attempts == 2


async def test_an_object_that_was_recreated_is_another_error() -> None:
    server = FakeServer(copy.deepcopy(CONFIG_MAP))
    server.move_status()
    server.obj["metadata"]["uid"] = "other"
    with pytest.raises(RecreatedError, match="was deleted and recreated since it was read"):
        await writer(server).write(label(CONFIG_MAP), dry_run=True, before=CONFIG_MAP)
