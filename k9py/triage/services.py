"""Checks of a service and its endpoints.

To add a check: a function from `_Case` to findings, named in `_CHECKS`. Services without a selector, and names for
something outside (ExternalName), are nobody's failure: their endpoints are made by hand, if at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from k9py.objects.pods import Pod
from k9py.objects.services import Endpoint, EndpointSlice, Service
from k9py.objects.severity import Severity
from k9py.objects.text import printable
from k9py.triage.finding import Finding
from k9py.triage.pods import pod_findings
from k9py.triage.ranking import worst, worst_first


@dataclass(frozen=True, slots=True)
class _Case:
    service: Service
    endpoints: Sequence[Endpoint]
    pods: Sequence[Pod]
    now: datetime
    at_rest: bool

    @property
    def running(self) -> list[Pod]:
        """Pods that should serve: neither ending nor ended."""
        return [one for one in self.pods if not one.is_terminating and one.status.phase not in ("Succeeded", "Failed")]


def service_findings(
    service: Service, slices: Sequence[EndpointSlice], pods: Sequence[Pod], now: datetime, *, at_rest: bool = False
) -> tuple[Finding, ...]:
    """Return what is wrong with a service, worst first.

    Args:
        slices: of this service; endpoints with unknown readiness count as ready, as the API says.
        pods: all pods its selector selects.
        at_rest: the workloads it selects want no pods.
    """
    if service.spec.type == "ExternalName" or not service.spec.selector:
        return ()
    unique: dict[tuple[str, ...], Endpoint] = {}
    for part in slices:
        for one in part.endpoints or ():
            unique[one.identity] = one
    case = _Case(service, tuple(unique.values()), pods, now, at_rest)
    return worst_first(found for check in _CHECKS for found in check(case))


def is_serving(endpoint: Endpoint) -> bool:
    """Tell whether an endpoint gets traffic; unknown is ready (discovery/v1 EndpointConditions.ready)."""
    return endpoint.conditions.ready is not False


def _no_pods(case: _Case) -> Iterator[Finding]:
    if case.pods or case.endpoints or case.at_rest:
        return  # at rest, the workloads tell why they want no pods
    selector = ",".join(f"{printable(k)}={printable(v)}" for k, v in sorted((case.service.spec.selector or {}).items()))
    yield Finding(Severity.DOWN, "NoPods", f"no pod matches its selector {selector}", case.service.key)


def _no_ready_endpoint(case: _Case) -> Iterator[Finding]:
    if any(is_serving(one) for one in case.endpoints) or not (case.pods or case.endpoints):
        return
    running = case.running
    if case.pods and all(one.status.phase == "Succeeded" for one in case.pods):
        yield Finding(Severity.INFO, "Completed", "all pods behind it have completed", case.service.key)
        return
    if not running and case.at_rest:
        return  # the last ones are ending, as was wished
    if not running:
        yield Finding(Severity.DOWN, "NoReadyEndpoints", "all pods behind it are ending or ended", case.service.key)
        return
    ready = sum(pod.is_ready for pod in running)
    if ready:
        message = f"{ready} of {len(running)} pods are ready, but none is published as an endpoint"
        yield Finding(Severity.DOWN, "NotPublished", message, case.service.key)
        return
    cause = worst(found for pod in running for found in pod_findings(pod, case.now))
    why = f": {cause.message}" if cause else ""
    kind = cause.kind if cause else None
    since = cause.since if cause else None
    message = f"none of {len(running)} pods behind it is ready{why}"
    yield Finding(Severity.DOWN, "NoReadyEndpoints", message, case.service.key, since, kind)


def _some_not_ready(case: _Case) -> Iterator[Finding]:
    if not any(is_serving(one) for one in case.endpoints):
        return
    unready = [pod for pod in case.running if not pod.is_ready]
    if not unready:
        return
    cause = worst(found for pod in unready for found in pod_findings(pod, case.now))
    if cause is None or cause.severity > Severity.WARNING:
        return  # starting
    message = f"{len(unready)} of {len(case.running)} pods not ready: {cause.message}"
    yield Finding(Severity.WARNING, "SomeNotReady", message, case.service.key, cause.since, cause.kind)


def _port_names(case: _Case) -> Iterator[Finding]:
    """A target port given by name must be a port of some pod's container, else nothing answers on it."""
    ports = [one for one in case.service.spec.ports or () if isinstance(one.target_port, str) and one.target_port]
    if not ports or not case.pods:
        return
    named = {
        (port.name, port.protocol)
        for pod in case.pods
        for one in (*(pod.spec.containers or ()), *(pod.spec.init_containers or ()))
        for port in one.ports or ()
        if port.name
    }
    for port in ports:
        target = str(port.target_port)
        if not target.isdigit() and (target, port.protocol) not in named:
            message = f"target port {printable(target)} is not a port of any pod behind it"
            yield Finding(Severity.DOWN, "NoSuchPort", message, case.service.key)


_CHECKS: Final[tuple[Callable[[_Case], Iterator[Finding]], ...]] = (
    _no_pods,
    _port_names,
    _no_ready_endpoint,
    _some_not_ready,
)
