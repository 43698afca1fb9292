"""Checks of a service and its endpoints.

To add a check: a function from `_Case` to findings, named in `_CHECKS`. Names for something outside (ExternalName) are
nobody's failure, and endpoints made by hand (no selector) are judged only as far as there are any.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from k9py.api.events import Event
from k9py.api.pod_troubles import stuck_termination
from k9py.api.pods import Pod
from k9py.api.selectors import selector_text
from k9py.api.services import Endpoint, EndpointSlice, Service, lacks_ports, named_ports, named_targets
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.pods import pod_findings
from k9py.diagnosis.ranking import worst, worst_first


@dataclass(frozen=True, slots=True)
class _Case:
    service: Service
    endpoints: Sequence[Endpoint]
    pods: Sequence[Pod]
    now: datetime
    at_rest: bool
    told_by: Container[str] = ()
    events_of: Callable[[Pod], Sequence[Event]] = lambda _: ()

    def cause(self, pods: Iterable[Pod]) -> Finding | None:
        """Return the worst that is wrong with pods."""
        return worst(found for pod in pods for found in pod_findings(pod, self.now, events=self.events_of(pod)))

    @property
    def running(self) -> list[Pod]:
        """Pods that should serve: neither ending nor ended."""
        return [one for one in self.pods if not one.is_terminating and one.status.phase not in ("Succeeded", "Failed")]


def service_findings(
    service: Service,
    slices: Sequence[EndpointSlice],
    pods: Sequence[Pod],
    now: datetime,
    *,
    is_scaled_to_zero: bool = False,
    reported_owners: Container[str] = (),
    events_of: Callable[[Pod], Sequence[Event]] = lambda _: (),
) -> tuple[Finding, ...]:
    """Return what is wrong with a service, worst first.

    Args:
        slices: of this service; endpoints with unknown readiness count as ready, as the API says.
        pods: all pods its selector selects; without one, those its endpoints name.
        at_rest: the workloads it selects want no pods.
        told_by: uids of the owners whose workloads tell what is wrong with their pods.
        events_of: returns the events about a pod.
    """
    if service.spec.type == "ExternalName":
        return ()
    unique: dict[str | tuple[str, ...], Endpoint] = {}
    for part in slices:
        for one in part.endpoints or ():
            unique[one.backend_identity] = one
    case = _Case(service, tuple(unique.values()), pods, now, is_scaled_to_zero, reported_owners, events_of)
    return worst_first(found for check in _CHECKS for found in check(case))


def _no_pods(case: _Case) -> Iterator[Finding]:
    if case.pods or case.endpoints or case.at_rest or not case.service.spec.selector:
        return  # at rest, the workloads tell why they want no pods
    selector = printable(selector_text(case.service.spec.selector))
    yield Finding(Severity.DOWN, "NoPods", f"no pod matches its selector {selector}", case.service.key)


def _no_ready_endpoint(case: _Case) -> Iterator[Finding]:
    if any(one.is_serving for one in case.endpoints) or not (case.pods or case.endpoints):
        return
    if not case.pods and case.at_rest:
        return
    if not case.pods:
        count = len(case.endpoints)
        message = f"none of {count} endpoints is ready" if count > 1 else "its endpoint is not ready"
        yield Finding(Severity.DOWN, "NoReadyEndpoints", message, case.service.key)
        return
    running = case.running
    if all(one.status.phase == "Succeeded" for one in case.pods):
        yield Finding(Severity.INFO, "Completed", "all pods behind it have completed", case.service.key)
        return
    if not running and case.at_rest:
        return  # the last ones are ending, as was wished
    # A pod that is held on a lost node is behind the service as much as it was before it was to end.
    held = [trouble for pod in case.pods if pod.is_terminating and (trouble := stuck_termination(pod, case.now))]
    if not running and not held:
        yield Finding(Severity.DOWN, "NoReadyEndpoints", "all pods behind it are ending or ended", case.service.key)
        return
    if running and all(lacks_ports(case.service, pod) for pod in running):
        return  # that is told already
    reached = [pod for pod in running if not lacks_ports(case.service, pod)]
    ready = sum(pod.is_ready for pod in reached)
    if ready:
        message = f"{ready} of {len(running)} pods are ready, but none is published as an endpoint"
        yield Finding(Severity.DOWN, "NotPublished", message, case.service.key)
        return
    cause = case.cause(reached) or next(iter(held), None)
    why = f": {cause.message}" if cause else ""
    kind = cause.kind if cause else None
    since = cause.since if cause else None
    which = "behind it" if len(reached) == len(running) else f"with port {_port_text(case.service)}"
    count = len(reached) + len(held)
    words = f"none of {count} pods {which} is ready" if count > 1 else f"the pod {which} is not ready"
    message = f"{words}{why}"
    yield Finding(Severity.DOWN, "NoReadyEndpoints", message, case.service.key, since, kind)


def _some_not_ready(case: _Case) -> Iterator[Finding]:
    if not any(one.is_serving for one in case.endpoints):
        return
    unready = [pod for pod in case.running if not pod.is_ready and pod.owner_uid not in case.told_by]
    if not unready:
        return
    cause = case.cause(unready)
    if cause is None or cause.severity > Severity.WARNING:
        return  # starting
    message = f"{len(unready)} of {len(case.running)} pods not ready: {cause.message}"
    severity = Severity.DEGRADED if cause.severity <= Severity.STUCK else Severity.WARNING
    yield Finding(severity, "SomeNotReady", message, case.service.key, cause.since, cause.kind)


def _terminating(case: _Case) -> Iterator[Finding]:
    """Endpoints that terminate serve until they are gone; they get traffic where no other is ready (kube-proxy)."""
    serving = [one for one in case.endpoints if one.is_serving]
    ending = sum(one.conditions.terminating is True for one in serving)
    if not ending or case.at_rest:
        return
    count = len(serving)
    message = f"{ending} of {count} endpoint{'' if count == 1 else 's'} {'is' if ending == 1 else 'are'} terminating"
    severity = Severity.WARNING if ending == count else Severity.INFO
    yield Finding(severity, "Terminating", message, case.service.key)


def _gone_pods(case: _Case) -> Iterator[Finding]:
    """Endpoints made by hand stay when the pods they name go: then nobody answers, whatever they say of themselves."""
    if case.service.spec.selector:
        return  # the controller takes them away
    there = {pod.uid for pod in case.pods}
    refs = (one.target_ref for one in case.endpoints if one.is_serving and one.target_ref is not None)
    # Pods of another namespace may not be read here.
    named = [ref for ref in refs if ref.kind == Pod.KIND and ref.namespace in ("", case.service.namespace)]
    gone = [ref for ref in named if ref.uid and ref.uid not in there]
    if gone:
        count = len(case.endpoints)
        which = "its endpoint" if count == 1 else f"{len(gone)} of {count} endpoints"
        verb = "names" if len(gone) == 1 else "name"
        message = f"{which} {verb} a pod that is gone: {printable(gone[0].name)}"
        yield Finding(Severity.WARNING, "PodGone", message, case.service.key)


def _port_names(case: _Case) -> Iterator[Finding]:
    """A target port given by name must be a port of some container of each pod, else nothing answers on it there."""
    targets, pods = named_targets(case.service), case.running or case.pods
    if not targets or not pods or not case.service.spec.selector:
        return
    named = [named_ports(pod) for pod in pods]
    for port in targets:
        target = port.named_target
        lacking = sum((target, port.protocol) not in one for one in named)
        if not lacking:
            continue
        if lacking == len(pods):
            message = f"target port {printable(target)} is not a port of any pod behind it"
            yield Finding(Severity.DOWN, "NoSuchPort", message, case.service.key)
        else:
            message = f"{lacking} of {len(pods)} pods {'has' if lacking == 1 else 'have'} no port {printable(target)}"
            is_unserved = any(lacks_ports(case.service, pod) and pod.owner_uid in case.told_by for pod in pods)
            severity = Severity.DEGRADED if is_unserved else Severity.WARNING
            yield Finding(severity, "NoSuchPort", message, case.service.key)


def _port_text(service: Service) -> str:
    return " or ".join(printable(one.named_target) for one in named_targets(service))


_CHECKS: Final[tuple[Callable[[_Case], Iterator[Finding]], ...]] = (
    _no_pods,
    _port_names,
    _no_ready_endpoint,
    _some_not_ready,
    _terminating,
    _gone_pods,
)
