"""Find APIs and webhooks of the cluster that do not answer: APIServices, and webhooks that must answer.

Invariant: a Service that has just been created, or whose pods are being replaced, is given a minute.
Source: kube-aggregator (available_controller.go), apiserver/pkg/admission/plugin/webhook.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from k9py.api.admission import Webhook, WebhookConfiguration
from k9py.api.apiregistration import ApiService
from k9py.api.causes import CauseKind
from k9py.api.kinds import (
    API_SERVICE,
    MUTATING_WEBHOOK_CONFIGURATION,
    SERVICE,
    VALIDATING_WEBHOOK_CONFIGURATION,
)
from k9py.api.meta import ObjectRef, find_condition
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.missing_services import missing_service
from k9py.diagnosis.proof import absence, condition_evidence, field
from k9py.diagnosis.settling import is_recent, is_young

_GRACE: Final = timedelta(minutes=1)
_USES: Final = {
    "metrics.k8s.io": "autoscalers and kubectl top get no metrics of pods",
    "custom.metrics.k8s.io": "autoscalers get no custom metrics",
    "external.metrics.k8s.io": "autoscalers get no external metrics",
}
"""What stops to work without an API."""
_ABOUT_ENDPOINTS: Final = frozenset(
    {"MissingEndpoints", "EndpointsNotFound", "FailedDiscoveryCheck", "ServicePortError"}
)


@check(
    "api-service-unavailable",
    "an aggregated API does not answer",
    subjects=(API_SERVICE,),
    reads=("Service",),
    source="https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/",
    remedy="bring the server of the API back, or delete the APIService",
)
def api_service_unavailable(api: ApiService, graph: Graph) -> Iterator[Finding]:
    """Yield why an API of another server is not available, and what does not work without it."""
    available = find_condition(api.status.conditions, "Available")
    server = api.spec.service
    if available is None or available.status == "True" or server is None or is_young(api, graph):
        return
    if is_recent(available.last_transition_time, graph, _GRACE):
        return
    detail = shorten(available.message) or printable(available.reason)
    use = _USES.get(api.spec.group, "")
    text = f"API {printable(api.spec.group)}/{printable(api.spec.version)} is not available: {detail}"
    service = ObjectRef("Service", server.namespace, server.name)
    where = f"Service {printable(server.namespace)}/{printable(server.name)}"
    yield Finding(
        Severity.DEGRADED,
        printable(available.reason) or "Unavailable",
        text + (f"; {use}" if use else ""),
        api.key,
        available.last_transition_time,
        CauseKind.ADMISSION,
        evidence=(condition_evidence(api, available), field(api, "spec.service", where)),
        caused_by=(service,) if available.reason in _ABOUT_ENDPOINTS else (),
        next_steps=(NextStep(f"look at {where}, which serves this API", "", service),),
    )


@check(
    "webhook-unavailable",
    "a webhook that must answer has no Service, or its Service has no endpoints",
    subjects=(VALIDATING_WEBHOOK_CONFIGURATION, MUTATING_WEBHOOK_CONFIGURATION),
    reads=("Service", "EndpointSlice"),
    source="https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#failure-policy",
    remedy="bring the webhook back, or delete its configuration if it is no longer installed",
)
def webhook_unavailable(configuration: WebhookConfiguration, graph: Graph) -> Iterator[Finding]:
    """Yield the webhooks that cannot be called: requests that match their rules are refused, or not checked."""
    if is_young(configuration, graph):
        return
    seen: set[ObjectRef] = set()
    for webhook in configuration.webhooks or ():
        target = webhook.client_config.service
        if target is None:
            continue
        service = ObjectRef("Service", target.namespace, target.name)
        if service in seen:
            continue
        why = _unavailable(service, graph)
        if why is not None:
            seen.add(service)
            yield _webhook_finding(configuration, webhook, service, *why)


def _unavailable(service: ObjectRef, graph: Graph) -> tuple[str, Evidence, bool] | None:
    """Return why a Service does not answer, the proof, and whether the Service exists; None when it may answer."""
    found = graph.get(SERVICE, service.name, service.namespace)
    shown = f"Service {printable(service.namespace)}/{printable(service.name)}"
    if isinstance(found, Unread):
        return None
    if found is None:
        return f"{shown} does not exist{missing_service(service, graph)}", absence(service), False
    health = graph.service_health(service)
    is_moving = health is not None and health.severity is Severity.ROLLING_OUT
    if found.spec.type == "ExternalName" or is_young(found, graph) or is_moving:
        return None
    slices = graph.slices_of(found)
    if any(endpoint.is_serving for each in slices for endpoint in each.endpoints or ()):
        return None
    return f"{shown} has no ready endpoints", field(found, "endpoints", "none is ready"), True


def _webhook_finding(
    configuration: WebhookConfiguration, webhook: Webhook, service: ObjectRef, why: str, proof: Evidence, exists: bool
) -> Finding:
    name = printable(webhook.name)
    rules = printable("; ".join(map(str, webhook.rules or ())))
    requests = f"requests ({rules})" if rules else "requests"
    effect = f"{requests} are refused" if webhook.must_answer else f"{requests} are not checked by it"
    where = f"webhooks[{webhook.name}]"
    steps = [NextStep(f"look at Service {printable(service.namespace)}/{printable(service.name)}", "", service)]
    if webhook.must_answer:
        kind = configuration.KIND
        steps.append(NextStep(f"delete the {kind} if the webhook is no longer installed", "object.delete"))
    return Finding(
        Severity.DEGRADED if webhook.must_answer else Severity.INFO,
        "WebhookUnavailable",
        f"webhook {name} cannot be called: {why}; {effect}",
        configuration.key,
        None,
        CauseKind.ADMISSION,
        evidence=(proof, field(configuration, f"{where}.failurePolicy", webhook.failure_policy)),
        caused_by=(service,) if exists else (),
        next_steps=tuple(steps),
    )
