"""Deletions of any object: options, warnings, what is taken along, and what a removal waits for."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.errors import NotFoundError, RefusedError
from k9py.api.meta import ObjectRef
from k9py.operations.delete import DeleteInputs, plan_delete
from k9py.operations.plan import Tracking, WarningLevel
from k9py.operations.removal import track_removal
from tests.unit.operations.raw import raw_pod

Raw = dict[str, Any]


def raw(kind: str, name: str = "app", namespace: str = "shop", api_version: str = "v1", **fields: Any) -> Raw:
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "resourceVersion": "7"}
    metadata |= fields.pop("metadata", {})
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def test_the_options_carry_preconditions_and_the_propagation_policy() -> None:
    plan = plan_delete(raw("ConfigMap"), DeleteInputs("foreground"))
    assert plan.request.patch == {
        "preconditions": {"uid": "uid-app", "resourceVersion": "7"},
        "propagationPolicy": "Foreground",
    }
    assert (plan.operation, plan.tracking, plan.typed_confirmation) == ("delete", Tracking.REMOVAL, "")


@pytest.mark.parametrize("kind", ["Namespace", "PersistentVolume", "CustomResourceDefinition"])
def test_what_nothing_recreates_is_confirmed_by_its_name(kind: str) -> None:
    api = "apiextensions.k8s.io/v1" if kind == "CustomResourceDefinition" else "v1"
    assert plan_delete(raw(kind, namespace="", api_version=api), DeleteInputs()).typed_confirmation == "app"


def test_the_policy_is_a_row_where_it_decides_what_else_is_deleted() -> None:
    def rows(kind: str, api_version: str, **given: Any) -> tuple[tuple[str, str, str], ...]:
        return plan_delete(raw(kind, api_version=api_version), DeleteInputs(**given)).before_after

    assert rows("Deployment", "apps/v1")[0][0] == "propagation"
    for kind, api_version in (("Namespace", "v1"), ("CustomResourceDefinition", "apiextensions.k8s.io/v1")):
        assert rows(kind, api_version) == ()
        assert rows(kind, api_version, cascade="orphan")[0][0] == "propagation"


def test_a_forced_pod_gets_no_time_and_a_warning_for_its_stateful_set() -> None:
    pod = raw_pod(owner=("StatefulSet", "db"))
    pod["metadata"]["deletionTimestamp"] = "2026-11-30T12:00:00Z"
    with pytest.raises(RefusedError, match="is being deleted"):
        plan_delete(pod, DeleteInputs())
    plan = plan_delete(pod, DeleteInputs(force=True))
    assert isinstance(plan.request.patch, dict)
    assert plan.request.patch["gracePeriodSeconds"] == 0
    [forced] = [warning for warning in plan.warnings if warning.code == "forced"]
    assert forced.level is WarningLevel.DANGER
    assert "same name" in forced.message
    with pytest.raises(RefusedError, match="cannot be deleted by force"):
        plan_delete(raw("ConfigMap"), DeleteInputs(force=True))


def test_finalizers_are_named() -> None:
    metadata = {"finalizers": ["kubernetes.io/pvc-protection"]}
    claim = raw("PersistentVolumeClaim", metadata=metadata, spec={"volumeName": "v"})
    messages = [warning.message for warning in plan_delete(claim, DeleteInputs()).warnings]
    assert any("finalizer kubernetes.io/pvc-protection" in message for message in messages)
    assert any("PersistentVolume v" in message for message in messages)


class Going:
    """An object that is read several times while it is being deleted."""

    def __init__(self, *states: Raw | None) -> None:
        self._states = list(states)
        self.slept: list[float] = []
        self.time = 0.0

    async def get(self, key: ObjectRef, subresource: str = "") -> Raw:
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        if state is None:
            raise NotFoundError("gone", code=404)
        return state

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@pytest.mark.parametrize("last", [None, raw("ConfigMap", metadata={"uid": "another"})], ids=["gone", "recreated"])
async def test_a_removal_is_followed_until_it_is_gone(last: Raw | None) -> None:
    going = Going(raw("ConfigMap"), raw("ConfigMap"), last)
    texts: list[str] = []
    key = ObjectRef("ConfigMap", "shop", "app")
    end = await track_removal(going, going, key, "uid-app", report=texts.append)  # type: ignore[arg-type]
    assert (end.outcome, end.is_expected) == ("gone", True)
    assert going.slept == [0.5, 1.0]


async def test_a_removal_that_hangs_names_its_finalizers() -> None:
    stuck = raw("ConfigMap", metadata={"deletionTimestamp": "2026-11-30T12:00:00Z", "finalizers": ["example.com/a"]})
    going = Going(stuck)
    texts: list[str] = []
    key = ObjectRef("ConfigMap", "shop", "app")
    end = await track_removal(going, going, key, "uid-app", report=texts.append, timeout=20)  # type: ignore[arg-type]
    assert end.text == "still terminating after 20 s: waits for finalizer example.com/a"
    assert texts[0] == "terminating: waits for finalizer example.com/a"
