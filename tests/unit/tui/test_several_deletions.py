"""The question about several deletions has the finalizers and the uses of each object, and nothing about templates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, cast

from k9py.operations.delete import Delete, DeleteInputs, plan_delete
from k9py.operations.dry_run import DryRun
from k9py.operations.front_end import Proposal, Proposals
from k9py.operations.operation import PlannedTarget
from k9py.operations.plan import PreflightWarning, WarningLevel
from k9py.operations.preconditions import ref_of
from k9py.operations.target import Target
from k9py.operations.warnings import merge_warnings
from k9py.tui.dialogs.question import question_lines
from k9py.tui.operations.confirmation import question_of_several


@dataclass
class Known:
    raw: dict[str, Any]

    @property
    def key(self) -> Any:
        return ref_of(self.raw)


def proposal(name: str, *warnings: str, finalizers: tuple[str, ...] = ()) -> Proposal:
    metadata = {"name": name, "namespace": "shop", "uid": name, "resourceVersion": "1", "finalizers": list(finalizers)}
    raw = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
    plan = plan_delete(raw, DeleteInputs())
    found = tuple(PreflightWarning(WarningLevel.CAUTION, "dependents", text) for text in warnings)
    plan = replace(plan, warnings=merge_warnings(plan.warnings, found))
    target = cast("Target", Known(raw))
    return Proposal(PlannedTarget(target, plan, "delete"), DryRun(plan, raw, None, is_verified=True))


def test_each_object_has_its_own_warnings() -> None:
    items = (proposal("a", "deletes what it owns: 1 Secret"), proposal("b", finalizers=("example.com/keep",)))
    question = question_of_several(Proposals(Delete(), items), [None, None], "prod")
    shown = question_lines(question, as_yaml=False, width=160, key_of=str)
    lines = ["".join(span.text for span in line) for line in shown]
    a, b = (next(number for number, line in enumerate(lines) if f"shop/{name}" in line) for name in "ab")
    assert "deletes what it owns: 1 Secret" in "".join(lines[a:b])
    assert "example.com/keep" in "".join(lines[b:])
    assert "example.com/keep" not in "".join(lines[a:b])
    assert not any("template" in line for line in lines)
