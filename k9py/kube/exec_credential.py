"""Decodes the output of a credential plugin: an ExecCredential in JSON or YAML.

Owns: what is wrong with an output, named by its field. Only the expiry is ever quoted: everything else is secret.
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
    """What a plugin returned: a token, a certificate, or both. `expires_at` None means unknown."""

    token: str | None
    certificate: ClientCertificate | None
    expires_at: datetime | None


class ExecCredentialError(Exception):
    """The output is not a credential; the message completes "The credential plugin X"."""


def parse_exec_credential(output: bytes, api_version: str) -> ExecCredential:
    """Return the credential that a plugin printed.

    Args:
        api_version: the version that the kubeconfig names for the plugin.

    Raises:
        ExecCredentialError: client-go would not accept the output.
    """
    answer = _decode(output)
    version, kind = answer.get("apiVersion") or "", answer.get("kind") or "ExecCredential"
    if kind != "ExecCredential":
        raise ExecCredentialError(f"answered with a {printable(str(kind))[:100]}, not with an ExecCredential")
    if version != api_version:
        shown = printable(str(version))[:100] or "no apiVersion at all"
        raise ExecCredentialError(f"answered in {shown}, not in {printable(api_version)}, as the kubeconfig says")
    status = answer.get("status")
    if not isinstance(status, dict):
        raise ExecCredentialError("did not answer with an ExecCredential that has a status")
    fields = {name: _text(status, name) for name in _TEXT_FIELDS}
    certificate, key = fields["clientCertificateData"], fields["clientKeyData"]
    if bool(certificate) != bool(key):
        missing = "key" if certificate else "certificate"
        raise ExecCredentialError(f"returned a client certificate and key, but the {missing} is missing")
    if not fields["token"] and not certificate:
        raise ExecCredentialError("returned neither a token nor a client certificate")
    return ExecCredential(
        fields["token"] or None,
        ClientCertificate(certificate.encode(), key.encode()) if certificate and key else None,
        _expiry(fields["expirationTimestamp"]),
    )


def _decode(output: bytes) -> dict[str, Any]:
    if not output.strip():
        raise ExecCredentialError("printed nothing: an ExecCredential in JSON was expected")
    try:
        answer = msgspec.json.decode(output)
    except (msgspec.DecodeError, UnicodeDecodeError):
        answer = _decode_yaml(output)
    if not isinstance(answer, dict):
        raise ExecCredentialError("did not answer with an ExecCredential in JSON or YAML")
    return answer


def _decode_yaml(output: bytes) -> Any:
    if not output.lstrip().startswith(b"{"):  # output that begins as JSON must be JSON, as for client-go
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


def _expiry(text: str | None) -> datetime | None:
    """Parse a time in RFC 3339 with its time zone, as Kubernetes writes times; None when there is none."""
    if text is None:
        return None
    try:
        if _RFC3339.fullmatch(text):
            return datetime.fromisoformat(text.replace(",", ".")).astimezone(UTC)
    except OverflowError:  # year 1 or 9999, and the time zone moves it out of range
        return datetime.min.replace(tzinfo=UTC) if text.startswith("0001") else None
    except ValueError:
        pass
    shown = printable(text)[:60]
    raise ExecCredentialError(
        f'answered with an invalid expirationTimestamp: "{shown}" (RFC 3339 is required: 2026-11-30T12:00:00Z)'
    )
