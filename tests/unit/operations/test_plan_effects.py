"""What a plan declares about its write, and that nothing asks for the name of an operation instead."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import k9py
from k9py.api.meta import ObjectRef
from k9py.api.write_request import WriteRequest
from k9py.operations.delete_pod import plan_delete_pod, plan_evict
from k9py.operations.operation import RemediableError
from k9py.operations.pause import PausedError, plan_pause, plan_resume
from k9py.operations.plan import NewPods, WritePlan
from k9py.operations.registry import OperationRegistry, built_in_operations
from k9py.operations.restart import Restart, plan_restart
from k9py.operations.scale import plan_scale
from k9py.operations.set_image import plan_set_image
from tests.unit.operations.raw import raw_pod

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def deployment(*, paused: bool = False, updated: int = 3) -> dict[str, Any]:
    spec: dict[str, Any] = {"replicas": 3, "template": {"spec": {"containers": [{"name": "app", "image": "app:1"}]}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "cart", "namespace": "shop", "uid": "u", "resourceVersion": "7", "generation": 2},
        "spec": {**spec, **({"paused": True} if paused else {})},
        "status": {"updatedReplicas": updated, "replicas": 3},
    }


def effects(plan: WritePlan) -> set[str]:
    names = ("starts_rollout", "changes_template", "changes_spec", "removes_pod", "is_remedy", "pauses")
    return {name for name in names if getattr(plan, name)}


SPEC = {"changes_spec"}
TEMPLATE = {"changes_spec", "changes_template"}


@pytest.mark.parametrize(
    ("plan", "expected", "new_pods"),
    [
        (plan_scale(deployment(), 5), SPEC, NewPods.SAME),
        (plan_scale(deployment(), 0), SPEC | {"is_remedy"}, NewPods.SAME),
        (plan_restart(deployment(), NOW), TEMPLATE | {"starts_rollout", "is_remedy"}, NewPods.SAME),
        (plan_set_image(deployment(), {"app": "app:2"}), TEMPLATE | {"starts_rollout"}, NewPods.SAME_REQUESTS),
        (plan_set_image(deployment(paused=True), {"app": "app:2"}), TEMPLATE, NewPods.SAME_REQUESTS),
        (plan_pause(deployment()), SPEC | {"pauses"}, NewPods.ANY),
        (plan_resume(deployment(paused=True, updated=1)), SPEC | {"starts_rollout"}, NewPods.ANY),
        (plan_resume(deployment(paused=True)), SPEC, NewPods.ANY),
        (plan_delete_pod(raw_pod()), {"removes_pod"}, NewPods.ANY),
        (plan_evict(raw_pod()), {"removes_pod"}, NewPods.ANY),
    ],
    ids=lambda value: value.summary if isinstance(value, WritePlan) else "",
)
def test_a_plan_declares_what_its_write_does(plan: WritePlan, expected: set[str], new_pods: NewPods) -> None:
    assert effects(plan) == expected
    assert plan.new_pods is new_pods


def test_replicas_are_those_of_the_patch() -> None:
    assert plan_scale(deployment(), 0).replicas == 0
    assert plan_restart(deployment(), NOW).replicas is None
    assert plan_evict(raw_pod()).replicas is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/spec/template", {"changes_spec", "changes_template"}),
        ("/spec/replicas", {"changes_spec"}),
        ("/metadata/annotations", set()),
    ],
)
def test_a_json_patch_is_judged_by_its_paths(path: str, expected: set[str]) -> None:
    key = ObjectRef("Deployment", "shop", "cart")
    request = WriteRequest(key, [{"op": "replace", "path": path, "value": {}}], "json")
    assert effects(WritePlan("sample", "Sample", key, "u", "7", 2, request, "sample")) == expected


def test_what_is_refused_for_a_pause_is_possible_once_resumed() -> None:
    error = PausedError("cart is paused")
    assert isinstance(error, RemediableError)
    operation = built_in_operations()[error.remedy.operation]
    assert operation.title(operation.inputs(**error.remedy.inputs)) == "resume"


def test_a_registry_is_extended_without_a_change_to_the_first() -> None:
    first = OperationRegistry(())
    assert set(first.extended([Restart()])) == {"restart"}
    assert len(first) == 0
    with pytest.raises(AssertionError, match="two operations"):
        built_in_operations().extended([Restart()])


def test_no_code_compares_the_name_of_an_operation() -> None:
    compared = [
        f"{path}:{node.lineno}"
        for path in Path(k9py.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Compare)
        for side in (node.left, *node.comparators)
        if isinstance(side, ast.Attribute) and side.attr in ("operation", "operation_id")
    ]
    # Keys compare with a value, not with a name; in diagnosis it is the operation of a field manager.
    others = [place for place in compared if not any(part in place for part in ("/tui/keys.py", "/diagnosis/"))]
    assert others == []
