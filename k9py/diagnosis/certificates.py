"""Judge the TLS Secret that an Ingress or a Gateway serves with: whether it exists, and what its certificate says.

Findings are about the Secret, so that three Ingresses with one certificate have one root. Invariant: nothing of a
Secret but its keys and its certificate is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from k9py.api.configuration import TLS_CERTIFICATE, TLS_KEY, TLS_SECRET, Secret
from k9py.api.kinds import SECRET
from k9py.api.meta import KubeObject, ObjectRef
from k9py.api.plural import count_noun
from k9py.api.severity import Severity
from k9py.api.text import printable
from k9py.api.x509 import Certificate, CertificateError, certificates
from k9py.diagnosis.finding import Evidence, Finding, NextStep
from k9py.diagnosis.graph import Graph, Unread
from k9py.diagnosis.proof import absence, did_you_mean, field
from k9py.diagnosis.settling import is_young

_SOON: Final = timedelta(days=14)
"""Certificates that are renewed by themselves are renewed earlier than that."""
_ISSUING: Final = timedelta(minutes=10)
"""An issuer needs a few minutes for a new certificate."""
_ISSUED_BY: Final = ("cert-manager.io/", "kubernetes.io/tls-acme", "certmanager.k8s.io/", "networking.gke.io/managed")
_MAX_NAMES: Final = 4


def certificate_findings(
    secret: ObjectRef, hosts: Sequence[str], user: KubeObject, graph: Graph, *, where: str
) -> Iterator[Finding]:
    """Yield what is wrong with a TLS Secret.

    Args:
        hosts: that it must be for; a wildcard is compared as it is.
        user: the Ingress or Gateway that serves with it.
        where: the field of the user that names it.
    """
    known = graph.get(SECRET, secret.name, secret.namespace)
    if isinstance(known, Unread):
        return
    if known is None:
        if _is_being_issued(user, graph):
            return
        near = graph.metadata_of(SECRET.resource_type, secret.namespace)
        similar = "" if isinstance(near, Unread) else did_you_mean(secret.name, (each.ref.name for each in near))
        yield Finding(
            Severity.DEGRADED,
            "TlsSecretMissing",
            f"TLS Secret {printable(secret.name)} does not exist{similar}",
            secret,
            evidence=(absence(secret), field(user, where, secret.name)),
            next_steps=(NextStep("create the Secret, or correct its name", "object.edit", user.key),),
        )
        return
    lacking = [key for key in (TLS_CERTIFICATE, TLS_KEY) if key not in known.keys]
    if lacking:
        keys = " and ".join(lacking)
        is_other = known.type not in (TLS_SECRET, "")
        kind = f" (it is of type {printable(known.type)})" if is_other else ""
        yield _finding(known, Severity.DEGRADED, "TlsKeysMissing", f"TLS Secret has no key {keys}{kind}", "data", keys)
        return
    if known.type != TLS_SECRET:
        return  # its certificate is not read
    try:
        chain = certificates(known.certificate)
    except CertificateError as error:
        yield _finding(known, Severity.DEGRADED, "InvalidCertificate", f"{TLS_CERTIFICATE} {error}", "data", str(error))
        return
    yield from _validity(known, chain, graph)
    yield from _names(known, chain[0], hosts)


def _validity(secret: Secret, chain: Sequence[Certificate], graph: Graph) -> Iterator[Finding]:
    """Yield the first certificate of a chain that is not valid now, or not for long."""
    for number, certificate in enumerate(chain):
        what = "certificate" if number == 0 else f"intermediate certificate {certificate.subject}"
        end, begin = certificate.not_after, certificate.not_before
        if graph.now >= end:
            text = f"{what} expired on {_day(end)}"
            yield _finding(secret, Severity.DEGRADED, "CertificateExpired", text, "notAfter", end.isoformat(), end)
            return
        if graph.now < begin:
            graph.look_again(begin)
            text = f"{what} is not valid before {_day(begin)}"
            yield _finding(secret, Severity.DEGRADED, "CertificateNotYetValid", text, "notBefore", begin.isoformat())
            return
        graph.look_again(min(end, max(end - _SOON, graph.now)))
        # Short-lived certificates are renewed when a third of their time is left.
        if end - graph.now < min(_SOON, (end - begin) / 6):
            since = max(end - _SOON, begin)
            text = f"{what} expires on {_day(end)}"
            yield _finding(secret, Severity.WARNING, "CertificateExpires", text, "notAfter", end.isoformat(), since)
            return


def _names(secret: Secret, certificate: Certificate, hosts: Sequence[str]) -> Iterator[Finding]:
    """Yield hosts that the certificate is not for."""
    lacking = [host for host in dict.fromkeys(hosts) if host and not certificate.covers(host)]
    if not lacking:
        return
    names = ", ".join(certificate.names[:_MAX_NAMES])
    if len(certificate.names) > _MAX_NAMES:
        names += f" and {len(certificate.names) - _MAX_NAMES} more"
    shown = ", ".join(map(printable, lacking[:_MAX_NAMES]))
    if len(lacking) > _MAX_NAMES:
        shown += f" and {count_noun(len(lacking) - _MAX_NAMES, 'more host')}"
    is_for = f"it is for {names}" if names else "it has no subject alternative name"
    yield _finding(
        secret, Severity.DEGRADED, "CertificateNotForHost", f"certificate is not for {shown}: {is_for}", "names", names
    )


def _finding(
    secret: Secret,
    severity: Severity,
    reason: str,
    message: str,
    where: str,
    text: str,
    since: datetime | None = None,
) -> Finding:
    evidence: Evidence = field(secret, where if where == "data" else f"data[{TLS_CERTIFICATE}].{where}", text or "none")
    step = NextStep("renew the certificate, or look why its issuer has not", "object.describe")
    return Finding(severity, reason, message, secret.key, since, evidence=(evidence,), next_steps=(step,))


def _is_being_issued(user: KubeObject, graph: Graph) -> bool:
    annotations = user.metadata.annotations or {}
    is_issued = any(key.startswith(_ISSUED_BY) for key in annotations)
    return is_young(user, graph, _ISSUING) if is_issued else is_young(user, graph)


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%d")
