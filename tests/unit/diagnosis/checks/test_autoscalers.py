"""Autoscalers: at their limit, blind, without target, flapping, in conflict; and the ones that move as they should."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import HORIZONTAL_POD_AUTOSCALER
from k9py.api.severity import Severity
from k9py.diagnosis.check import Check
from k9py.diagnosis.checks.autoscalers import at_limit, blind, conflict, flapping, without_target
from k9py.diagnosis.finding import Finding
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of

_UNABLE = "the HPA was unable to compute the replica count: failed to get cpu utilization: "
_NOT_SERVED = "unable to get metrics for resource cpu: unable to fetch metrics from resource metrics API: "


def _at(seconds_ago: int) -> str:
    return f"{make.before(seconds_ago):%Y-%m-%dT%H:%M:%SZ}"


def _hpa(name: str = "web", *conditions: tuple[str, str, str, str], ago: int = 600, **content: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": name, "creationTimestamp": _at(content.pop("created", 3600))}
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "web"}, "minReplicas": 1, "maxReplicas": 3}
    listed = [
        {"type": type_, "status": status, "reason": reason, "message": message, "lastTransitionTime": _at(ago)}
        for type_, status, reason, message in conditions
    ]
    status = {"currentReplicas": 3, "desiredReplicas": 3, "conditions": listed} | content.pop("status", {})
    spec |= content.pop("spec", {})
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"} | {
        "metadata": metadata,
        "spec": spec,
        "status": status,
    }


def _found(check: Check, *objects: Any, **options: Any) -> tuple[Finding, ...]:
    graph = GraphOfObjects(*objects, **options)
    return findings_of(check, graph.subject(HORIZONTAL_POD_AUTOSCALER, "web", "shop"), graph)


@pytest.mark.parametrize(
    ("reason", "current", "minimum", "severity"),
    [
        ("TooManyReplicas", 3, 1, Severity.WARNING),
        ("TooManyReplicas", 3, 3, Severity.INFO),
        ("TooManyReplicas", 2, 1, None),
        ("ScaleUpLimit", 3, 1, None),
        ("TooFewReplicas", 3, 1, None),
    ],
)
def test_the_limit(reason: str, current: int, minimum: int, severity: Severity | None) -> None:
    def metric(key: str, value: int) -> dict[str, Any]:
        return {"type": "Resource", "resource": {"name": "cpu", key: {"averageUtilization": value}}}

    limited = ("ScalingLimited", "True", reason, "the desired replica count is more than the maximum replica count")
    spec = {"minReplicas": minimum, "metrics": [metric("target", 70)]}
    status = {"currentReplicas": current, "currentMetrics": [metric("current", 95)]}

    found = _found(at_limit, _hpa("web", limited, spec=spec, status=status))

    assert [finding.severity for finding in found] == ([] if severity is None else [severity])
    for finding in found:
        assert finding.message == "wants more pods than maxReplicas 3 allows"
        assert finding.evidence[-1].text == "cpu 95% of 70%"


@pytest.mark.parametrize(
    ("reason", "message", "ago", "expected"),
    [
        (
            "FailedGetResourceMetric",
            _UNABLE + "missing request for cpu in container app of Pod web-7f9-x2x",
            5,
            "cannot scale: container app of Deployment web has no request for cpu",
        ),
        (
            "FailedGetResourceMetric",
            _UNABLE + "missing request for memory",
            5,
            "cannot scale: a container of Deployment web has no request for memory",
        ),
        (
            "FailedGetResourceMetric",
            _UNABLE + _NOT_SERVED + "the server could not find the requested resource (get pods.metrics.k8s.io)",
            5,
            (
                "cannot scale: unable to fetch metrics from resource metrics API: "
                "the server could not find the requested resource (get pods.metrics.k8s.io)"
            ),
        ),
        (
            "FailedGetExternalMetric",
            (
                "the HPA was unable to compute the replica count: unable to get external metric shop/queue/nil: no "
                "metrics returned from external metrics API"
            ),
            600,
            (
                "cannot scale: unable to get external metric shop/queue/nil: no metrics returned from external metrics "
                "API"
            ),
        ),
        # healthy
        (
            "FailedGetResourceMetric",
            _UNABLE + "did not receive metrics for targeted pods (pods might be unready)",
            60,
            "",
        ),
        ("ScalingDisabled", "scaling is disabled since the replica count of the target is zero", 600, ""),
    ],
)
def test_a_blind_one_says_which_metric_is_missing(reason: str, message: str, ago: int, expected: str) -> None:
    found = _found(blind, _hpa("web", ("ScalingActive", "False", reason, message), ago=ago))

    assert [finding.message for finding in found] == ([expected] if expected else [])
    assert all(finding.severity is Severity.WARNING for finding in found)


@pytest.mark.parametrize(
    ("message", "api"),
    [
        (
            _UNABLE + _NOT_SERVED + "the server could not find the requested resource (get pods.metrics.k8s.io)",
            "v1beta1.metrics.k8s.io",
        ),
        (
            (
                "the HPA was unable to compute the replica count: unable to get metric http_requests: unable to fetch "
                "metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered"
            ),
            "v1beta2.custom.metrics.k8s.io",
        ),
    ],
)
def test_a_metrics_api_that_nobody_serves_is_the_root_of_all(message: str, api: str) -> None:
    (finding,) = _found(blind, _hpa("web", ("ScalingActive", "False", "FailedGetResourceMetric", message)))

    (root,) = finding.caused_by
    assert isinstance(root, Finding)
    assert str(root.about) == f"APIService {api}"
    assert root.message == f"does not exist: no metrics API {api.partition('.')[2]} is served"


def test_a_metrics_api_that_does_not_answer_is_checked_elsewhere() -> None:
    message = (
        "unable to get metric rps: unable to fetch metrics from custom metrics API: the server is currently unable "
    )
    message += "to handle the request (get pods.custom.metrics.k8s.io)"
    api = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "spec": {"group": "custom.metrics.k8s.io"}}
    api["metadata"] = {"name": "v1beta1.custom.metrics.k8s.io", "uid": "api"}

    (finding,) = _found(blind, _hpa("web", ("ScalingActive", "False", "FailedGetPodsMetric", message)), api)

    assert [str(cause) for cause in finding.caused_by] == ["APIService v1beta1.custom.metrics.k8s.io"]


def test_pods_that_are_not_ready_explain_missing_metrics() -> None:
    message = _UNABLE + "did not receive metrics for targeted pods (pods might be unready)"

    (finding,) = _found(blind, _hpa("web", ("ScalingActive", "False", "FailedGetResourceMetric", message)))

    assert [str(cause) for cause in finding.caused_by] == ["Deployment shop/web"]


@pytest.mark.parametrize(
    ("message", "objects", "expected"),
    [
        (
            'deployments.apps "web" not found',
            [make.deployment("web2")],
            "its target Deployment web does not exist; similar: web2",
        ),
        ('deployments.apps "web" not found', [make.deployment("other")], "its target Deployment web does not exist"),
        ('deployments.apps "web" not found', [make.deployment("web")], ""),
        (
            'no matches for kind "Deployment" in group "extensions"',
            [],
            'cannot scale Deployment web: no matches for kind "Deployment" in group "extensions"',
        ),
    ],
)
def test_a_target_that_does_not_exist(message: str, objects: list[Any], expected: str) -> None:
    prefix = "the HPA controller was unable to get the target's current scale: "
    able = ("AbleToScale", "False", "FailedGetScale", prefix + message)

    assert [finding.message for finding in _found(without_target, _hpa("web", able), *objects)] == (
        [expected] if expected else []
    )


def test_a_new_one_may_come_before_its_target() -> None:
    able = ("AbleToScale", "False", "FailedGetScale", 'deployments.apps "web" not found')

    assert _found(without_target, _hpa("web", able, created=5)) == ()


def _rescale(size: int, reason: str, count: int, *, first: int, last: int) -> dict[str, Any]:
    about = {"kind": "HorizontalPodAutoscaler", "namespace": "shop", "name": "web", "uid": "web"}
    metadata = {"name": f"{size}-{reason[:3]}".lower(), "namespace": "shop", "uid": f"{size}{reason}"}
    return {"apiVersion": "v1", "kind": "Event", "metadata": metadata, "involvedObject": about, "type": "Normal"} | {
        "reason": "SuccessfulRescale",
        "message": f"New size: {size}; reason: {reason}",
        "count": count,
        "firstTimestamp": _at(first),
        "lastTimestamp": _at(last),
    }


_UP, _DOWN = "cpu resource utilization (percentage of request) above target", "All metrics below target"


@pytest.mark.parametrize(
    ("events", "is_flapping"),
    [
        ([_rescale(6, _UP, 4, first=1500, last=100), _rescale(2, _DOWN, 4, first=1400, last=200)], True),
        ([_rescale(6, _UP, 30, first=9000, last=100), _rescale(2, _DOWN, 30, first=9000, last=200)], True),
        # healthy
        ([_rescale(4, _UP, 1, first=100, last=100)], False),
        ([_rescale(size, _UP, 1, first=900 - size, last=900 - size) for size in range(2, 9)], False),
        ([_rescale(6, _UP, 3, first=86400, last=100), _rescale(2, _DOWN, 3, first=80000, last=200)], False),
        ([_rescale(6, _UP, 4, first=5000, last=4000), _rescale(2, _DOWN, 4, first=5000, last=4000)], False),
    ],
)
def test_flapping(events: list[Any], is_flapping: bool) -> None:
    found = _found(flapping, _hpa(status={"lastScaleTime": _at(100)}), *events)

    assert [finding.reason for finding in found] == (["Flapping"] if is_flapping else [])


def test_two_of_one_target_are_reported_once() -> None:
    graph = GraphOfObjects(
        _hpa("web"), _hpa("zeb"), _hpa("other", spec={"scaleTargetRef": {"kind": "X", "name": "web"}})
    )
    found = [
        finding
        for name in ("web", "zeb", "other")
        for finding in findings_of(conflict, graph.subject(HORIZONTAL_POD_AUTOSCALER, name, "shop"), graph)
    ]

    assert [(str(finding.about), finding.message) for finding in found] == [
        ("HorizontalPodAutoscaler shop/web", "Deployment web is also scaled by HorizontalPodAutoscaler zeb")
    ]


def test_a_manifest_that_sets_the_replicas_is_information() -> None:
    owns: dict[str, Any] = {"f:spec": {"f:replicas": {}}}
    managed = [
        {"manager": "argocd-controller", "operation": "Apply", "time": _at(60), "fieldsV1": owns},
        {"manager": "kube-controller-manager", "operation": "Update", "subresource": "scale", "fieldsV1": owns},
    ]
    deployment = make.raw_deployment("web")
    deployment["metadata"]["managedFields"] = managed

    (finding,) = _found(conflict, _hpa(), deployment)

    assert finding.severity is Severity.INFO
    assert finding.message == "the manifest that argocd-controller applies to Deployment web sets spec.replicas too"
