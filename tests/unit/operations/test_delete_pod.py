"""Deleting and evicting a pod: exactly this pod, with a warning if nothing replaces it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from k9py.api.errors import RefusedError
from k9py.operations.delete_pod import plan_delete_pod, plan_evict
from k9py.operations.plan import WritePlan
from k9py.operations.preconditions import at_version
from tests import factories as make
from tests.unit.operations.raw import raw_pod

PLANS: list[tuple[Callable[[dict[str, Any]], WritePlan], str, str]] = [
    (plan_delete_pod, "delete-pod", "delete"),
    (plan_evict, "evict", "evict"),
]
PAST = {"delete": "deleted", "evict": "evicted"}


def test_a_failing_pod_shows_why_it_waits_and_its_restarts() -> None:
    pod = raw_pod()
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    pod["status"]["containerStatuses"] = [{"name": "app", "restartCount": 5, "state": state}]
    [(_, before, _)] = plan_delete_pod(pod).before_after
    assert before == "CrashLoopBackOff, 5 restarts"


@pytest.mark.parametrize(("plan", "action", "verb"), PLANS)
def test_a_plan_names_the_pod_and_carries_uid_and_version(
    plan: Callable[[dict[str, Any]], WritePlan], action: str, verb: str
) -> None:
    change = plan(raw_pod())
    assert (change.operation, change.request.verb, change.summary) == (action, verb, f"{verb} Pod shop/checkout-abc-1")
    assert change.request.patch == {"preconditions": {"uid": "pod-checkout-abc-1", "resourceVersion": "100"}}
    assert change.before_after == (("pod", "Running", f"{PAST[verb]}; ReplicaSet checkout-abc recreates it"),)
    assert change.warnings == ()


@pytest.mark.parametrize(("plan", "action", "verb"), PLANS)
def test_at_a_newer_version_it_is_still_this_pod(
    plan: Callable[[dict[str, Any]], WritePlan], action: str, verb: str
) -> None:
    later = at_version(plan(raw_pod()), "101")
    assert later.request.patch == {"preconditions": {"uid": "pod-checkout-abc-1", "resourceVersion": "101"}}
    assert (later.resource_version, later.request.verb) == ("101", verb)


@pytest.mark.parametrize(("plan", "action", "verb"), PLANS)
def test_a_pod_without_a_controller_gets_a_warning(
    plan: Callable[[dict[str, Any]], WritePlan], action: str, verb: str
) -> None:
    change = plan(raw_pod(owner=None))
    assert change.before_after == (("pod", "Running", PAST[verb]),)
    assert [warning.code for warning in change.warnings] == ["bare-pod"]
    static = plan(raw_pod(owner=("Node", "node-1"), annotations={"kubernetes.io/config.mirror": "abc"}))
    assert [warning.code for warning in static.warnings] == ["static-pod"]


@pytest.mark.parametrize(("plan", "action", "verb"), PLANS)
def test_who_manages_the_workload_does_not_put_a_pod_back(
    plan: Callable[[dict[str, Any]], WritePlan], action: str, verb: str
) -> None:
    assert plan(raw_pod(labels={"argocd.argoproj.io/instance": "shop"})).warnings == ()


@pytest.mark.parametrize(("plan", "action", "verb"), PLANS)
def test_another_kind_or_a_pod_that_is_ending_is_refused(
    plan: Callable[[dict[str, Any]], WritePlan], action: str, verb: str
) -> None:
    with pytest.raises(RefusedError, match="cannot be"):
        plan(make.raw_deployment())
    ending = raw_pod()
    ending["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z"
    with pytest.raises(RefusedError, match="is being deleted"):
        plan(ending)


@pytest.mark.parametrize(
    ("owner", "phase", "after"),
    [
        (("Job", "migrate"), "Succeeded", "deleted"),
        (("Job", "migrate"), "Failed", "deleted"),
        (("ReplicaSet", "cart-abc"), "Failed", "deleted"),
        (("StatefulSet", "db"), "Failed", "deleted; StatefulSet db recreates it"),
        (("Job", "migrate"), "Running", "deleted; Job migrate recreates it"),
    ],
)
def test_a_finished_pod_is_recreated_only_where_its_controller_needs_it(
    owner: tuple[str, str], phase: str, after: str
) -> None:
    pod = raw_pod(owner=owner)
    pod["status"] = {"phase": phase}
    assert plan_delete_pod(pod).before_after == (("pod", phase, after),)


def test_forcing_does_not_help_against_finalizers() -> None:
    pod = raw_pod()
    pod["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["example.com/hold"]}
    change = plan_delete_pod(pod, is_forced=True)
    after = "stays Terminating until its finalizer example.com/hold is removed"
    assert change.before_after == (("pod", "Terminating", after),)
