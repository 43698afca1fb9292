"""What a port means on a pod or a Service: the number of the container port that a connection goes to.

Rules of kubectl port-forward (kubectl/pkg/cmd/portforward, `translateServicePortToTargetPort`): a number or a name on a
Service is a port of the Service, and its target port counts; on anything else it is a port of the pod. A headless
Service has no address whose ports could be translated, so a number is that of the pod; a name is what its SRV records
say, the target port. Pure. Named target ports may differ between pods.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from k9py.api.errors import MissingPartError, RefusedError
from k9py.api.pods import Container, ContainerPort, Pod, PodSpec
from k9py.api.services import Service, ServicePort
from k9py.api.text import printable

HEADLESS: Final = "None"
_TCP: Final = "TCP"


def container_ports(spec: PodSpec) -> Iterator[ContainerPort]:
    """Yield the ports that containers declare, those of sidecars and init containers last."""
    containers: tuple[Container, ...] = (*(spec.containers or ()), *(spec.init_containers or ()))
    for container in containers:
        yield from container.ports or ()


def service_port(service: Service, remote: int | str) -> ServicePort | None:
    """Return the port of a Service by number or name, the one of TCP where several have the number.

    None for a number on a headless Service, which is a port of the pod.

    Raises:
        MissingPartError: the Service has no such port.
        RefusedError: its protocol is not TCP.
    """
    matching = [port for port in service.spec.ports or () if remote in (port.port, port.name)]
    of_tcp = next((port for port in matching if port.protocol == _TCP), None)
    if of_tcp is not None:
        return of_tcp
    title = f"Service {printable(service.name)}"
    if matching:
        raise RefusedError(
            f"port {remote} of {title} is {printable(matching[0].protocol)}: only TCP ports can be forwarded"
        )
    if service.spec.cluster_ip == HEADLESS and isinstance(remote, int):
        return None
    raise MissingPartError(f"{title} has no port {remote}", ports_hint(service_port_names(service)))


def target_of_service(service: Service, remote: int | str) -> int | str:
    """Return the number or name of the container port behind a port of a Service. Raises as `service_port`."""
    port = service_port(service, remote)
    if port is None or (service.spec.cluster_ip == HEADLESS and isinstance(remote, int)):
        return remote
    return port.named_target or port.target_number or port.port


def port_of_pod(pod: Pod, port: int | str) -> int | None:
    """Return the number of a port of a pod, None when none of its containers declares that name with TCP."""
    if isinstance(port, int):
        return port
    declared = container_ports(pod.spec)
    return next((each.container_port for each in declared if each.name == port and each.protocol == _TCP), None)


def check_pod_port(title: str, specs: Iterable[PodSpec], port: int | str) -> None:
    """Check a port against what pods declare; a number that nobody declares is allowed, a program may listen there.

    Raises:
        MissingPartError: no container has a port of that name.
        RefusedError: it is declared, for another protocol alone.
    """
    declared = [each for spec in specs for each in container_ports(spec)]
    matching = [each for each in declared if port in (each.container_port, each.name)]
    if any(each.protocol == _TCP for each in matching):
        return
    if matching:
        raise RefusedError(
            f"port {port} of {title} is {printable(matching[0].protocol)}: only TCP ports can be forwarded"
        )
    if isinstance(port, str):
        raise MissingPartError(f"no container of {title} has a port named {port}", ports_hint(pod_port_names(specs)))


def service_port_names(service: Service) -> tuple[str, ...]:
    """Return the TCP ports of a Service as a person can type them, with their names: `80 (http)`."""
    return tuple(_described(port.port, port.name) for port in service.spec.ports or () if port.protocol == _TCP)


def pod_port_names(specs: Iterable[PodSpec]) -> tuple[str, ...]:
    """Return the TCP ports that pods declare, without duplicates, with their names: `8080 (http)`."""
    declared = (each for spec in specs for each in container_ports(spec))
    return tuple(
        dict.fromkeys(_described(each.container_port, each.name) for each in declared if each.protocol == _TCP)
    )


def ports_hint(names: Iterable[str]) -> str:
    """Return the hint that lists the ports of a target."""
    names = tuple(names)
    return f"ports: {', '.join(names)}" if names else "it declares no TCP port: name the number its program listens on"


def _described(number: int, name: str) -> str:
    return f"{number} ({printable(name)})" if name else str(number)
