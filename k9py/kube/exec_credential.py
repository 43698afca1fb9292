"""Reads what a credential plugin printed: an ExecCredential in JSON or YAML.

Owns: what is wrong with an answer, named by its field. Only the expiry is ever quoted: the rest is secret.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from k9py.api.text import printable
from k9py.kube.go_yaml import YamlSyntaxError, read_yaml
from k9py.kube.tls import ClientCertificate

_RFC3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)")
_TEXT_FIELDS: Final = ("token", "clientCertificateData", "clientKeyData", "expirationTimestamp")


@dataclass(frozen=True, slots=True)
class ExecCredential:
    """What the plugin gave: a token, a certificate, or both. `expires_at` None means not known."""

    token: str | None
    certificate: ClientCertificate | None
    expires_at: datetime | None


class ExecCredentialError(Exception):
    """The answer is no credential; the message goes on after "The credential plugin X"."""


def parse_exec_credential(output: bytes, api_version: str) -> ExecCredential:
    """Return the credential a plugin printed.

    Args:
        api_version: which the kubeconfig says the plugin answers in.

    Raises:
        AnswerError: it is not what client-go accepts.
    """
    answer = _decoded(output)
    version, kind = answer.get("apiVersion") or "", answer.get("kind") or "ExecCredential"
    if kind != "ExecCredential":
        raise ExecCredentialError(f"answered with a {printable(str(kind))[:100]}, not with an ExecCredential")
    if version != api_version:
        shown = printable(str(version))[:100] or "no apiVersion at all"
        raise ExecCredentialError(f"answered in {shown}, not in {printable(api_version)}, as the kubeconfig says")
    status = answer.get("status")
    if not isinstance(status, dict):
        raise ExecCredentialError("did not answer with an ExecCredential that has a status")
    given = {name: _text(status, name) for name in _TEXT_FIELDS}
    certificate, key = given["clientCertificateData"], given["clientKeyData"]
    if bool(certificate) != bool(key):
        raise ExecCredentialError("gave a client certificate and key of which one is missing")
    if not given["token"] and not certificate:
        raise ExecCredentialError("gave neither a token nor a client certificate")
    return ExecCredential(
        given["token"] or None,
        ClientCertificate(certificate.encode(), key.encode()) if certificate and key else None,
        _moment(given["expirationTimestamp"]),
    )


def _decoded(output: bytes) -> dict[str, Any]:
    if not output.strip():
        raise ExecCredentialError("printed nothing: an ExecCredential in JSON was expected")
    try:
        answer = msgspec.json.decode(output)
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = _from_yaml(output)
    if not isinstance(answer, dict):
        raise ExecCredentialError("did not answer with an ExecCredential in JSON or YAML")
    return answer


def _from_yaml(output: bytes) -> Any:
    if not output.lstrip().startswith(b"{"):  # what begins as JSON has to be JSON, as for client-go
        try:
            return read_yaml(output)
        except YamlSyntaxError:
            pass
    raise ExecCredentialError("did not answer with an ExecCredential in JSON or YAML")


def _text(status: dict[str, Any], name: str) -> str | None:
    value = status.get(name)
    if value is not None and not isinstance(value, str):
        raise ExecCredentialError(f"answered with a status.{name} that is not text")
    return value


def _moment(text: str | None) -> datetime | None:
    """Return a time in RFC 3339, with its zone, as Kubernetes writes times; None when there is none."""
    if text is None:
        return None
    try:
        if _RFC3339.fullmatch(text):
            return datetime.fromisoformat(text.replace(",", ".")).astimezone(UTC)
    except OverflowError:  # year 1 or 9999, beyond which a zone leads
        return datetime.min.replace(tzinfo=UTC) if text.startswith("0001") else None
    except ValueError:
        pass
    shown = printable(text)[:60]
    raise ExecCredentialError(
        f'answered with an expirationTimestamp that is no time: "{shown}" (RFC 3339 is needed: 2026-11-30T12:00:00Z)'
    )
