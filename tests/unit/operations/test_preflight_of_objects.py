"""The preflight checks that need only the object: downtime, and the file it was applied from."""

from __future__ import annotations

import json
from typing import Any

import pytest

from k9py.api.kinds import LAST_APPLIED
from k9py.operations.preflight.disruption import downtime, strategy
from k9py.operations.preflight.management import applied
from k9py.operations.restart import plan_restart
from k9py.operations.scale import plan_scale
from k9py.operations.set_image import plan_set_image
from tests import factories as make

NEWER = "registry.example.com/checkout:1.1.0"


def deployment(replicas: int, **rolling: Any) -> dict[str, Any]:
    obj = make.raw_deployment(replicas=replicas)
    obj["spec"]["strategy"] = {"type": "RollingUpdate", "rollingUpdate": rolling}
    return obj


@pytest.mark.parametrize(
    ("replicas", "rolling", "surge", "unavailable", "message"),
    [
        (1, {}, 1, 0, None),  # 25% of one pod: up for the surge, down for the unavailable
        (1, {"maxSurge": 1, "maxUnavailable": 0}, 1, 0, None),
        (1, {"maxSurge": 0, "maxUnavailable": 1}, 0, 1, "its only pod may terminate before the new one is ready"),
        (1, {"maxSurge": 0, "maxUnavailable": "25%"}, 0, 1, "its only pod may terminate before the new one is ready"),
        (1, {"maxSurge": 1, "maxUnavailable": 1}, 1, 1, "its only pod may terminate before the new one is ready"),
        (3, {}, 1, 0, None),
        (4, {}, 1, 1, None),
        (3, {"maxSurge": 0, "maxUnavailable": "100%"}, 0, 3, "maxUnavailable allows all 3 pods to terminate"),
        (2, {"maxSurge": 0, "maxUnavailable": 5}, 0, 2, "maxUnavailable allows all 2 pods to terminate"),
        (0, {"maxSurge": 0, "maxUnavailable": 1}, 0, 0, None),
    ],
)
def test_downtime_of_a_deployment_is_what_its_strategy_allows_after_rounding(
    replicas: int, rolling: dict[str, Any], surge: int, unavailable: int, message: str | None
) -> None:
    obj = deployment(replicas, **rolling)
    how = strategy(obj)
    assert (how.surge, how.unavailable) == (surge, unavailable)
    messages = [warning.message for warning in downtime(obj)]
    assert messages == [] if message is None else [message.startswith(message) for message in messages] == [True]


def test_recreate_is_downtime_unless_there_is_no_pod() -> None:
    obj = make.raw_deployment()
    obj["spec"]["strategy"] = {"type": "Recreate"}
    assert [warning.code for warning in downtime(obj)] == ["downtime"]
    obj["spec"]["replicas"] = 0
    assert list(downtime(obj)) == []


def test_an_only_stateful_pod_is_down_meanwhile_and_one_of_several_or_of_a_daemon_set_is_not() -> None:
    obj = {**make.raw_deployment(replicas=1), "kind": "StatefulSet"}
    assert [warning.message for warning in downtime(obj)] == ["its only pod is replaced: nothing serves in between"]
    obj["spec"]["replicas"] = 2
    assert list(downtime(obj)) == []
    assert list(downtime({**obj, "kind": "DaemonSet", "status": {"desiredNumberScheduled": 1}})) == []


def from_file(**spec: Any) -> dict[str, Any]:
    return make.raw_deployment(annotations={LAST_APPLIED: json.dumps({"kind": "Deployment", "spec": spec})})


def test_a_file_given_to_kubectl_apply_puts_back_what_it_says_and_leaves_what_it_does_not() -> None:
    obj = from_file(template={"spec": {}})
    [warning] = plan_set_image(obj, {"app": NEWER}).warnings
    message = "it was made with kubectl apply: the next apply reverts the image to its file; change that too"
    assert (warning.code, warning.message) == ("applied", message)
    assert plan_scale(obj, 5).warnings == ()
    [warning] = plan_scale(from_file(template={}, replicas=3), 5).warnings
    assert "reverts the number" in warning.message
    assert plan_restart(obj, make.NOW).warnings == (), "the restart's annotation is in no file, and an apply leaves it"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"spec":null}', '{"spec":7}'])
def test_a_file_that_is_not_understood_may_say_anything(text: str) -> None:
    obj = make.raw_deployment(annotations={LAST_APPLIED: text})
    assert [warning.code for warning in applied(obj, field="replicas", what="the number")] == ["applied"]


def test_a_server_side_apply_conflicts_or_puts_back_only_what_it_owns() -> None:
    obj = make.raw_deployment()
    owned: dict[str, Any] = {"f:spec": {"f:template": {}}}
    obj["metadata"]["managedFields"] = [
        {"manager": "kubectl", "operation": "Apply", "fieldsV1": owned},
        {"manager": "kdash", "operation": "Update", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
    ]
    [warning] = plan_set_image(obj, {"app": NEWER}).warnings
    message = "kubectl applies the image (server-side): its next apply conflicts with this or reverts it"
    assert (warning.code, warning.message) == ("applied", message)
    assert plan_scale(obj, 5).warnings == ()


def test_a_manager_that_is_named_already_is_not_named_twice() -> None:
    obj = make.raw_deployment()
    owned: dict[str, Any] = {"f:spec": {"f:template": {}}}
    obj["metadata"]["managedFields"] = [{"manager": "kustomize-controller", "operation": "Apply", "fieldsV1": owned}]
    assert [warning.code for warning in plan_set_image(obj, {"app": NEWER}).warnings] == ["gitops"]
