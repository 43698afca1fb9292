"""Plans, the audit file and notes about stored values contain no secret."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from k9py.api.workloads import CHANGE_CAUSE
from k9py.operations.set_image import plan_set_image
from k9py.operations.undo import plan_undo
from k9py.operations.values import Path, value_text
from tests import factories as make
from tests.recordings import body, items

WORD = "hunter2"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "template", "spec", "containers", "[app]", "args"), ["--token", WORD]),
        (("spec", "template", "spec", "containers", "[app]", "command"), ["sh", "-c", f"TOKEN={WORD} app"]),
        (("spec", "template", "metadata", "annotations", "x/password"), WORD),
        (("spec", "template", "spec", "containers", "[app]", "env"), [{"name": "A", "value": WORD}]),
        (("spec", "template", "spec", "volumes", "[v]", "csi"), {"volumeAttributes": {"password": WORD}}),
    ],
)
def test_a_quoted_value_is_without_secrets(path: Path, value: Any) -> None:
    assert WORD not in value_text(path, value)


def test_other_values_are_quoted_as_they_are() -> None:
    assert value_text(("spec", "template", "spec", "containers", "[app]", "image"), "shop/token:1") == "shop/token:1"


def test_the_removed_change_cause_is_reported_without_secrets() -> None:
    cause = f"kubectl set env deploy/checkout DB_PASSWORD={WORD}"
    undone = copy.deepcopy(body("undo-kubectl", 0))
    undone["metadata"].setdefault("annotations", {})[CHANGE_CAUSE] = cause
    revision = next(obj for obj in items("undo-kubectl", 2) if obj["metadata"]["name"] == "checkout-8584c6bfc9")
    for change in (
        plan_undo(undone, revision),
        plan_set_image(make.raw_deployment(annotations={CHANGE_CAUSE: cause}), {"app": "registry.example.com/a:2"}),
    ):
        rows = {what: before for what, before, _ in change.before_after}
        assert rows["change-cause"] == "kubectl set env deploy/checkout DB_PASSWORD=••••••"
