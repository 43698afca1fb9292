"""What is removed from objects and logs before they are stored in a capsule.

Invariants: no value of a Secret or ConfigMap is kept, only its keys (a ConfigMap often holds a password too), and of
their annotations only those that are known to hold none of it; nothing that looks like a secret is kept in variables,
arguments, annotations, messages and log lines, nor in what was found in them. What checks read is kept: keys, names,
and the certificate of a TLS Secret, which is public.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any, Final

from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.redaction import redact, redact_text

REMOVED: Final = "removed"
_ENCODED: Final = base64.b64encode(REMOVED.encode()).decode()
_NOISE: Final = ("kubectl.kubernetes.io/last-applied-configuration",)
_CERTIFICATE: Final = b"-----BEGIN CERTIFICATE-----"
_KEPT_ANNOTATIONS: Final = frozenset(
    {
        "control-plane.alpha.kubernetes.io/leader",
        "kubernetes.io/service-account.name",
        "meta.helm.sh/release-name",
        "meta.helm.sh/release-namespace",
    }
)
"""Of Secrets and ConfigMaps: other tools keep the whole object in an annotation (kapp, Rancher), as kubectl does."""
_ENCODED_OBJECT: Final = lazy_pattern(r"^\s*(?:H4sI[\w+/=\-\s]+|[A-Za-z0-9+/_\-\s]{120,}={0,2})\s*$")
"""An annotation with something encoded, gzip first of all: what is in it cannot be seen."""


def without_secrets(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object (JSON with kind) without secrets."""
    metadata = dict(body.get("metadata") or {})
    kept = {**body, "metadata": metadata}
    is_content_secret = body.get("kind") in ("Secret", "ConfigMap")
    if annotations := metadata.get("annotations"):
        metadata["annotations"] = {
            key: value if not is_content_secret or key in _KEPT_ANNOTATIONS else REMOVED
            for key, value in annotations.items()
            if key not in _NOISE
        }
    match body.get("kind"):
        case "Secret":
            return _secret(kept)
        case "ConfigMap":
            return _config_map(kept)
    cleaned: dict[str, Any] = _cleaned(redact(kept))
    return cleaned


def texts_without_secrets(value: Any) -> Any:
    """Return JSON values with every text as a log line is cleaned: findings, entries and actions quote such lines."""
    match value:
        case str():
            return redact_text(value)
        case Mapping():
            return {key: texts_without_secrets(each) for key, each in value.items()}
        case list() | tuple():
            return [texts_without_secrets(each) for each in value]
    return value


def lines_without_secrets(lines: Iterable[str]) -> tuple[str, ...]:
    """Return log lines without what looks like a secret."""
    return tuple(redact_text(line) for line in lines)


def _cleaned(value: Any, key: str = "") -> Any:
    """Return a redacted object whose messages are cleaned as log lines are, without encoded annotations."""
    match value:
        case str():
            return redact_text(value) if key == "message" else value
        case {**fields}:
            if key == "annotations":
                return {name: _decodable(each) for name, each in fields.items()}
            return {name: _cleaned(each, str(name)) for name, each in fields.items()}
        case list():
            return [_cleaned(each) for each in value]
    return value


def _decodable(annotation: Any) -> Any:
    return REMOVED if isinstance(annotation, str) and _ENCODED_OBJECT.match(annotation) else annotation


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
