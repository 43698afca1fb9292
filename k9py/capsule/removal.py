"""What is removed from objects and logs before they are stored in a capsule.

Invariants: no value of a Secret or ConfigMap is kept, only its keys (a ConfigMap often holds a password too); nothing
that looks like a secret is kept in variables, arguments, annotations, messages and log lines. What checks read is kept:
keys, names, and the certificate of a TLS Secret, which is public.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any, Final

from k9py.api.redaction import redact, redact_text

REMOVED: Final = "removed"
_ENCODED: Final = base64.b64encode(REMOVED.encode()).decode()
_NOISE: Final = ("kubectl.kubernetes.io/last-applied-configuration",)
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"


def without_secrets(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object (JSON with kind) without secrets."""
    metadata = dict(body.get("metadata") or {})
    annotations = {key: value for key, value in (metadata.get("annotations") or {}).items() if key not in _NOISE}
    if "annotations" in metadata:
        metadata["annotations"] = annotations
    kept = {**body, "metadata": metadata}
    match body.get("kind"):
        case "Secret":
            return _secret(kept)
        case "ConfigMap":
            return _config_map(kept)
    cleaned: dict[str, Any] = redact(kept)
    return cleaned


def lines_without_secrets(lines: Iterable[str]) -> tuple[str, ...]:
    """Return log lines without what looks like a secret."""
    return tuple(redact_text(line) for line in lines)


def _secret(body: dict[str, Any]) -> dict[str, Any]:
    keys = {**(body.get("data") or {}), **(body.get("stringData") or {})}
    is_tls = body.get("type") == "kubernetes.io/tls"
    body = {key: value for key, value in body.items() if key != "stringData"}
    if keys:
        body["data"] = {
            key: value if is_tls and key == "tls.crt" and _is_certificate(value) else _ENCODED
            for key, value in keys.items()
        }
    return {**body, "metadata": redact(body["metadata"])}


def _config_map(body: dict[str, Any]) -> dict[str, Any]:
    for field, value in (("data", REMOVED), ("binaryData", _ENCODED)):
        if body.get(field):
            body[field] = dict.fromkeys(body[field], value)
    return {**body, "metadata": redact(body["metadata"])}


def _is_certificate(value: object) -> bool:
    """Return whether a value of a Secret is a certificate and nothing else."""
    try:
        decoded = base64.b64decode(str(value), validate=True)
    except binascii.Error:
        return False
    return decoded.strip().startswith(_CERTIFICATE) and b"PRIVATE KEY" not in decoded
