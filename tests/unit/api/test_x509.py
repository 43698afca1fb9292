"""Certificates that openssl made (`openssl ca -selfsign`), and bytes that are none."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from k9py.api.x509 import CertificateError, certificates

DATA = Path(__file__).parents[2] / "data" / "certificates"


def _pem(name: str) -> bytes:
    return (DATA / f"{name}.pem").read_bytes()


def test_names_and_validity() -> None:
    (certificate,) = certificates(_pem("valid"))

    assert certificate.names == ("shop.example.com", "*.shop.example.com", "10.0.0.7", "2001:db8::1")
    assert certificate.subject == certificate.issuer == "shop.example.com"
    assert certificate.not_before == datetime(2026, 1, 1, tzinfo=UTC)
    assert certificate.not_after == datetime(2028, 1, 1, tzinfo=UTC)


def test_a_year_after_2049_is_written_in_another_form() -> None:
    assert certificates(_pem("far"))[0].not_after == datetime(2060, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("host", "is_covered"),
    [
        ("shop.example.com", True),
        ("SHOP.example.com.", True),
        ("api.shop.example.com", True),
        ("a.b.shop.example.com", False),
        ("example.com", False),
        ("*.shop.example.com", True),
        ("10.0.0.7", True),
        ("10.0.0.8", False),
    ],
)
def test_hosts(host: str, is_covered: bool) -> None:
    assert certificates(_pem("valid"))[0].covers(host) is is_covered


def test_clients_do_not_read_the_common_name_for_a_host() -> None:
    (certificate,) = certificates(_pem("plain"))

    assert certificate.names == ()
    assert not certificate.covers("shop.example.com")


def test_the_certificates_of_a_chain_in_their_order() -> None:
    chain = certificates(b"comment\n" + _pem("expired") + _pem("valid"))

    assert [each.not_after.year for each in chain] == [2026, 2028]


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"not a certificate",
        b"-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        _pem("valid")[:400] + b"\n-----END CERTIFICATE-----",
        b"-----BEGIN CERTIFICATE-----\n" + b64encode(b"\x30\x84\xff\xff\xff\xff") + b"\n-----END CERTIFICATE-----",
        b"A" * 300_000,
    ],
)
def test_what_is_no_certificate(pem: bytes) -> None:
    with pytest.raises(CertificateError):
        certificates(pem)


@given(st.integers(0, 440), st.integers(0, 255))
def test_a_changed_byte_never_does_more_than_fail(at: int, value: int) -> None:
    lines = _pem("valid").splitlines()
    body = bytearray(b"".join(lines[1:-1]))
    body[at % len(body)] = value
    try:
        certificates(b"\n".join((lines[0], bytes(body), lines[-1])))
    except CertificateError:
        pass
