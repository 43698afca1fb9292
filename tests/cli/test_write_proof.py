"""The writing commands and a server that refuses, loses, forges or changes their requests."""

from __future__ import annotations

import asyncio
import copy
import errno
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.api.errors import RETRY_NOTE
from k9py.api.workloads import CHANGE_CAUSE
from k9py.cli.command_line import WriteOptions
from k9py.cli.console import Console
from k9py.simulator.admission import Webhook
from k9py.simulator.clock import ManualClock
from k9py.simulator.faults import Cut, Fault, Refuse, Replace, RequestMatch, Silence
from k9py.simulator.registry.cache import Object
from k9py.simulator.registry.resources import DEPLOYMENTS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.cli.shell import Core, Shell
from tests.cli.writes import (
    CART,
    CHECKOUT,
    GOOD,
    checkout,
    doing,
    image_of,
    only_result,
    restarting,
    scaling,
    setting_images,
    undo,
)

NEWER = "registry.example.com/shop/checkout:2.9.0"
WRITTEN = RequestMatch("patch", "deployments", "checkout?fieldManager")
"""The write itself and not its dry run."""
SCALED = RequestMatch("patch", "deployments", "checkout/scale?fieldManager")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shell]:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        yield Shell(simulator, tmp_path)


def set_image() -> Core:
    return doing("set-image", setting_images({"app": NEWER}))


# -- admission ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [400, 403, 409, 422, 500])
async def test_a_rule_that_refuses_is_exit_9_with_its_name_whatever_its_code(shop: Shell, code: int) -> None:
    shop.simulator.register_webhook(
        Webhook("validate.kyverno.svc-fail", denies=(code, "require-team: label team is required"))
    )
    ran = await shop.run(set_image(), json=True)
    assert ran.code == 9
    error = only_result(ran)["error"]
    assert error["rule"] == "validate.kyverno.svc-fail"
    assert "require-team: label team is required" in ran.err
    assert "validate.kyverno.svc-fail" in ran.err
    assert shop.writes() == 0


@pytest.mark.parametrize("code", [400, 500])
async def test_a_webhook_without_dry_run_support_is_a_warning_and_the_write_continues(shop: Shell, code: int) -> None:
    message = 'admission webhook "audit.example.com" does not support dry run'
    shop.simulator.inject(Refuse(code, message=message), RequestMatch("patch", containing="dryRun"), times=None)
    ran = await shop.run(set_image(), json=True)
    assert ran.code == 0, ran.err
    result = only_result(ran)
    assert (result["plan"]["tried"], result["as_previewed"], result["proof"]) == (False, None, "answer")
    assert "not-tried" in [warning["code"] for warning in result["plan"]["warnings"]]
    assert image_of(checkout(shop)) == NEWER


async def test_a_webhook_that_cannot_be_called_is_reported_without_a_retry_note(shop: Shell) -> None:
    shop.simulator.register_webhook(Webhook("slow.example.com", fails="context deadline exceeded"))
    ran = await shop.run(set_image())
    assert ran.code == 2
    assert "could not call the admission webhook slow.example.com: context deadline exceeded" in ran.err
    assert RETRY_NOTE not in ran.err
    assert shop.writes() == 0


async def test_changes_by_admission_are_shown_before_the_confirmation(shop: Shell) -> None:
    def mirrored(obj: Object, call: int) -> Object:
        text = json.dumps(obj).replace("registry.example.com", "mirror.example.com")
        item: Object = json.loads(text)
        return item

    shop.simulator.register_webhook(
        Webhook("mirror.example.com", RequestMatch(resource="deployments"), mutates=mirrored)
    )
    ran = await shop.run(set_image(), json=True)
    assert ran.code == 0, ran.err
    result = only_result(ran)
    assert (result["as_previewed"], result["stored_otherwise"], result["proof"]) == (True, [], "answer")
    warning = next(warning for warning in result["plan"]["warnings"] if warning["code"] == "mutated")
    assert f"becomes {NEWER.replace('registry', 'mirror')}, not {NEWER}" in warning["message"]


def annotate(simulator: Simulator, annotations: dict[str, str]) -> None:
    def run(state: SimulatorState) -> None:
        obj = state.storage.get(DEPLOYMENTS, "shop", "checkout")
        assert obj is not None
        notes = {**obj["metadata"]["annotations"], **annotations}
        state.storage.update(DEPLOYMENTS, {**obj, "metadata": {**obj["metadata"], "annotations": notes}})

    simulator.call(run)


@pytest.mark.parametrize("action", ["set-image", "scale"])
async def test_a_webhook_that_puts_everything_back_is_not_done_although_it_was_previewed(
    shop: Shell, action: str
) -> None:
    annotate(shop.simulator, {CHANGE_CAUSE: "release 2.7.1"})
    before = copy.deepcopy(checkout(shop))

    def revert(obj: Object, call: int) -> Object:
        if obj["kind"] == "Scale":
            return {**obj, "spec": {"replicas": before["replicas"]}}
        # Something is stored, but nothing of the request.
        notes = {**obj["metadata"]["annotations"], CHANGE_CAUSE: "release 2.7.1", "seen.example.com/call": str(call)}
        return {**obj, "metadata": {**obj["metadata"], "annotations": notes}, "spec": before}

    shop.simulator.register_webhook(Webhook("back.example.com", RequestMatch(resource="deployments"), mutates=revert))
    ran = await shop.run(set_image() if action == "set-image" else doing("scale", scaling(5)), json=True)
    assert ran.code == 2
    assert (only_result(ran)["outcome"], only_result(ran)["error"]["looked"]) == ("failed", "not-made")
    assert "read back: nothing" in ran.err
    assert checkout(shop) == before


def numbered(obj: Object, call: int) -> Object:
    """Pin the image to another digest at each call, and leave a note."""
    template = obj["spec"]["template"]
    container, *others = template["spec"]["containers"]
    spec = {**template["spec"], "containers": [{**container, "image": f"{NEWER}@sha256:{call:064}"}, *others]}
    notes = {**(obj["metadata"].get("annotations") or {}), "seen.example.com/call": str(call)}
    return {
        **obj,
        "metadata": {**obj["metadata"], "annotations": notes},
        "spec": {**obj["spec"], "template": {**template, "spec": spec}},
    }


async def test_differences_from_the_preview_are_reported_and_audited(shop: Shell) -> None:
    shop.simulator.register_webhook(Webhook("pin.example.com", RequestMatch(resource="deployments"), mutates=numbered))
    ran = await shop.run(set_image(), json=True)
    assert ran.code == 0, ran.err
    result = only_result(ran)
    path = "spec.template.spec.containers[app].image"
    assert (result["outcome"], result["as_previewed"]) == ("done", False)
    assert {"path": path, "previewed": f"{NEWER}@sha256:{1:064}", "stored": f"{NEWER}@sha256:{2:064}"} in result[
        "stored_otherwise"
    ]
    assert "what was stored is not what was previewed: metadata.annotations.seen.example.com/call" in ran.err
    [line] = shop.audit
    assert (line["outcome"], line["stored_otherwise"]) == ("done", result["stored_otherwise"])


# -- proof ----------------------------------------------------------------------------------------------------------

FORGED: list[tuple[Replace, str]] = [
    (Replace(), "it is not an object"),
    (Replace(body=b"<html>Sign in</html>", content_type="text/html"), "answered with an HTML page"),
    (Replace(body=b"<html>Sign in</html>"), "answered with an HTML page"),
    (Replace(body=b'{"kind":"Status","status":"Failure","message":"etcd is full"}'), "Failure: etcd is full"),
    (Replace(body=b'{"kind":"Deployment","metadata":{"name":"cart","namespace":"shop"}}'), "it is about shop/cart"),
    (
        Replace(307, location="https://elsewhere.example.com/x"),
        "redirects the write to https://elsewhere.example.com/x",
    ),
    (Replace(301, location="/login"), "redirects the write to /login"),
    (Replace(502, b"<html>Bad Gateway</html>", "text/html"), "answered with an HTML page (502"),
    (Replace(504, b"", "text/plain"), "answered 504"),
]


@pytest.mark.parametrize(("fault", "why"), FORGED, ids=[why for _, why in FORGED])
async def test_a_write_that_was_not_made_is_never_reported_as_done(shop: Shell, fault: Replace, why: str) -> None:
    shop.simulator.inject(fault, WRITTEN)
    ran = await shop.run(set_image(), json=True)
    assert ran.code == 2
    result = only_result(ran)
    assert result["error"]["looked"] == "not-made"
    assert why in ran.err
    assert "read back: " in ran.err
    assert RETRY_NOTE not in ran.err
    assert (shop.audit[-1]["outcome"], shop.audit[-1]["looked"]) == (result["outcome"], "not-made")
    # A response settles it; without one from the API server, it may still be made.
    assert result["outcome"] == ("failed" if "prove" in ran.err else "unknown")
    assert image_of(checkout(shop)) == GOOD


LOST: list[Fault] = [
    Cut(0),
    Replace(502, b"<html>", "text/html", after_handling=True),
    Replace(503, after_handling=True),
    Replace(504, b"", "text/plain", after_handling=True),
    Replace(after_handling=True),
    Replace(200, b"<html>", "text/html", after_handling=True),
]


@pytest.mark.parametrize("fault", LOST, ids=str)
@pytest.mark.parametrize("action", ["set-image", "scale", "undo", "restart"])
async def test_what_was_made_and_its_answer_lost_is_found_by_looking(shop: Shell, fault: Fault, action: str) -> None:
    cores = {"set-image": set_image(), "scale": doing("scale", scaling(5)), "undo": undo(3)}
    shop.simulator.inject(fault, SCALED if action == "scale" else WRITTEN)
    before = checkout(shop)
    ran = await shop.run(cores.get(action) or doing("restart", restarting()), json=True)
    assert ran.code == 0, ran.err
    result = only_result(ran)
    assert (result["outcome"], result["proof"], result["as_previewed"]) == ("done", "looked", True)
    assert "read back: it was made" in result["remark"]
    assert "read back: it was made" in ran.err
    assert [(line["outcome"], line["looked"]) for line in shop.audit] == [("done", "made")]
    assert checkout(shop) != before


async def test_an_object_that_cannot_be_read_back_stays_unknown(shop: Shell) -> None:
    def unreadable(obj: Object, call: int) -> Object:
        if call == 2:  # the write itself: from now on reads are forbidden
            shop.simulator._faults.add(Refuse(403, "Forbidden", "no"), RequestMatch("get", "deployments"), times=None)
        return obj

    shop.simulator.register_webhook(
        Webhook("trap.example.com", RequestMatch("patch", "deployments"), mutates=unreadable)
    )
    shop.simulator.inject(Replace(504, after_handling=True), WRITTEN)
    ran = await shop.run(set_image(), json=True)
    assert ran.code == 2
    assert (only_result(ran)["outcome"], only_result(ran)["error"]["looked"]) == ("unknown", "unknown")
    assert "read back: it could not be read" in ran.err
    assert "check again before retrying" in ran.err
    assert [(line["outcome"], line["looked"]) for line in shop.audit] == [("unknown", "unknown")]


async def test_a_write_cancelled_in_flight_is_not_reported_as_failed(
    shop: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived = threading.Event()

    def tell(obj: Object, call: int) -> Object:
        if call == 2:  # the write itself
            arrived.set()
        return obj

    shop.simulator.register_webhook(Webhook("tell.example.com", RequestMatch("patch", "deployments"), mutates=tell))
    shop.simulator.inject(Silence(), WRITTEN)
    answers: list[Any] = []
    monkeypatch.setattr(Console, "print_json", lambda _, values: answers.append(values))
    running = asyncio.create_task(shop.run(set_image(), json=True))
    assert await asyncio.to_thread(arrived.wait, 60)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [result["outcome"] for result in answers[0]["results"]] == ["unknown"]
    assert [line["outcome"] for line in shop.audit] == ["unknown"]


# -- the audit file -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("room", "code", "made"), [(0, 2, False), (1, 10, True)])
async def test_a_full_disk_is_reported_and_in_the_exit_code(
    shop: Shell, monkeypatch: pytest.MonkeyPatch, room: int, code: int, made: bool
) -> None:
    left, real = [room], os.write

    def write(descriptor: int, line: bytes) -> int:
        if not line.startswith(b'{"time"'):
            return real(descriptor, line)
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        left[0] -= 1
        return real(descriptor, line)

    monkeypatch.setattr(os, "write", write)
    ran = await shop.run(doing("set-image", setting_images({"app": NEWER}), CHECKOUT, CART), json=True)
    assert ran.code == code
    assert "No space left on device" in ran.err
    assert (image_of(checkout(shop)) == NEWER) is made
    assert ran.json["not_tried"] == [{"kind": "Deployment", "name": "cart"}]
    if made:
        assert ran.json["results"][0]["audit_problem"] == "No space left on device"


async def test_a_dry_run_needs_no_room(shop: Shell) -> None:
    shop.audit_path.parent.write_text("a file in the way", encoding="utf-8")
    ran = await shop.run(doing("restart", restarting(), options=WriteOptions(dry_run=True)))
    assert ran.code == 0
