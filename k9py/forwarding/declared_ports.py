"""The ports that an object declares, for a person who chooses which of them to forward.

Invariants: only TCP ports can be forwarded, so the others are left out; the usual one comes first: what serves people,
then everything else, then ports for probes and metrics, and those of sidecars last. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from k9py.api.pods import Container, PodSpec
from k9py.api.services import Service
from k9py.api.text import printable

FIRST_UNPRIVILEGED: Final = 1024
LOCAL_OFFSET: Final = 8000
"""What is added to a port that needs privileges: 80 is forwarded from 8080, 443 from 8443."""
_TCP: Final = "TCP"
_SERVING_NAMES: Final = frozenset({"http", "https", "web", "www", "api", "grpc", "ui"})
_SERVING_PORTS: Final = frozenset({80, 443, 3000, 5000, 8000, 8080, 8443})
_INTERNAL: Final = ("metric", "prom", "health", "probe", "admin", "debug", "monitor", "pprof")
_SIDECARS: Final = frozenset({"istio-proxy", "linkerd-proxy", "envoy", "vault-agent"})


@dataclass(frozen=True, slots=True)
class DeclaredPort:
    """A port that can be forwarded. Texts are printable.

    Args:
        number: of the Service, or of the container.
        name: "" when it has none.
        detail: its container, or the target port of a Service.
    """

    number: int
    name: str = ""
    detail: str = ""

    @property
    def local(self) -> int:
        """The local port that is proposed: the same number, unless it needs privileges."""
        return self.number if self.number >= FIRST_UNPRIVILEGED else self.number + LOCAL_OFFSET


def declared_ports(service: Service | None, specs: Sequence[PodSpec]) -> tuple[DeclaredPort, ...]:
    """Return the TCP ports of a Service, or of pods when there is none, the usual ones first."""
    ports = list(_of_service(service) if service is not None else _of_pods(specs))
    unique = {port.number: (place, port) for place, port in reversed(list(enumerate(ports)))}
    ordered = sorted(unique.values(), key=lambda placed: (_rank(placed[1]), placed[0]))
    return tuple(port for _, port in ordered)


def has_other_protocols(service: Service | None, specs: Sequence[PodSpec]) -> bool:
    """Return whether a port is declared that cannot be forwarded."""
    if service is not None:
        return any(port.protocol != _TCP for port in service.spec.ports or ())
    return any(port.protocol != _TCP for spec in specs for each in _containers(spec) for port in each.ports or ())


def _of_service(service: Service) -> Iterator[DeclaredPort]:
    for port in service.spec.ports or ():
        if port.protocol == _TCP:
            target = port.named_target or str(port.target_number or port.port)
            detail = "" if target == str(port.port) else f"target port {printable(target)}"
            yield DeclaredPort(port.port, printable(port.name), detail)


def _of_pods(specs: Sequence[PodSpec]) -> Iterator[DeclaredPort]:
    for spec in specs:
        for container in _containers(spec):
            for port in container.ports or ():
                if port.protocol == _TCP:
                    detail = f"container {printable(container.name)}"
                    yield DeclaredPort(port.container_port, printable(port.name), detail)


def _containers(spec: PodSpec) -> tuple[Container, ...]:
    sidecars = tuple(container for container in spec.init_containers or () if container.is_sidecar)
    return (*(spec.containers or ()), *sidecars)


def _rank(port: DeclaredPort) -> int:
    name, container = port.name.lower(), port.detail.removeprefix("container ")
    if container in _SIDECARS:
        return 3
    if any(part in name for part in _INTERNAL):
        return 2
    is_serving = name.partition("-")[0] in _SERVING_NAMES or port.number in _SERVING_PORTS
    return 0 if is_serving else 1
