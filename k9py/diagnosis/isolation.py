"""Find NetworkPolicies that keep a container, which reports a timeout, from what it names.

Invariants: a policy is only named where no other one allows the traffic; an address or a namespace that a rule allows
may be meant, so it counts as allowed. Whether a policy is enforced at all depends on the network plugin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from k9py.api.causes import CauseKind
from k9py.api.kinds import NETWORK_POLICY, SERVICE
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.networking import NetworkPolicy, NetworkPolicyPeer
from k9py.api.pods import Container, Pod
from k9py.api.services import Service
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.named_hosts import hosts_of_failure, named_hosts
from k9py.diagnosis.proof import field
from k9py.diagnosis.service_names import ServiceName, mentions, unique

_TIMEOUT: Final = lazy_pattern(r"(?i)timed? ?out|deadline exceeded|ETIMEDOUT|no route to host|unreachable")
_OF_PROBE: Final = lazy_pattern(r"probe.*(?:Client\.Timeout exceeded|\(TCP :|failed to connect service)")
"""What the kubelet reports of its own probes: it asks the pod, the pod asks nobody."""
_NO_DNS: Final = lazy_pattern(r"(?i)EAI_AGAIN|temporary failure in name resolution|lookup .*(?:timeout|timed out)")
_CHECK: Final = "network-policy"
_MAX_HOSTS: Final = 40


def isolating_policies(pod: Pod, container: Container, graph: Graph, texts: Iterable[str]) -> tuple[Finding, ...]:
    """Return the policies that allow a pod nothing, or that keep it from a Service which its failure names.

    Args:
        texts: what is known of the failure: last log lines, termination message.
    """
    known = [text for text in texts if text and not _OF_PROBE.search(text)]
    if not any(_TIMEOUT.search(text) or _NO_DNS.search(text) for text in known):
        return ()
    egress = tuple(_closed(pod, "Egress", None, graph))
    if egress:
        return tuple(_finding(policy, "EgressDenied", "allows its pods no egress", graph) for policy in egress)
    findings: list[Finding] = []
    for service in _services(pod, container, known, graph):
        name = printable(service.name)
        for target in graph.pods_of(service.key)[:1]:
            text = f"allows no ingress from {_who(pod, graph)} to the pods of Service {name}"
            findings += (
                _finding(each, "IngressDenied", text, graph) for each in _closed(target, "Ingress", pod, graph)
            )
    return tuple(dict.fromkeys(findings))


def _services(pod: Pod, container: Container, texts: list[str], graph: Graph) -> Iterator[Service]:
    """Yield the Services that a failure names: by their name, or by their address."""
    hosts = tuple(host.name for host in named_hosts(container, pod.namespace)[:_MAX_HOSTS])
    mentioned = [host for host in hosts if any(mentions(text, host) for text in texts)]
    candidates = unique((*hosts_of_failure(texts, pod.namespace), *mentioned, *hosts))[:_MAX_HOSTS]
    for host in candidates:
        service = graph.get(SERVICE, host.name, host.namespace) if graph.covers(host.namespace) else None
        if isinstance(service, Service) and (host in mentioned or _names(service, host, texts)):
            yield service


def _names(service: Service, host: ServiceName, texts: list[str]) -> bool:
    address = service.spec.cluster_ip
    return any(mentions(text, host) or (address not in ("", "None") and f"{address}:" in text) for text in texts)


def _closed(pod: Pod, direction: str, peer: Pod | None, graph: Graph) -> Iterator[NetworkPolicy]:
    """Yield the policies of a pod if none of them allows the traffic.

    Args:
        peer: who asks; None: anybody.
    """
    policies = graph.list(NETWORK_POLICY, pod.namespace)
    if isinstance(policies, Unread):
        return
    own = [
        each
        for each in sorted(policies, key=lambda policy: policy.name)
        if direction in each.directions
        and each.metadata.deletion_timestamp is None
        and each.spec.pod_selector.matches(pod.metadata.labels)
    ]
    if not any(_allows(each, direction, pod, peer) for each in own):
        yield from own


def _allows(policy: NetworkPolicy, direction: str, pod: Pod, peer: Pod | None) -> bool:
    rules = (policy.spec.ingress if direction == "Ingress" else policy.spec.egress) or ()
    for rule in rules:
        peers = rule.from_ if direction == "Ingress" else rule.to
        if not peers or peer is None or any(_is_meant(each, pod, peer) for each in peers):
            return True
    return False


def _is_meant(allowed: NetworkPolicyPeer, pod: Pod, peer: Pod) -> bool:
    if allowed.ip_block is not None:
        return True
    selects_pod = allowed.pod_selector is None or allowed.pod_selector.matches(peer.metadata.labels)
    return selects_pod and (allowed.namespace_selector is not None or pod.namespace == peer.namespace)


def _who(pod: Pod, graph: Graph) -> str:
    workload = graph.workload_of(pod)
    return printable(f"{workload.kind} {workload.name}" if workload is not None else f"pod {pod.name}")


def _finding(policy: NetworkPolicy, reason: str, text: str, graph: Graph) -> Finding:
    direction = reason.removesuffix("Denied").lower()
    rules = (policy.spec.ingress if direction == "ingress" else policy.spec.egress) or ()
    allowed = f"{len(rules)} that do not match" if rules else "none"
    selector = str(policy.spec.pod_selector) or "all pods"
    return Finding(
        Severity.DOWN,
        reason,
        f"{text}, and they time out" if direction == "egress" else f"{text}, which time out for it",
        policy.key,
        policy.metadata.creation_timestamp,
        CauseKind.CONFIG,
        f"allow the {direction} that is needed, DNS (port 53) included" if direction == "egress" else "allow it",
        check=_CHECK,
        evidence=(field(policy, "spec.podSelector", selector), field(policy, f"spec.{direction}", allowed)),
        next_steps=(NextStep(f"edit the {direction} rules", "object.edit", policy.key),),
    )
