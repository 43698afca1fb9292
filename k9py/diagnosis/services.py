"""Check a service and its endpoints.

To add a check: a function from `_Case` to findings, listed in `_CHECKS`. An ExternalName service has no findings, and
manually managed endpoints (no selector) are only checked as far as there are any.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from k9py.api.events import Event
from k9py.api.plural import count_noun
from k9py.api.pods import Pod
from k9py.api.selectors import selector_text
from k9py.api.services import Endpoint, EndpointSlice, Service, TargetRef, lacks_ports, named_ports, named_targets
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.finding import Finding, worst, worst_first
from k9py.diagnosis.near_misses import NearMiss
from k9py.diagnosis.nodes import stuck_termination
from k9py.diagnosis.pods import pod_findings


@dataclass(frozen=True, slots=True)
class _Case:
    service: Service
    endpoints: Sequence[Endpoint]
    pods: Sequence[Pod]
    now: datetime
    is_scaled_to_zero: bool
    reported_owners: Container[str] = ()
    events_of: Callable[[Pod], Sequence[Event]] = lambda _: ()
    near_miss: Callable[[], NearMiss | None] = lambda: None

    def worst_finding(self, pods: Iterable[Pod]) -> Finding | None:
        """Return the worst finding of some pods."""
        return worst(finding for pod in pods for finding in pod_findings(pod, self.now, events=self.events_of(pod)))

    @property
    def running(self) -> list[Pod]:
        """The pods that should serve: neither terminating nor finished."""
        return [pod for pod in self.pods if not pod.is_terminating and pod.status.phase not in ("Succeeded", "Failed")]


def service_findings(
    service: Service,
    slices: Sequence[EndpointSlice],
    pods: Sequence[Pod],
    now: datetime,
    *,
    is_scaled_to_zero: bool = False,
    reported_owners: Container[str] = (),
    events_of: Callable[[Pod], Sequence[Event]] = lambda _: (),
    near_miss: Callable[[], NearMiss | None] = lambda: None,
) -> tuple[Finding, ...]:
    """Return what is wrong with a service, worst first.

    Args:
        slices: of this service; endpoints of unknown readiness count as ready, as the API documents.
        pods: all pods its selector matches; without a selector, those its endpoints refer to.
        is_scaled_to_zero: the workloads it selects want no pods.
        reported_owners: uids of pod owners whose workloads report what is wrong with their pods themselves.
        events_of: returns the events about a pod.
        near_miss: returns the labels closest to a selector that matches no pod.
    """
    if service.spec.type == "ExternalName":
        return ()
    unique: dict[str | tuple[str, ...], Endpoint] = {}
    for endpoint_slice in slices:
        for endpoint in endpoint_slice.endpoints or ():
            unique[endpoint.backend_identity] = endpoint
    case = _Case(service, tuple(unique.values()), pods, now, is_scaled_to_zero, reported_owners, events_of, near_miss)
    return worst_first(finding for check in _CHECKS for finding in check(case))


def _no_pods(case: _Case) -> Iterator[Finding]:
    """Yield that the selector matches no pod, unless the workloads explain why they want none."""
    if case.pods or case.endpoints or case.is_scaled_to_zero or not case.service.spec.selector:
        return
    yield Finding(Severity.DOWN, "NoPods", no_pods_text(case.service, case.near_miss()), case.service.key)


def no_pods_text(service: Service, near_miss: NearMiss | None) -> str:
    """Return that a selector matches no pod, and which labels come close."""
    text = f"no pod matches its selector {printable(selector_text(service.spec.selector))}"
    return f"{text}; {near_miss}" if near_miss else text


def _no_ready_endpoint(case: _Case) -> Iterator[Finding]:
    """Yield why no endpoint receives traffic."""
    if any(endpoint.is_serving for endpoint in case.endpoints) or not (case.pods or case.endpoints):
        return
    if not case.pods and case.is_scaled_to_zero:
        return
    if not case.pods:
        count = len(case.endpoints)
        message = f"none of {count} endpoints is ready" if count > 1 else "its endpoint is not ready"
        yield Finding(Severity.DOWN, "NoReadyEndpoints", message, case.service.key)
        return
    running = case.running
    if all(pod.status.phase == "Succeeded" for pod in case.pods):
        yield Finding(Severity.INFO, "Completed", "all selected pods have completed", case.service.key)
        return
    if not running and case.is_scaled_to_zero:
        return  # the last pods are terminating, as requested
    # A pod that cannot terminate on a lost node still belongs to the service.
    stuck = [held for pod in case.pods if pod.is_terminating and (held := stuck_termination(pod, case.now))]
    if not running and not stuck:
        message = "all selected pods are terminating or finished"
        yield Finding(Severity.DOWN, "NoReadyEndpoints", message, case.service.key)
        return
    if running and all(lacks_ports(case.service, pod) for pod in running):
        return  # reported by `_port_names`
    with_port = [pod for pod in running if not lacks_ports(case.service, pod)]
    ready = sum(pod.is_ready for pod in with_port)
    if ready:
        message = f"{ready} of {count_noun(len(running), 'pod')} ready, but none is published as an endpoint"
        yield Finding(Severity.DOWN, "NotPublished", message, case.service.key)
        return
    cause = case.worst_finding(with_port) or next(iter(stuck), None)
    why = f": {cause.message}" if cause else ""
    kind = cause.kind if cause else None
    since = cause.since if cause else None
    which = "" if len(with_port) == len(running) else f" with port {_port_text(case.service)}"
    count = len(with_port) + len(stuck)
    message = f"none of {count} pods{which} is ready" if count > 1 else f"its pod{which} is not ready"
    yield Finding(Severity.DOWN, "NoReadyEndpoints", f"{message}{why}", case.service.key, since, kind)


def _some_not_ready(case: _Case) -> Iterator[Finding]:
    """Yield why some pods are not ready, unless their workload reports it."""
    if not any(endpoint.is_serving for endpoint in case.endpoints):
        return
    unready = [pod for pod in case.running if not pod.is_ready and pod.owner_uid not in case.reported_owners]
    if not unready:
        return
    cause = case.worst_finding(unready)
    if cause is None or cause.severity > Severity.WARNING:
        return  # starting
    message = f"{len(unready)} of {count_noun(len(case.running), 'pod')} not ready: {cause.message}"
    severity = Severity.DEGRADED if cause.severity <= Severity.STUCK else Severity.WARNING
    yield Finding(severity, "SomeNotReady", message, case.service.key, cause.since, cause.kind)


def _terminating(case: _Case) -> Iterator[Finding]:
    """Yield how many endpoints terminate. They still serve, and get traffic while no other is ready (kube-proxy)."""
    serving = [endpoint for endpoint in case.endpoints if endpoint.is_serving]
    ending = sum(endpoint.conditions.terminating is True for endpoint in serving)
    if not ending or case.is_scaled_to_zero:
        return
    message = f"{ending} of {count_noun(len(serving), 'endpoint')} {'is' if ending == 1 else 'are'} terminating"
    severity = Severity.WARNING if ending == len(serving) else Severity.INFO
    yield Finding(severity, "Terminating", message, case.service.key)


def _deleted_pods(case: _Case) -> Iterator[Finding]:
    """Yield manually managed endpoints whose pods were deleted: nothing removes them, and nothing answers there."""
    if case.service.spec.selector:
        return  # the controller removes them
    gone = deleted_endpoints(case.service, case.endpoints, case.pods)
    if gone:
        count = len(case.endpoints)
        which = "its endpoint" if count == 1 else f"{len(gone)} of {count} endpoints"
        verb = "refers" if len(gone) == 1 else "refer"
        message = f"{which} {verb} to a deleted pod: {printable(gone[0].name)}"
        severity = Severity.DOWN if len(gone) == count else Severity.WARNING
        yield Finding(severity, "PodGone", message, case.service.key)


def deleted_endpoints(service: Service, endpoints: Iterable[Endpoint], pods: Iterable[Pod]) -> tuple[TargetRef, ...]:
    """Return the pods that endpoints refer to, and that do not exist any more.

    Args:
        pods: those of the endpoints that exist.
    """
    existing = {uid for pod in pods for uid in (pod.uid, pod.name)}
    refs = (endpoint.target_ref for endpoint in endpoints if endpoint.is_serving and endpoint.target_ref)
    # Pods of another namespace may not be readable here.
    pod_refs = (ref for ref in refs if ref.kind == Pod.KIND and ref.namespace in ("", service.namespace))
    return tuple(ref for ref in pod_refs if (ref.uid or ref.name) not in existing)


def _port_names(case: _Case) -> Iterator[Finding]:
    """Yield named target ports that pods lack: the name must be a container port of each pod, or nothing answers."""
    targets, pods = named_targets(case.service), case.running or case.pods
    if not targets or not pods or not case.service.spec.selector:
        return
    port_names = [named_ports(pod) for pod in pods]
    for port in targets:
        target = port.named_target
        lacking = sum((target, port.protocol) not in names for names in port_names)
        if not lacking:
            continue
        if lacking == len(pods):
            message = f"no selected pod has the target port {printable(target)}"
            yield Finding(Severity.DOWN, "NoSuchPort", message, case.service.key)
        else:
            message = f"{lacking} of {len(pods)} pods {'has' if lacking == 1 else 'have'} no port {printable(target)}"
            is_unserved = any(lacks_ports(case.service, pod) and pod.owner_uid in case.reported_owners for pod in pods)
            severity = Severity.DEGRADED if is_unserved else Severity.WARNING
            yield Finding(severity, "NoSuchPort", message, case.service.key)


def _port_text(service: Service) -> str:
    return " or ".join(printable(port.named_target) for port in named_targets(service))


_CHECKS: Final[tuple[Callable[[_Case], Iterator[Finding]], ...]] = (
    _no_pods,
    _port_names,
    _no_ready_endpoint,
    _some_not_ready,
    _terminating,
    _deleted_pods,
)
