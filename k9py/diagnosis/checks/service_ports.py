"""Check that the pods of a Service have the ports that it sends traffic to.

A named target must be a container port of the pod, or the pod gets no traffic (endpointslice/util.go, `FindPort`). A
number works without a declaration: it is only doubted where the pods declare other ports, or are probed on others, and
nothing in their spec mentions it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from k9py.api.kinds import SERVICE
from k9py.api.plural import pluralize
from k9py.api.pods import Container, ContainerPort, Pod, PodSpec
from k9py.api.services import Service, ServicePort, named_ports
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.check import check
from k9py.diagnosis.checks import services
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph
from k9py.diagnosis.near_misses import nearest_name
from k9py.diagnosis.proof import field
from k9py.diagnosis.settling import latest

_MAX_OWNERS = 2
_FINISHED = ("Succeeded", "Failed")


@check(
    "service-named-port",
    "pods of a Service lack the named port that it sends traffic to",
    subjects=(SERVICE,),
    reads=("Pod", "Deployment", "StatefulSet", "DaemonSet"),
    source="https://kubernetes.io/docs/concepts/services-networking/service/#field-spec-ports",
    remedy="name a container port as the Service does, or use its name in targetPort",
)
def service_named_port(service: Service, graph: Graph) -> Iterator[Finding]:
    """Yield named target ports that pods lack, or have with another protocol."""
    pods = _running(service, graph)
    if not pods:
        return
    steps = (NextStep("edit the target port", "object.edit"),)
    for port in service.spec.ports or ():
        target = port.named_target
        if not target:
            continue
        lacking = [pod for pod in pods if (target, port.protocol) not in named_ports(pod)]
        if not lacking:
            continue
        ports = {each for pod in lacking for each in named_ports(pod)}
        names = {name for name, _ in ports}
        if target in names:
            protocols = ", ".join(sorted(protocol for name, protocol in ports if name == target))
            has = f"has it as {printable(protocols)}, not {printable(port.protocol)}"
        else:
            near = nearest_name(target, names) or (next(iter(names)) if len(names) == 1 else "")
            has = f"declares {printable(near)}" if near else ""
        text = printable(target)
        container = _container_with_ports(lacking[0])
        detail = f"; {container} {has}" if has and container else ""
        is_all = len(lacking) == len(pods)
        if is_all:
            message = f"no container has the port {text} that port {port.port} targets{detail}"
        else:
            verb = pluralize(len(lacking), "has", "have")
            owners = {graph.workload_of(pod) for pod in lacking}
            shown = [printable(f"{ref.kind} {ref.name}") for ref in sorted(filter(None, owners))]
            whose = f" ({', '.join(shown)})" if None not in owners and len(shown) <= _MAX_OWNERS else ""
            lack = f"{len(lacking)} of {len(pods)} pods{whose} {verb} no port {text}"
            message = f"{lack}, which port {port.port} targets{detail}"
        others = [each for each in service.spec.ports or () if each is not port]
        severity = Severity.DOWN if is_all and not others else Severity.DEGRADED
        evidence = (field(service, "spec.ports[].targetPort", target), *_declared(lacking[0]))
        since = _began(service, lacking)
        yield Finding(
            severity,
            "NoSuchPort",
            message,
            service.key,
            since,
            evidence=evidence,
            caused_by=() if is_all else tuple(services.service_mixed_pods.run(service, graph)),
            next_steps=steps,
        )


@check(
    "service-target-port",
    "no container declares the port that a Service sends traffic to",
    subjects=(SERVICE,),
    reads=("Pod",),
    source="https://kubernetes.io/docs/tasks/debug/debug-application/debug-service/#is-the-service-defined-correctly",
    remedy="set targetPort to the port that the container listens on",
)
def service_target_port(service: Service, graph: Graph) -> Iterator[Finding]:
    """Yield target ports that the pods do not mention anywhere, though they declare or probe others."""
    pods = _running(service, graph)
    if not pods or not service.spec.selector:
        return
    ports = [port for port in service.spec.ports or () if port.target_number is not None]
    doubted = [port for port in ports if all(_is_doubted(port, pod) for pod in pods)]
    # Where other ports of the Service are declared, this one may just not have been.
    severity = Severity.WARNING if len(doubted) == len(service.spec.ports or ()) else Severity.INFO
    for port in doubted:
        number, pod = port.target_number, pods[0]
        other_protocol = [
            container
            for container, each in _container_ports(pod)
            if each.container_port == number and each.protocol != port.protocol
        ]
        if other_protocol:
            text = f"port {port.port} is {port.protocol}, but {_name(other_protocol[0])} declares {number} as "
            text += next(each.protocol for _, each in _container_ports(pod) if each.container_port == number)
        else:
            text = f"no container declares port {number}, which port {port.port} targets; {_instead(pod)}"
        yield Finding(
            severity,
            "PortNotDeclared",
            text,
            service.key,
            _began(service, pods),
            evidence=(field(service, "spec.ports[].targetPort", number), *_declared(pod)),
            next_steps=(NextStep("edit the target port", "object.edit"),),
        )


def _running(service: Service, graph: Graph) -> tuple[Pod, ...]:
    """Return the pods that a Service selects and that should serve."""
    if not service.spec.selector or service.spec.type == "ExternalName":
        return ()
    return tuple(
        pod for pod in graph.pods_of(service.key) if not pod.is_terminating and pod.status.phase not in _FINISHED
    )


def _began(service: Service, pods: Iterable[Pod]) -> datetime | None:
    """Return since when a port is wrong: the Service was written, or the pods that lack it were created."""
    return latest(service.metadata.ports_changed_at, *(pod.metadata.creation_timestamp for pod in pods))


def _is_doubted(port: ServicePort, pod: Pod) -> bool:
    """Return whether a pod declares or probes other ports, and mentions this one nowhere."""
    declared = list(_container_ports(pod))
    if any((each.container_port, each.protocol) == (port.target_number, port.protocol) for _, each in declared):
        return False
    if any(each.container_port == port.target_number for _, each in declared):
        return True  # with another protocol
    probed = [probe for container in _containers(pod.spec) for probe in _probed(container)]
    return bool(declared or probed) and not _mentions(str(port.target_number), pod)


def _mentions(number: str, pod: Pod) -> bool:
    """Return whether a number stands in a command, an argument, a variable, a probe or an annotation of a pod."""
    pattern = re.compile(rf"(?<!\d){number}(?!\d)")
    for container in _containers(pod.spec):
        texts: list[str] = [*(container.command or ()), *(container.args or ())]
        texts += [variable.value for variable in container.env or ()]
        texts += [str(port) for port in _probed(container)]
        for probe in (container.readiness_probe, container.liveness_probe, container.startup_probe):
            texts += (probe.exec.command or ()) if probe and probe.exec else ()
        if any(pattern.search(text) for text in texts):
            return True
    return any(pattern.search(value) for value in (pod.metadata.annotations or {}).values())


def _instead(pod: Pod) -> str:
    """Return what a pod declares, or is probed on: `app declares 8080`."""
    declared: dict[str, list[str]] = {}
    for container, port in _container_ports(pod):
        declared.setdefault(container.name, []).append(str(port.container_port))
    if declared:
        return ", ".join(f"{printable(name)} declares {', '.join(numbers)}" for name, numbers in declared.items())
    return next(
        (
            f"the probes of {_name(container)} ask port {printable(str(next(iter(_probed(container)))))}"
            for container in _containers(pod.spec)
            if any(_probed(container))
        ),
        "",
    )


def _declared(pod: Pod) -> Iterator[Evidence]:
    """Yield the ports that a pod declares as evidence."""
    for container in _containers(pod.spec):
        if container.ports:
            yield field(pod, f"spec.containers[{container.name}].ports", _ports_text(container.ports))
        elif any(_probed(container)):
            yield field(pod, f"spec.containers[{container.name}].probes", ", ".join(map(str, _probed(container))))


def _ports_text(ports: Sequence[ContainerPort]) -> str:
    """Return ports as `http=8080, 53/UDP`."""
    return ", ".join(
        (f"{port.name}=" if port.name else "")
        + str(port.container_port)
        + (f"/{port.protocol}" if port.protocol != "TCP" else "")
        for port in ports
    )


def _containers(spec: PodSpec) -> Iterator[Container]:
    """Yield the containers that run beside each other: main containers and sidecars."""
    yield from spec.containers or ()
    yield from (container for container in spec.init_containers or () if container.is_sidecar)


def _container_ports(pod: Pod) -> Iterator[tuple[Container, ContainerPort]]:
    return ((container, port) for container in _containers(pod.spec) for port in container.ports or ())


def _probed(container: Container) -> Iterable[int | str]:
    probes = (container.readiness_probe, container.liveness_probe, container.startup_probe)
    return [probe.port for probe in probes if probe is not None and probe.port is not None]


def _container_with_ports(pod: Pod) -> str:
    return next((_name(container) for container in _containers(pod.spec) if container.ports), "")


def _name(container: Container) -> str:
    return printable(container.name)
