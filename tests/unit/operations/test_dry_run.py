"""Preparing a change: the dry run's own result, every warning once, and no request in a read-only session."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from dataclasses import replace as changed
from typing import Any

import pytest

from k9py.api.errors import ConnectionFailedError, DryRunUnsupportedError, ForbiddenError, KdashError, ReadOnlyError
from k9py.api.write_request import WriteRequest
from k9py.operations.audit import AuditLog, Identity
from k9py.operations.delete_pod import plan_delete_pod
from k9py.operations.dry_run import DryRun, dry_run, is_stored_as_previewed
from k9py.operations.plan import WriteResult
from k9py.operations.scale import plan_scale
from k9py.operations.set_image import plan_set_image
from k9py.operations.write import Writer
from tests import factories as make
from tests.unit.operations.fake_server import as_scale, patched
from tests.unit.operations.preflights import FakeReader, autoscaler
from tests.unit.operations.raw import raw_pod

NEWER = "registry.example.com/checkout:1.1.0"


@dataclass
class FakePatcher:
    """Answers every write with one object, or raises."""

    answer: dict[str, Any] | KdashError
    sent: list[tuple[WriteRequest, bool]] = field(default_factory=list)

    async def send(self, request: WriteRequest, *, dry_run: bool) -> dict[str, Any]:
        self.sent.append((request, dry_run))
        if isinstance(self.answer, KdashError):
            raise self.answer
        return self.answer


def writer(patcher: FakePatcher, *, read_only: bool = False) -> Writer:
    identity = Identity(context="prod", user="ann")
    return Writer(patcher, FakeReader(), read_only=read_only, audit=AuditLog(None), identity=identity)


async def test_it_holds_what_the_dry_run_returned() -> None:
    obj = make.raw_deployment()
    change = plan_set_image(obj, {"app": NEWER})
    after = patched(obj, change.request)
    patcher = FakePatcher(after)
    ready = await dry_run(writer(patcher), FakeReader(), obj, change)
    assert ready == DryRun(change, obj, after, is_verified=True)
    assert (ready.template_before, ready.template_after) == (obj["spec"]["template"], after["spec"]["template"])
    assert patcher.sent == [(change.request, True)]


async def test_warnings_of_plan_and_preflight_are_merged_worst_first() -> None:
    obj = make.raw_deployment(annotations={"meta.helm.sh/release-name": "shop"})
    stale = make.autoscaler(make.deployment(), min_replicas=1, max_replicas=2)
    change = plan_scale(obj, 5, autoscaler=stale)
    assert [warning.code for warning in change.warnings] == ["autoscaler", "helm"]
    reader = FakeReader({"HorizontalPodAutoscaler": [autoscaler()], "ResourceQuota": ForbiddenError("no", code=403)})
    ready = await dry_run(writer(FakePatcher(as_scale(make.raw_deployment(replicas=5)))), reader, obj, change)
    assert [warning.code for warning in ready.plan.warnings] == ["autoscaler", "helm", "unknown"]
    assert "(2-6)" in ready.plan.warnings[0].message, "as it was read last"
    assert ready.template_after == ready.template_before


async def test_a_read_only_session_asks_nothing() -> None:
    obj, patcher, reader = make.raw_deployment(), FakePatcher({}), FakeReader()
    with pytest.raises(ReadOnlyError):
        await dry_run(writer(patcher, read_only=True), reader, obj, plan_scale(obj, 5))
    assert (patcher.sent, reader.asked) == ([], [])


@pytest.mark.parametrize("refusal", [ForbiddenError("you may not", code=403), ConnectionFailedError("cut off")])
async def test_what_the_dry_run_was_refused_with_is_raised(refusal: KdashError) -> None:
    obj = make.raw_deployment()
    with pytest.raises(type(refusal), match=refusal.message):
        await dry_run(writer(FakePatcher(refusal)), FakeReader(), obj, plan_scale(obj, 5))
    assert asyncio.all_tasks() == {asyncio.current_task()}, "no question is left open"


async def test_a_lost_connection_of_preflight_is_raised() -> None:
    obj = make.raw_deployment()
    lost = FakeReader({"ResourceQuota": ConnectionFailedError("cut off")})
    with pytest.raises(ConnectionFailedError):
        await dry_run(writer(FakePatcher(as_scale(make.raw_deployment(replicas=5)))), lost, obj, plan_scale(obj, 5))


async def test_what_the_server_could_not_try_has_no_preview_and_is_never_called_as_previewed() -> None:
    obj = make.raw_deployment()
    refused = FakePatcher(DryRunUnsupportedError("webhook does not support dry run", code=400))
    ready = await dry_run(writer(refused), FakeReader(), obj, plan_set_image(obj, {"app": NEWER}))
    assert (ready.is_verified, ready.after, ready.template_after) == (False, None, {})
    assert [warning.code for warning in ready.plan.warnings] == ["not-tried"]
    assert not is_stored_as_previewed(ready, WriteResult(ready.plan, make.raw_deployment(image=NEWER), dry_run=False))


async def test_a_pod_to_be_deleted_has_nothing_to_preview() -> None:
    pod = raw_pod()
    ready = await dry_run(writer(FakePatcher(pod)), FakeReader(), pod, plan_delete_pod(pod))
    assert (ready.is_verified, ready.after) == (True, None)
    assert is_stored_as_previewed(ready, WriteResult(ready.plan, pod, dry_run=False))


def test_as_previewed_means_the_same_template_whatever_the_order_of_its_fields_and_the_status() -> None:
    obj, after = make.raw_deployment(), make.raw_deployment(image=NEWER)
    ready = DryRun(plan_set_image(obj, {"app": NEWER}), obj, after, is_verified=True)
    template = after["spec"]["template"]
    turned = {
        **after,
        "spec": {**after["spec"], "template": dict(reversed(template.items()))},
        "status": {"replicas": 9},
    }
    written = WriteResult(ready.plan, turned, dry_run=False)
    assert is_stored_as_previewed(ready, written)
    other = {
        **after,
        "spec": {**after["spec"], "template": {**template, "metadata": {"labels": {"app": "checkout", "x": "y"}}}},
    }
    assert not is_stored_as_previewed(ready, changed(written, result=other))


@pytest.mark.parametrize(("stored", "expected"), [(5, True), (4, False)])
def test_a_scale_is_as_previewed_when_the_number_is(stored: int, expected: bool) -> None:
    obj = make.raw_deployment()
    ready = DryRun(plan_scale(obj, 5), obj, {"kind": "Scale", "spec": {"replicas": 5}}, is_verified=True)
    written = WriteResult(ready.plan, {"kind": "Scale", "spec": {"replicas": stored}}, dry_run=False)
    assert is_stored_as_previewed(ready, written) is expected
