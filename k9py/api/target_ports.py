"""Named target ports: which pods and endpoints of a Service get its traffic.

Pure. A pod that has none of the named ports is published in a slice without ports, and ready there; kube-proxy routes
nothing to it (endpointslice/util.go, `FindPort`). A headless Service is only DNS, which asks for no port.
"""

from __future__ import annotations

from collections.abc import Iterable

from k9py.api.pods import Pod
from k9py.api.services import EndpointSlice, Service, ServicePort


def named_ports(pod: Pod) -> set[tuple[str, str]]:
    """Return (name, protocol) of a pod's named ports."""
    containers = (*(pod.spec.containers or ()), *(pod.spec.init_containers or ()))
    return {(port.name, port.protocol) for one in containers for port in one.ports or () if port.name}


def named_targets(service: Service) -> tuple[ServicePort, ...]:
    """Return the ports of a service that go to a container port by name."""
    return tuple(one for one in service.spec.ports or () if one.named_target)


def lacks_ports(service: Service, pod: Pod) -> bool:
    """Tell whether a pod gets no traffic of a service because it has none of its ports."""
    targets = named_targets(service) if _goes_by_name(service) else ()
    return bool(targets) and named_ports(pod).isdisjoint((one.named_target, one.protocol) for one in targets)


def routed_slices(service: Service, slices: Iterable[EndpointSlice]) -> tuple[EndpointSlice, ...]:
    """Return the slices whose endpoints get traffic of a service."""
    by_name = _goes_by_name(service)
    return tuple(one for one in slices if one.ports or not by_name)


def _goes_by_name(service: Service) -> bool:
    """Tell whether every port of a service with a selector, and with an address, goes to a port by name."""
    spec = service.spec
    if not spec.selector or not spec.ports or spec.cluster_ip == "None":
        return False
    return all(one.named_target for one in spec.ports)
