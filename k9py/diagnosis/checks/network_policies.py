"""Point out NetworkPolicies that allow a pod nothing while it reports timeouts. That is a suspicion, never a cause.

Whether a policy is enforced at all depends on the network plugin, and what another one allows is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from k9py.api.kinds import NETWORK_POLICY, POD
from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.networking import NetworkPolicy
from k9py.api.plural import count_noun, pluralize
from k9py.api.pods import Pod
from k9py.api.selectors import LabelSelector
from k9py.api.severity import Severity
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Evidence, Finding
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import event_evidence, field, log_evidence

_TIMEOUT: Final = lazy_pattern(
    r"(?i)timed? ?out|deadline exceeded|no route to host|unreachable|could not resolve|lookup .*: "
)
_MAX_PODS: Final = 20
_MAX_LINES: Final = 20


@check(
    "network-policy",
    "a NetworkPolicy allows nothing to pods that report timeouts",
    subjects=(NETWORK_POLICY,),
    reads=("Pod", "Event", "NetworkPolicy"),
    source="https://kubernetes.io/docs/concepts/services-networking/network-policies/#default-policies",
    remedy="allow what the pods need, DNS (port 53) included",
)
def network_policy(policy: NetworkPolicy, graph: Graph) -> Iterator[Finding]:
    """Yield, as information, that pods which a policy allows no egress report timeouts."""
    if "Egress" not in policy.denied or policy.metadata.deletion_timestamp is not None:
        return
    selector = policy.spec.pod_selector
    failing = [
        pod
        for pod in _selected(policy, graph)
        if not pod.is_ready and pod.status.phase == "Running" and not _has_ended(pod)
    ]
    if not failing:
        return
    policies = graph.list(NETWORK_POLICY, policy.namespace)
    if isinstance(policies, Unread):
        return
    allowing = [each for each in policies if "Egress" in each.directions and "Egress" not in each.denied]
    proofs: list[tuple[Pod, Evidence]] = []
    for pod in failing[:_MAX_PODS]:
        if any(each.spec.pod_selector.matches(pod.metadata.labels) for each in allowing):
            continue
        proof = _timeout(pod, graph)
        if proof is not None:
            proofs.append((pod, proof))
    if proofs:
        verb = pluralize(len(proofs), "reports", "report")
        yield Finding(
            Severity.INFO,
            "EgressDenied",
            f"allows no egress to {count_noun(len(proofs), 'pod')} that {verb} timeouts",
            policy.key,
            policy.metadata.creation_timestamp,
            evidence=(
                field(policy, "spec.podSelector", str(selector) or "all pods"),
                field(policy, "spec.egress", "none"),
                *(proof for _, proof in proofs[:3]),
            ),
        )


def _has_ended(pod: Pod) -> bool:
    """Return whether a container was restarted: its check names the policies that explain the end (`isolation.py`)."""
    return any(status.restart_count for status in pod.status.container_statuses or ())


def _selected(policy: NetworkPolicy, graph: Graph) -> tuple[Pod, ...]:
    """Return the pods that a policy selects; an empty selector selects all of its namespace."""
    selector: LabelSelector = policy.spec.pod_selector
    if not selector.is_empty:
        return graph.pods_matching(policy.namespace, selector)
    pods = graph.list(POD, policy.namespace)
    return () if isinstance(pods, Unread) else pods


def _timeout(pod: Pod, graph: Graph) -> Evidence | None:
    """Return the event or log line that speaks of a timeout, None when there is none."""
    for event in graph.events(pod):
        if event.type == "Warning" and _TIMEOUT.search(event.message):
            return event_evidence(pod, event)
    for container in pod.spec.containers or ():
        lines = graph.last_lines(pod, container.name)
        if lines is None or isinstance(lines, Unread):
            continue
        for line in reversed(lines[-_MAX_LINES:]):
            if _TIMEOUT.search(line):
                return log_evidence(pod, container.name, line)
    return None
