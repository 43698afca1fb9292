"""Find certificate requests that nobody decides, that were denied, or whose signer does not answer.

Invariant: a requester that asks again and again is one finding: that of its oldest open request; and none once a later
one was granted. Source: pkg/controller/certificates (approver, signer, cleaner).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from k9py.api.certificates import CertificateSigningRequest
from k9py.api.kinds import CERTIFICATE_SIGNING_REQUEST
from k9py.api.meta import Condition, find_condition
from k9py.api.severity import Severity
from k9py.api.text import printable, shorten
from k9py.diagnosis.check import check
from k9py.diagnosis.finding import Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import condition_evidence, field
from k9py.diagnosis.settling import is_recent

_PENDING: Final = timedelta(minutes=3)
_SIGNING: Final = timedelta(minutes=2)
_EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
_HINTS: Final = {
    "kubernetes.io/kubelet-serving": "no controller of Kubernetes approves these: kubectl certificate approve",
    "kubernetes.io/kube-apiserver-client": "no controller of Kubernetes approves these: kubectl certificate approve",
}


@check(
    "certificate-request",
    "a certificate request is pending for long, denied, or not signed",
    subjects=(CERTIFICATE_SIGNING_REQUEST,),
    source="https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/",
    remedy="approve or deny it, or look at its signer",
)
def certificate_request(request: CertificateSigningRequest, graph: Graph) -> Iterator[Finding]:
    """Yield why a request has no certificate."""
    if request.status.certificate:
        return
    signer, user = printable(request.spec.signer_name), printable(request.spec.username)
    created = request.metadata.creation_timestamp
    denied, failed, approved = (
        find_condition(request.status.conditions, each) for each in ("Denied", "Failed", "Approved")
    )
    decided: Condition | None = denied or failed
    who = f"certificate for {user} (signer {signer})"
    if decided is not None:
        verb, reason = ("was denied", "Denied") if denied else ("could not be issued", "Failed")
        detail = shorten(decided.message) or printable(decided.reason)
        text = f"{who} {verb}" + (f": {detail}" if detail else "")
        since, proof = decided.last_transition_time or decided.last_update_time, condition_evidence(request, decided)
        helps = "correct what the requester asks for"
    elif approved is not None:
        if is_recent(approved.last_transition_time or created, graph, _SIGNING):
            return
        text, reason = f"{who} is approved, but the signer has not issued it", "NotIssued"
        since, proof = approved.last_transition_time, condition_evidence(request, approved)
        helps = f"look at the controller of signer {signer}"
    else:
        if is_recent(created, graph, _PENDING):
            return
        text, reason, since = f"{who} is pending: nobody has approved or denied it", "Pending", created
        proof = field(request, "status.conditions", "none")
        helps = _HINTS.get(request.spec.signer_name, f"look at the approver of signer {signer}")
    if not _is_superseded(request, graph):
        steps = (NextStep(helps),)
        yield Finding(
            Severity.WARNING, reason, text, request.key, since, None, helps, evidence=(proof,), next_steps=steps
        )


def _is_superseded(request: CertificateSigningRequest, graph: Graph) -> bool:
    """Return whether the same requester has a certificate since, or an older open request, which stands for all."""
    listed = graph.list(CERTIFICATE_SIGNING_REQUEST)
    others = () if isinstance(listed, Unread) else listed
    own = _order(request)
    for other in others:
        if other.spec != request.spec or other.name == request.name:
            continue
        is_later = _order(other) > own
        if (is_later and other.status.certificate) or (not is_later and not other.status.certificate):
            return True
    return False


def _order(request: CertificateSigningRequest) -> tuple[datetime, str]:
    return request.metadata.creation_timestamp or _EARLIEST, request.name
