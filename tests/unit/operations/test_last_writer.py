"""Who changed an object meanwhile: named if the managed fields show it, otherwise all candidates."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.errors import ConflictError
from k9py.operations.last_writer import last_writer
from k9py.operations.scale import plan_scale
from tests import factories as make
from tests.recordings import body
from tests.unit.operations.fake_server import FakeServer
from tests.unit.operations.writing import writer

OLD, NEW = "2026-11-22T10:00:00Z", "2026-11-22T11:59:00Z"


def entry(manager: str, *fields: str, time: str = "", subresource: str = "", part: str = "spec") -> dict[str, Any]:
    fields_entry: dict[str, Any] = {
        "manager": manager,
        "operation": "Update",
        "fieldsV1": {f"f:{part}": {f"f:{field}": {} for field in fields}},
    }
    return fields_entry | ({"time": time} if time else {}) | ({"subresource": subresource} if subresource else {})


CREATED = entry("kubectl-create", "replicas", "template", time=OLD)
TEMPLATE = entry("kubectl-create", "template", time=OLD)
SCALED = entry("curl", "replicas", subresource="scale")
STATUS = entry("kube-controller-manager", "x", time="2026-11-22T12:00:00Z", subresource="status", part="status")
SET = entry("kubectl-set", "template", time=NEW)
ANNOTATED = entry("kubectl-annotate", "annotations", time=NEW, part="metadata")


def obj(*entries: dict[str, Any], **changes: Any) -> dict[str, Any]:
    deployment = make.raw_deployment(**changes)
    deployment["metadata"]["managedFields"] = list(entries)
    return deployment


@pytest.mark.parametrize(
    ("before", "present", "message"),
    [
        # The scale has no time in 1.36: the creator's entry is the newest that has one, and is not who did it.
        (
            obj(CREATED),
            obj(TEMPLATE, SCALED, STATUS, replicas=9),
            " (by curl through scale, time not recorded)",
        ),
        # Somebody else scaled through the same entry before: the image was changed by who owns the template.
        (obj(TEMPLATE, SCALED), obj(TEMPLATE, SCALED, SET, image="x:2"), f" (by kubectl-set at {NEW})"),
        (obj(TEMPLATE, SCALED), obj(SCALED, SET, image="x:2"), f" (by kubectl-set at {NEW})"),
        # Both changed: nobody is singled out.
        (
            obj(TEMPLATE),
            obj(SCALED, SET, image="x:2", replicas=9),
            f" (author unknown: curl through scale, time not recorded; or kubectl-set at {NEW})",
        ),
        # Two that have no time.
        (
            obj(CREATED),
            obj(SCALED, entry("kubectl", "template"), replicas=9, image="x:2"),
            " (author unknown: curl through scale, time not recorded; or kubectl, time not recorded)",
        ),
        # Who wrote something else is not named.
        (
            obj(CREATED),
            obj(TEMPLATE, SCALED, ANNOTATED, replicas=9),
            " (by curl through scale, time not recorded)",
        ),
        # Nobody owns what changed, and nobody has written since.
        (obj(TEMPLATE), obj(TEMPLATE, replicas=9), " (author unknown)"),
        (obj(), obj(replicas=9), ""),
    ],
)
def test_who_changed_it_is_named_as_far_as_it_is_known(
    before: dict[str, Any], present: dict[str, Any], message: str
) -> None:
    assert last_writer(present, before) == message


@pytest.mark.parametrize(
    ("part", "message"), [("metadata", f" (by kubectl-annotate at {NEW})"), ("spec", " (author unknown)")]
)
def test_who_wrote_the_part_that_changed_is_named(part: str, message: str) -> None:
    before, present = obj(CREATED), obj(CREATED, ANNOTATED)
    present["metadata"]["annotations"] = {"a": "b"}
    if part == "spec":
        present["metadata"]["managedFields"] = [CREATED]
    assert last_writer(present, before, part) == message


def test_without_the_object_as_it_was_nobody_without_a_time_is_passed_over() -> None:
    message = last_writer(obj(TEMPLATE, SCALED, replicas=9), None)
    assert message == f" (author unknown: curl through scale, time not recorded; or kubectl-create at {OLD})"


def test_a_recorded_deployment_has_a_scale_without_time() -> None:
    present = body("set-image-kubectl", 0)
    [scale] = [entry for entry in present["metadata"]["managedFields"] if entry.get("subresource") == "scale"]
    assert "time" not in scale
    before = {**present, "spec": {**present["spec"], "replicas": 99}}
    assert last_writer(present, before) == f" (by {scale['manager']} through scale, time not recorded)"


async def test_the_refusal_of_a_write_names_who_scaled_and_not_who_wrote_last() -> None:
    before = obj(CREATED)
    present = obj(TEMPLATE, SCALED, replicas=9, generation=2, resource_version="101")
    with pytest.raises(ConflictError, match=r"since you confirmed \(by curl through scale, time not recorded"):
        await writer(FakeServer(present)).write(plan_scale(before, 5), dry_run=False, before=before)
