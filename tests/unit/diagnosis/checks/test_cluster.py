"""APIs and webhooks that do not answer, namespaces that stay, certificate requests, removed API versions."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import (
    API_SERVICE,
    CERTIFICATE_SIGNING_REQUEST,
    NAMESPACE,
    POD_DISRUPTION_BUDGET,
    VALIDATING_WEBHOOK_CONFIGURATION,
)
from k9py.api.severity import Severity
from k9py.diagnosis.checks.certificate_requests import certificate_request
from k9py.diagnosis.checks.cluster_apis import api_service_unavailable, webhook_unavailable
from k9py.diagnosis.checks.deprecated_versions import deprecated_version
from k9py.diagnosis.checks.namespaces import namespace_terminating
from k9py.diagnosis.finding import Finding
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of
from tests.factories.meta import before
from tests.factories.placement import condition_json, metadata, stamp


def _api(reason: str, message: str, since: float = 600, status: str = "False") -> Any:
    return {
        "apiVersion": "apiregistration.k8s.io/v1",
        "kind": "APIService",
        "metadata": metadata("v1beta1.metrics.k8s.io"),
        "spec": {
            "group": "metrics.k8s.io",
            "version": "v1beta1",
            "service": {"namespace": "kube-system", "name": "ms"},
        },
        "status": {"conditions": [condition_json("Available", status, reason, message, since)]},
    }


def _api_findings(api: Any) -> tuple[Finding, ...]:
    world = GraphOfObjects(api)
    return findings_of(api_service_unavailable, world.subject(API_SERVICE, "v1beta1.metrics.k8s.io"), world)


def test_an_api_that_does_not_answer_names_its_service_and_who_misses_it() -> None:
    (finding,) = _api_findings(_api("MissingEndpoints", "endpoints for service/ms in kube-system have no addresses"))

    assert finding.message.startswith("API metrics.k8s.io/v1beta1 is not available: endpoints for service/ms")
    assert finding.message.endswith("autoscalers and kubectl top get no metrics of pods")
    assert [str(each) for each in finding.caused_by] == ["Service kube-system/ms"]


@pytest.mark.parametrize("api", [_api("Passed", "ok", status="True"), _api("FailedDiscoveryCheck", "503", since=20)])
def test_an_api_that_answers_or_just_restarts_is_no_problem(api: Any) -> None:
    assert _api_findings(api) == ()


def _webhook(policy: str = "Fail", *, url: str = "", created: float = 3600) -> Any:
    client: Any = {"url": url} if url else {"service": {"namespace": "shop", "name": "guard"}}
    rule = {"operations": ["CREATE"], "apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"]}
    hook = {"name": "guard.x.io", "clientConfig": client, "failurePolicy": policy, "rules": [rule]}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": metadata("guard", created=created),
        "webhooks": [hook],
    }


def _webhook_findings(webhook: Any, *objects: Any) -> tuple[Finding, ...]:
    world = GraphOfObjects(webhook, *objects)
    return findings_of(webhook_unavailable, world.subject(VALIDATING_WEBHOOK_CONFIGURATION, "guard"), world)


def test_a_webhook_that_must_answer_and_cannot_refuses_requests() -> None:
    service = make.service("guard", selector={"app": "guard"})

    (missing,) = _webhook_findings(_webhook())
    (empty,) = _webhook_findings(_webhook(), service, make.endpoint_slice(service))
    (ignored,) = _webhook_findings(_webhook("Ignore"))

    refused = "requests (CREATE of pods) are refused"
    assert missing.message == f"webhook guard.x.io cannot be called: Service shop/guard does not exist; {refused}"
    assert missing.severity is Severity.DEGRADED
    assert empty.message == f"webhook guard.x.io cannot be called: Service shop/guard has no ready endpoints; {refused}"
    assert [str(each) for each in empty.caused_by] == ["Service shop/guard"]
    assert ignored.severity is Severity.INFO


def test_a_webhook_that_answers_is_new_or_outside_is_no_problem() -> None:
    service = make.service("guard", selector={"app": "guard"})
    pod = make.pod("guard-1", labels={"app": "guard"})

    assert _webhook_findings(_webhook(), service, make.endpoint_slice(service, [pod]), pod) == ()
    assert _webhook_findings(_webhook(created=10)) == ()
    assert _webhook_findings(_webhook(url="https://guard.example.com")) == ()


def _namespace(*conditions: Any, deleted: float = 600) -> Any:
    status = {"phase": "Terminating", "conditions": list(conditions)}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata("old", deleted=deleted), "status": status}


def _namespace_findings(namespace: Any, *objects: Any) -> tuple[Finding, ...]:
    world = GraphOfObjects(namespace, *objects)
    return findings_of(namespace_terminating, world.subject(NAMESPACE, "old"), world)


_REMAIN = condition_json(
    "NamespaceContentRemaining", "True", "SomeResourcesRemain",
    "Some resources are remaining: configmaps. has 1 resource instances",
)  # fmt: skip
_FINALIZERS = condition_json(
    "NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain",
    "Some content in the namespace has finalizers remaining: x.io/cleanup in 1 resource instances",
)  # fmt: skip


def test_a_namespace_names_the_object_and_the_finalizer_that_keep_it() -> None:
    kept = {**metadata("state", deleted=600), "namespace": "old", "finalizers": ["x.io/cleanup"]}
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": kept}

    (read,) = _namespace_findings(_namespace(_REMAIN, _FINALIZERS), config_map)
    (unread,) = _namespace_findings(_namespace(_REMAIN, _FINALIZERS))

    assert read.message == "is stuck terminating: ConfigMap state is kept by finalizer x.io/cleanup"
    assert unread.message == "is stuck terminating: configmaps is kept by finalizer x.io/cleanup"
    (cause,) = read.caused_by
    assert isinstance(cause, Finding)
    assert (str(cause.about), cause.message) == (
        "ConfigMap old/state",
        "is being deleted, and kept by finalizer x.io/cleanup",
    )


def test_the_pod_that_keeps_a_namespace_is_the_root_before_the_controller_names_it_too() -> None:
    kept = {**metadata("batch-1", deleted=600), "namespace": "old", "finalizers": ["x.io/hold"]}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": kept}

    (finding,) = _namespace_findings(_namespace(), pod)
    (unknown,) = _namespace_findings(_namespace())

    assert finding.message == "is stuck terminating: Pod batch-1 is kept by finalizer x.io/hold"
    assert [str(each) for each in finding.caused_by] == ["Pod old/batch-1"]
    assert unknown.message == "is stuck terminating: the namespace controller has not finished"


def test_a_namespace_whose_content_cannot_be_listed_names_the_api() -> None:
    text = "Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: \
metrics.k8s.io/v1beta1: stale GroupVersion discovery: metrics.k8s.io/v1beta1"
    failure = condition_json("NamespaceDeletionDiscoveryFailure", "True", "DiscoveryFailed", text)

    (finding,) = _namespace_findings(_namespace(failure))

    assert [str(each) for each in finding.caused_by] == ["APIService v1beta1.metrics.k8s.io"]


def test_a_namespace_that_is_being_emptied_is_no_problem() -> None:
    assert _namespace_findings(_namespace(_REMAIN, _FINALIZERS, deleted=30)) == ()


def _request(name: str, *conditions: Any, created: float = 600, certificate: str = "") -> Any:
    return {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": metadata(name, created=created),
        "spec": {"signerName": "kubernetes.io/kubelet-serving", "username": "system:node:a"},
        "status": {"conditions": list(conditions), "certificate": certificate},
    }


def _requested(*requests: Any) -> list[str]:
    world = GraphOfObjects(*requests)
    subject = world.subject(CERTIFICATE_SIGNING_REQUEST, requests[0]["metadata"]["name"])
    return [each.message for each in findings_of(certificate_request, subject, world)]


_WHO = "certificate for system:node:a (signer kubernetes.io/kubelet-serving)"


@pytest.mark.parametrize(
    ("request_json", "message"),
    [
        (_request("a"), f"{_WHO} is pending: nobody has approved or denied it"),
        (_request("a", condition_json("Denied", "True", "No", "unknown node")), f"{_WHO} was denied: unknown node"),
        (_request("a", condition_json("Failed", "True", "X", "bad usages")), f"{_WHO} could not be issued: bad usages"),
        (_request("a", condition_json("Approved", "True")), f"{_WHO} is approved, but the signer has not issued it"),
    ],
)
def test_a_request_without_a_certificate_says_why(request_json: Any, message: str) -> None:
    assert _requested(request_json) == [message]


def test_requests_that_are_new_granted_or_repeated_are_no_problem_of_their_own() -> None:
    assert _requested(_request("a", created=30)) == []
    assert _requested(_request("a", condition_json("Approved", "True"), certificate="LS0t")) == []
    assert _requested(_request("b", created=600), _request("a", created=1500)) == []
    assert _requested(_request("a", created=1500), _request("b", created=600, certificate="LS0t")) == []


def test_a_manager_that_writes_a_removed_version_is_worth_knowing() -> None:
    def budget(version: str) -> Any:
        entry = {"manager": "helm", "apiVersion": version, "time": stamp(before(60)), "fieldsV1": {"f:spec": {}}}
        meta = metadata("web", "shop", managedFields=[entry])
        return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta, "spec": {}, "status": {}}

    old, new = GraphOfObjects(budget("policy/v1beta1")), GraphOfObjects(budget("policy/v1"))

    (finding,) = findings_of(deprecated_version, old.subject(POD_DISRUPTION_BUDGET, "web", "shop"), old)
    assert finding.message == "helm writes it as policy/v1beta1, which is not served since Kubernetes 1.25"
    assert finding.severity is Severity.INFO
    assert findings_of(deprecated_version, new.subject(POD_DISRUPTION_BUDGET, "web", "shop"), new) == ()
