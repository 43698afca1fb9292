"""Find the Services that keep a container from working: those that it names and that do not exist or serve nothing.

Checks of pods put the result into `caused_by` of what they report. Invariant: a name alone proves nothing. An init
container that waits for a host does; of any other container either its own words (log, termination message, probe)
must name the Service (wherever that is configured) or speak of a connection, or nothing else is known and it is the
only one that is down.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.kinds import NAMESPACE, NODE, SERVICE
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.meta import ObjectRef
from k9py.api.nodes import Node
from k9py.api.pods import Container, Pod
from k9py.api.selectors import selects
from k9py.api.services import Service
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.backends import backend_state
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.isolation import isolating_policies
from k9py.diagnosis.missing_services import missing_service
from k9py.diagnosis.named_hosts import NamedHost, hosts_of_failure, named_hosts
from k9py.diagnosis.near_misses import nearest_name
from k9py.diagnosis.proof import absence, field
from k9py.diagnosis.service_names import ServiceName, mentions

_CONNECTION: Final = lazy_pattern(
    r"(?i)connect|connection|refused|reset by peer|timed? ?out|deadline exceeded|unreachable|no such host|no route"
    r"|resolv|lookup|dns|bad address|name or service not known|unknown host|getaddrinfo|dial|ECONN|ENOTFOUND|EAI_AGAIN"
    r"|upstream|unavailable|socket|\b50[234]\b|bad gateway|no healthy|broker|handshake|unable to reach|could not reach"
)
"""Part of a text that speaks of another party."""
_UNKNOWN_HOST: Final = lazy_pattern(
    r"(?i)no such host|NXDOMAIN|ENOTFOUND|EAI_NONAME|not known|unknown host|bad address|could not (?:translate|resolve)"
    r"|does not resolve|host not found|nodename nor servname|failed to lookup address"
)
"""Part of an error of a resolver that knows no such host."""
_MAX_HOSTS: Final = 40


def services_it_waits_for(
    pod: Pod, container: Container, graph: Graph, texts: Iterable[str] = (), *, is_own: bool = True
) -> tuple[Finding | ObjectRef, ...]:
    """Return why a container that fails or waits cannot reach what it names: what to put into `caused_by`.

    Args:
        container: one of the pod, init containers included; it fails, waits, or is not ready.
        texts: what is known of the failure: last log lines, termination message, output of a probe.
        is_own: they are the words of the container, not those of the kubelet that could not reach it.

    Returns:
        findings about Services that do not exist, references of Services that serve nothing, NetworkPolicies that allow
        none of it; () without proof.
    """
    known = tuple(text for text in texts if text.strip())
    broken = [
        (host, cause)
        for host in named_hosts(container, pod.namespace)[:_MAX_HOSTS]
        if (cause := _cause(host, pod, container, graph)) is not None
    ]
    is_init = _is_init(pod, container)
    waited = [cause for host, cause in broken if host.is_waited_for]
    if is_init and waited:
        return tuple(dict.fromkeys(waited))
    named = [cause for host, cause in broken if _is_named(host, cause, known)]
    named = named or _of_failure(known, pod, container, graph)
    if not named and is_own:
        named = list(isolating_policies(pod, container, graph, known))
    if named:
        return tuple(dict.fromkeys(named))
    if known and not any(_CONNECTION.search(text) for text in known):
        return ()  # it fails for another reason
    # A host that is no Service may be outside of the cluster, unless its name says that it is not.
    likely = [cause for host, cause in broken if isinstance(cause, ObjectRef) or host.name.is_full or is_init]
    return tuple(dict.fromkeys(likely)) if len(likely) == 1 or is_init else ()


def _of_failure(texts: Iterable[str], pod: Pod, container: Container, graph: Graph) -> list[Finding | ObjectRef]:
    """Return what is wrong with the hosts that the failure itself names, wherever they are configured.

    Those are Services that serve nothing, and Services that do not exist where DNS knows no such host, and the name is
    that of a Service: it has a namespace, or another Service has nearly the same.
    """
    known = tuple(texts)
    in_vain = {
        (name.name, name.namespace)
        for name in hosts_of_failure((text for text in known if _UNKNOWN_HOST.search(text)), pod.namespace)
    }
    causes: list[Finding | ObjectRef] = []
    for name in hosts_of_failure(known, pod.namespace)[:_MAX_HOSTS]:
        service = graph.get(SERVICE, name.name, name.namespace) if graph.covers(name.namespace) else Unread()
        if service is None and (name.name, name.namespace) in in_vain and name.name not in (pod.name, container.name):
            if _is_of_cluster(name, pod, graph) and _is_likely(name, pod, graph):
                causes.append(_absent(name, pod, container, graph, "looks it up", ()))
            continue
        if not isinstance(service, Service):
            continue
        is_own = service.namespace == pod.namespace and selects(service.spec.selector, pod.metadata.labels)
        if not is_own and backend_state(service, graph).is_down:
            causes.append(service.key)
    return causes


def _is_named(host: NamedHost, cause: Finding | ObjectRef, texts: Iterable[str]) -> bool:
    """Return whether a text names a host; of one that is no Service it must speak of a connection, too."""
    return any(
        mentions(text, host.name) and (isinstance(cause, ObjectRef) or _CONNECTION.search(text) is not None)
        for text in texts
    )


def _cause(host: NamedHost, pod: Pod, container: Container, graph: Graph) -> Finding | ObjectRef | None:
    """Return what is wrong with a host: the Service that serves nothing, or that it does not exist; None: nothing."""
    name = host.name
    if not graph.covers(name.namespace) or name.name in (pod.name, container.name):
        return None
    service = graph.get(SERVICE, name.name, name.namespace)
    if isinstance(service, Unread):
        return None
    if service is None:
        return _missing(host, pod, container, graph)
    is_own = service.namespace == pod.namespace and selects(service.spec.selector, pod.metadata.labels)
    if is_own:
        return None  # it waits for itself: that it is not ready is no cause
    if backend_state(service, graph).is_down:
        return service.key
    return _missing_port(host, service, pod, container, graph)


def _missing(host: NamedHost, pod: Pod, container: Container, graph: Graph) -> Finding | None:
    """Return that a Service does not exist, None where the host need not be a Service."""
    if not _is_of_cluster(host.name, pod, graph):
        return None
    verb = "waits for it" if host.is_waited_for else "names it"
    proof = _named_in(host, pod, container, graph, f"names {host.name.name}")
    return _absent(host.name, pod, container, graph, verb, (proof,))


def _is_of_cluster(name: ServiceName, pod: Pod, graph: Graph) -> bool:
    """Return whether a host that is no Service should be one."""
    if name.namespace != pod.namespace:
        namespace = graph.get(NAMESPACE, name.namespace)
        # `example.com` is a host outside of the cluster
        return not isinstance(namespace, Unread) and (namespace is not None or name.is_full)
    return name.is_full or not isinstance(graph.get(NODE, name.name), Node)  # DNS may know the nodes


def _is_likely(name: ServiceName, pod: Pod, graph: Graph) -> bool:
    """Return whether a host is meant to be a Service, by its name alone."""
    services = graph.list(SERVICE, name.namespace)
    is_near = not isinstance(services, Unread) and bool(nearest_name(name.name, (each.name for each in services)))
    return name.is_full or name.namespace != pod.namespace or is_near


def _absent(
    name: ServiceName, pod: Pod, container: Container, graph: Graph, verb: str, proofs: tuple[Evidence, ...]
) -> Finding:
    missing = SERVICE.key(name.namespace, name.name)
    where = "init container" if _is_init(pod, container) else "container"
    near = missing_service(missing, graph)
    return Finding(
        Severity.DOWN,
        "NoSuchService",
        f"Service {printable(name.name)} does not exist{near} ({where} {printable(container.name)} {verb})",
        missing,
        kind=CauseKind.CONFIG,
        remedy="create the Service, or correct the name that the container uses",
        evidence=(absence(missing), *proofs),
        next_steps=_steps(pod, graph),
    )


def _missing_port(host: NamedHost, service: Service, pod: Pod, container: Container, graph: Graph) -> Finding | None:
    """Return that a Service does not have the port that a container uses, None when it has."""
    port, spec = host.name.port, service.spec
    is_virtual = spec.type != "ExternalName" and spec.cluster_ip not in ("", "None")
    numbers = [each.port for each in spec.ports or ()]
    if port is None or not is_virtual or not numbers or port in numbers or not host.is_waited_for:
        return None
    user = graph.workload_of(pod) or pod.key
    has = ", ".join(map(str, numbers))
    return Finding(
        Severity.DOWN,
        "NoSuchPort",
        f"container {printable(container.name)} uses port {port} of Service {printable(service.name)}, which has {has}",
        user,
        kind=CauseKind.CONFIG,
        remedy="correct the port that the container uses, or add it to the Service",
        evidence=(
            _named_in(host, pod, container, graph, f"uses {host.name.name}:{port}"),
            field(service, "spec.ports", has),
        ),
        next_steps=_steps(pod, graph),
    )


def _named_in(host: NamedHost, pod: Pod, container: Container, graph: Graph, text: str) -> Evidence:
    """Return where a host is named: in the template, which is the same for all pods of a workload."""
    containers = "initContainers" if _is_init(pod, container) else "containers"
    workload = graph.workload_of(pod)
    at = f"spec.template.spec.{containers}" if workload else f"spec.{containers}"
    return field(workload or pod, f"{at}[{container.name}].{host.where}", text)


def _steps(pod: Pod, graph: Graph) -> tuple[NextStep, ...]:
    return (NextStep("edit what names it", "object.edit", graph.workload_of(pod) or pod.key),)


def _is_init(pod: Pod, container: Container) -> bool:
    return not container.is_sidecar and any(each.name == container.name for each in pod.spec.init_containers or ())
