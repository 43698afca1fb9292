"""Objects of older API versions decode into what the current version says.

Sources: pkg/apis/autoscaling/v1/conversion.go and pkg/apis/discovery/v1beta1/conversion.go of Kubernetes 1.22.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from k9py.api.kinds import CRON_JOB, DEPLOYMENT, ENDPOINT_SLICE, HORIZONTAL_POD_AUTOSCALER, TableKind
from k9py.api.meta import find_condition


def autoscaler(spec: dict[str, Any], status: dict[str, Any], **annotations: Any) -> bytes:
    named = {f"autoscaling.alpha.kubernetes.io/{name.replace('_', '-')}": text for name, text in annotations.items()}
    metadata = {"name": "web", "namespace": "shop", "annotations": named}
    return json.dumps({"metadata": metadata, "spec": spec, "status": status}).encode()


def test_the_cpu_of_an_autoscaler_v1_is_a_metric() -> None:
    value = HORIZONTAL_POD_AUTOSCALER.decode(
        autoscaler(
            {"maxReplicas": 5, "targetCPUUtilizationPercentage": 80},
            {"currentReplicas": 2, "currentCPUUtilizationPercentage": 91},
        )
    )
    (target,), (current,) = value.spec.metrics or (), value.status.current_metrics or ()
    assert target.resource is not None
    assert current.resource is not None
    assert (target.type, target.resource.name) == ("Resource", "cpu")
    assert target.resource.target.average_utilization == 80
    assert current.resource.current.average_utilization == 91
    assert (value.spec.max_replicas, value.status.current_replicas) == (5, 2)


def test_the_annotations_of_an_autoscaler_v1_hold_its_other_metrics_and_its_conditions() -> None:
    limited = {"type": "ScalingLimited", "status": "True", "reason": "TooManyReplicas"}
    pods = {"type": "Pods", "pods": {"metricName": "requests", "targetAverageValue": "10"}}
    now = {"type": "Pods", "pods": {"metricName": "requests", "currentAverageValue": "12"}}
    value = HORIZONTAL_POD_AUTOSCALER.decode(
        autoscaler(
            {}, {}, conditions=json.dumps([limited]), metrics=json.dumps([pods]), current_metrics=json.dumps([now])
        )
    )
    condition = find_condition(value.status.conditions, "ScalingLimited")
    assert condition is not None
    assert condition.reason == "TooManyReplicas"
    (target,), (current,) = value.spec.metrics or (), value.status.current_metrics or ()
    assert target.pods is not None
    assert current.pods is not None
    assert (target.pods.name, target.pods.target.average_value) == ("requests", "10")
    assert current.pods.current.average_value == "12"
    plain = HORIZONTAL_POD_AUTOSCALER.decode(autoscaler({}, {}))
    assert (plain.spec.metrics, plain.status.conditions) == (None, None)


@pytest.mark.parametrize("text", ["", "nonsense", "[3]", "{}", "[" * 5_000])
def test_annotations_that_a_person_has_broken_are_ignored(text: str) -> None:
    value = HORIZONTAL_POD_AUTOSCALER.decode(autoscaler({}, {}, conditions=text, metrics=text))
    assert value.status.conditions is None
    assert value.spec.metrics is None


def test_the_node_of_an_endpoint_v1beta1_is_in_its_topology() -> None:
    endpoints = [
        {"addresses": ["10.0.0.1"], "topology": {"kubernetes.io/hostname": "node-1"}},
        {"addresses": ["10.0.0.2"], "nodeName": "node-2", "topology": {}},
        {"addresses": ["10.0.0.3"]},
    ]
    value = ENDPOINT_SLICE.decode(json.dumps({"metadata": {"name": "web"}, "endpoints": endpoints}).encode())
    assert [endpoint.node_name for endpoint in value.endpoints or ()] == ["node-1", "node-2", None]


def test_a_struct_decodes_only_the_versions_that_it_knows() -> None:
    assert HORIZONTAL_POD_AUTOSCALER.decodes_version("v1")
    assert not HORIZONTAL_POD_AUTOSCALER.decodes_version("v2beta1")
    assert CRON_JOB.decodes_version("v1beta1")
    assert not DEPLOYMENT.decodes_version("v1beta1")
    assert TableKind(DEPLOYMENT.resource_type).decodes_version("v1beta1")
