"""Read what a server shows of its certificate: validity, names, issuer. No signature is checked.

A bounded reader of DER (X.690) for the few fields of RFC 5280 that are shown. Invariants: every length is checked
against what is there, nothing recurses, and whatever is not a certificate is a `CertificateError`.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Final

from k9py.api.text import bounded

MAX_BYTES: Final = 256 * 1024
"""Bytes of PEM that are read; a chain of four certificates has 8 KiB."""
MAX_CERTIFICATES: Final = 8
_MAX_NAMES: Final = 500
_PEM: Final = re.compile(rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END")

_BOOLEAN, _OCTETS, _OID, _SEQUENCE, _SET = 0x01, 0x04, 0x06, 0x30, 0x31
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_COMMON_NAME: Final = bytes((0x55, 0x04, 0x03))
_ALTERNATIVE_NAMES: Final = bytes((0x55, 0x1D, 0x11))


class CertificateError(ValueError):
    """The bytes are no certificate."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate; all texts are printable.

    Args:
        names: DNS names and addresses that it is for, of the subject alternative names; clients read no others.
        subject, issuer: common names, "" without one.
        not_before, not_after: when it is valid, aware UTC.
    """

    names: tuple[str, ...]
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime

    def covers(self, host: str) -> bool:
        """Return whether it is for a host; `*.example.com` covers one label more, as RFC 6125 has it."""
        wanted = host.lower().rstrip(".")
        _, _, parent = wanted.partition(".")
        return any(
            name.lower().rstrip(".") == wanted or (parent and name.lower() == f"*.{parent}") for name in self.names
        )


def certificates(pem: bytes) -> tuple[Certificate, ...]:
    """Return the certificates of a PEM file, the one of the server first.

    Raises:
        CertificateError: there is none, or one cannot be read.
    """
    if len(pem) > MAX_BYTES:
        raise CertificateError("is too large")
    blocks = [match[1] for match in _PEM.finditer(pem)]
    if not blocks:
        raise CertificateError("has no certificate in PEM")
    return tuple(_certificate(_decoded(block)) for block in blocks[:MAX_CERTIFICATES])


def _decoded(block: bytes) -> bytes:
    try:
        return b64decode(b"".join(block.split()), validate=True)
    except ValueError as error:
        raise CertificateError("is not base64") from error


def _certificate(der: bytes) -> Certificate:
    to_be_signed = next(_elements(_content(der, _SEQUENCE)), (0, b""))
    if to_be_signed[0] != _SEQUENCE:
        raise CertificateError("is not a certificate")
    fields = list(_elements(to_be_signed[1]))
    if fields and fields[0][0] == _VERSION:
        del fields[0]
    # serial number, signature algorithm, issuer, validity, subject, public key, then optional ones
    if len(fields) < 6 or any(tag != _SEQUENCE for tag, _ in fields[1:6]):
        raise CertificateError("lacks fields of a certificate")
    times = [_time(tag, value) for tag, value in _elements(fields[3][1])]
    if len(times) != 2:
        raise CertificateError("has no validity")
    extensions = next((value for tag, value in fields[6:] if tag == _EXTENSIONS), b"")
    return Certificate(
        tuple(_alternative_names(extensions)), _common_name(fields[4][1]), _common_name(fields[2][1]), *times
    )


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (tag, content) of each element. Only tags of one byte are in a certificate."""
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise CertificateError("ends too early")
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4 or at + size > len(data):
                raise CertificateError("has a length that cannot be read")
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if at + length > len(data):
            raise CertificateError("ends too early")
        yield tag, data[at : at + length]
        at += length


def _content(data: bytes, tag: int) -> bytes:
    """Return the content of the first element, which must have a tag."""
    for actual, content in _elements(data):
        if actual == tag:
            return content
        break
    raise CertificateError("is not a certificate")


def _time(tag: int, value: bytes) -> datetime:
    """Return a time; two-digit years are 1950 to 2049 (RFC 5280, 4.1.2.5)."""
    text = value.decode("ascii", "replace")
    if tag == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != _GENERALIZED_TIME:
        raise CertificateError("has a time that cannot be read")
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise CertificateError("has a time that cannot be read") from error


def _common_name(name: bytes) -> str:
    for tag, attributes in _elements(name):
        if tag != _SET:
            continue
        for _, attribute in _elements(attributes):
            parts = list(_elements(attribute))
            if len(parts) == 2 and parts[0] == (_OID, _COMMON_NAME):
                return bounded(parts[1][1].decode("utf-8", "replace"), 100)
    return ""


def _alternative_names(extensions: bytes) -> Iterator[str]:
    if not extensions:
        return
    for _, extension in _elements(_content(extensions, _SEQUENCE)):
        parts = list(_elements(extension))
        if len(parts) < 2 or parts[0] != (_OID, _ALTERNATIVE_NAMES) or parts[-1][0] != _OCTETS:
            continue
        names = list(_elements(_content(parts[-1][1], _SEQUENCE)))[:_MAX_NAMES]
        for tag, value in names:
            if tag == _DNS_NAME:
                yield bounded(value.decode("ascii", "replace"), 253)
            elif tag == _IP_ADDRESS and len(value) in (4, 16):
                yield str(ip_address(value))
