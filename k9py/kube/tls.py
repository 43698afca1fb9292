"""TLS: the SSL context of a connection, and client certificates.

Owns: how certificates become a context. Invariants: verification follows Go's rules, as with kubectl (only the given CA
is trusted, an intermediate certificate may be the trust anchor, X.509 checks stricter than Go's are off); a private key
is on disk only while OpenSSL reads it, in a file of mode 0600 that is removed immediately.
Creating a context with the system's CAs takes 60-80 ms: do it in a thread.
"""

from __future__ import annotations

import os
import re
import ssl
import tempfile
from dataclasses import dataclass, field
from typing import Final, NoReturn

from k9py.api.errors import ConfigError
from k9py.api.text import printable

_BLOCK: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate chain and its key in PEM; compared by content, to notice rotation."""

    certificate: bytes
    key: bytes = field(repr=False)


def ssl_context(ca: bytes | None, *, insecure: bool, certificate: ClientCertificate | None) -> ssl.SSLContext:
    """Return the context for an API server.

    Args:
        ca: PEM bundle, the only authorities to trust; None for the system's.
        insecure: skip the verification of the server (insecure-skip-tls-verify).
        certificate: presented to the server, if any.

    Raises:
        ConfigError: the CA, the certificate or its key cannot be used.
    """
    try:
        context = ssl.create_default_context(cadata=None if ca is None else ca.decode("ascii", "ignore"))
    except ssl.SSLError as error:
        raise ConfigError(
            "The cluster's certificate authority is not a PEM certificate",
            "Correct certificate-authority or certificate-authority-data of the cluster in the kubeconfig.",
        ) from error
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate is not None:
        _load(context, certificate)
    return context


def _chain_and_key(certificate: ClientCertificate) -> bytes:
    """Return what Go uses of the two: the certificates of the first, and the first key of the second.

    OpenSSL uses the first key in the file, which could be another one next to the certificate.

    Raises:
        ValueError: certificate and key are swapped, or one of them is the other kind.
    """
    chain = [block[0] for block in _BLOCK.finditer(certificate.certificate) if block[1] == b"CERTIFICATE"]
    keys = [block[0] for block in _BLOCK.finditer(certificate.key) if block[1].endswith(b"PRIVATE KEY")]
    is_key = not chain and b"PRIVATE KEY-----" in certificate.certificate
    is_chain = not keys and b"CERTIFICATE-----" in certificate.key
    if is_key or is_chain:
        raise ValueError(
            "client-certificate is a key, and client-key a certificate: swap them"
            if is_key and is_chain
            else "client-certificate is a key"
            if is_key
            else "client-key is a certificate"
        )
    if not chain or not keys:
        return certificate.certificate.rstrip() + b"\n" + certificate.key  # OpenSSL reports what is wrong with it
    return b"\n".join((*chain, keys[0], b""))


def _load(context: ssl.SSLContext, certificate: ClientCertificate) -> None:
    path = ""
    try:
        content = _chain_and_key(certificate)
        descriptor, path = tempfile.mkstemp(prefix="kdash-", suffix=".pem")  # mode 0600
        with open(descriptor, "wb") as file:
            file.write(content)
        context.load_cert_chain(path, password=_refuse_password)
    except (ssl.SSLError, ValueError) as error:
        _refuse_certificate(error)
    except OSError as error:
        raise ConfigError(
            f"The client certificate cannot be written to a temporary file: {printable(error.strerror or str(error))}",
            "OpenSSL reads it from a file: free some space, or set TMPDIR to another directory.",
        ) from error
    finally:
        if path:
            os.unlink(path)


def _refuse_password() -> str:
    """Refuse: OpenSSL would ask on the terminal, which belongs to the dashboard."""
    raise ValueError("the key is encrypted with a password")


def _refuse_certificate(error: ssl.SSLError | ValueError) -> NoReturn:
    match getattr(error, "reason", None):
        case "KEY_VALUES_MISMATCH":
            reason = "the certificate and the key do not match"
        case str(openssl_reason):
            reason = openssl_reason.replace("_", " ").lower()
        case _:
            reason = "it is not PEM" if isinstance(error, ssl.SSLError) else str(error)
    raise ConfigError(
        f"The client certificate cannot be used: {printable(reason)}",
        "Correct client-certificate and client-key of the user in the kubeconfig (PEM, the key without a password).",
    ) from error
