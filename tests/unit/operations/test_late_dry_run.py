"""The dry run of an object whose type is created by the same set: once the type is served, bounded, and binding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

import pytest

from k9py.api.errors import InvalidError, NotFoundError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.api.resource_type import ResourceType
from k9py.api.write_request import WriteRequest
from k9py.operations import late_dry_run as module
from k9py.operations.dry_run import DryRun
from k9py.operations.late_dry_run import SERVED_SECONDS, late_dry_run
from k9py.operations.plan import ITS_TYPE, PreflightWarning, WarningLevel, WritePlan
from k9py.operations.proposing import OperationSession
from tests.unit.operations.test_delete_stuck_pods import NoWait

WIDGET = ObjectRef("Widget", "shop", "w", "example.com")
NOT_TRIED = PreflightWarning(WarningLevel.NOTE, "not-tried", "")
Condition = dict[str, str]


def planned() -> DryRun:
    resource_type = ResourceType("example.com", "v1", "widgets", "Widget", True)
    request = WriteRequest(WIDGET, {}, "apply", resource_type=resource_type)
    plan = WritePlan("apply", "Apply", WIDGET, "", "", 0, request, "create", warnings=(NOT_TRIED,), awaits=ITS_TYPE)
    return DryRun(plan, {}, None, is_verified=False)


class Definition:
    """A reader of a definition with other conditions at each read."""

    def __init__(self, *conditions: Condition) -> None:
        self.conditions = list(conditions)
        self.read: list[str] = []

    async def get(self, key: ObjectRef, subresource: str = "") -> dict[str, Any]:
        self.read.append(key.name)
        now = self.conditions.pop(0) if len(self.conditions) > 1 else self.conditions[0]
        return {"status": {"conditions": [{"type": kind, "status": status} for kind, status in now.items()]}}


def session(definition: Definition, clock: NoWait) -> OperationSession:
    unused = cast("Any", None)
    return OperationSession(unused, cast("Any", definition), unused, clock, unused)


def answering(monkeypatch: pytest.MonkeyPatch, *answers: Exception | None) -> list[WritePlan]:
    """Let the server answer dry runs; the last answer stays."""
    waiting, tried = list(answers), []

    async def dry_run(_writer: Any, _reader: Any, obj: Mapping[str, Any], plan: WritePlan) -> DryRun:
        tried.append(plan)
        answer = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if answer is not None:
            raise answer
        return DryRun(plan, obj, {}, is_verified=True)

    monkeypatch.setattr(module, "dry_run", dry_run)
    return tried


def nothing() -> Callable[[str], None]:
    return lambda text: None


async def test_it_waits_until_the_type_is_established_and_served(monkeypatch: pytest.MonkeyPatch) -> None:
    definition = Definition({"NamesAccepted": "True", "Established": "False"}, {"Established": "True"})
    tried = answering(monkeypatch, NotFoundError("not served yet"), None)
    reports: list[str] = []
    done = await late_dry_run(session(definition, NoWait()), {}, planned(), reports.append)
    assert done.is_verified
    assert definition.read == ["widgets.example.com"] * 3
    assert [plan.warnings for plan in tried] == [(), ()]
    assert reports == ["waits until its type is served"] * 2


async def test_it_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, NotFoundError("no such path"))
    clock = NoWait()
    with pytest.raises(NotFoundError) as raised:
        await late_dry_run(session(Definition({"Established": "False"}), clock), {}, planned(), nothing())
    assert "its type is not served after 30 s" in raised.value.hint
    assert SERVED_SECONDS <= clock.seconds < SERVED_SECONDS + 3


async def test_what_the_dry_run_refuses_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, InvalidError("spec.size: must be an integer"))
    with pytest.raises(InvalidError):
        await late_dry_run(session(Definition({"Established": "True"}), NoWait()), {}, planned(), nothing())


async def test_names_that_are_taken_end_the_wait_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = answering(monkeypatch, None)
    with pytest.raises(RefusedError, match="not accepted"):
        await late_dry_run(session(Definition({"NamesAccepted": "False"}), NoWait()), {}, planned(), nothing())
    assert tried == []
