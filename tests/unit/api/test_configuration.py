"""ConfigMaps, Secrets and ServiceAccounts: keys are read, values are gone."""

from __future__ import annotations

import base64
import json

import pytest

from k9py.api.configuration import ConfigMap, Secret
from k9py.api.kinds import CONFIG_MAP, SECRET, SERVICE_ACCOUNT

VALUE = "hunter2"


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def secret(type_: str, **data: str) -> Secret:
    named = {key.replace("_", "."): value for key, value in data.items()}
    return SECRET.decode(json.dumps({"metadata": {"name": "db"}, "type": type_, "data": named}).encode())


def test_the_keys_of_a_config_map_are_kept_and_its_values_are_not() -> None:
    body = {"metadata": {"name": "a"}, "data": {"url": VALUE, "app.conf": "é"}, "binaryData": {"blob": encoded(VALUE)}}
    config_map = CONFIG_MAP.decode(json.dumps(body).encode())
    assert config_map.keys == ("app.conf", "url", "blob")
    assert dict(config_map.sizes) == {"app.conf": 2, "url": 7, "blob": 7}
    assert VALUE not in repr(config_map)
    assert CONFIG_MAP.decode(b'{"metadata": {"name": "empty"}}') == ConfigMap(config_map.metadata.__class__("empty"))


def test_the_keys_of_a_secret_are_kept_and_its_values_are_not() -> None:
    decoded = secret("Opaque", password=encoded(VALUE), tls_crt=encoded(VALUE))
    assert (decoded.type, decoded.keys, decoded.certificate) == ("Opaque", ("password", "tls.crt"), b"")
    assert VALUE not in repr(decoded)
    assert encoded(VALUE) not in repr(decoded)


@pytest.mark.parametrize(
    ("value", "certificate"),
    [(encoded("-----BEGIN CERTIFICATE-----"), b"-----BEGIN CERTIFICATE-----"), ("***", b""), ("", b"")],
    ids=["PEM", "not base64", "empty"],
)
def test_the_certificate_of_a_tls_secret_is_kept_and_its_key_is_not(value: str, certificate: bytes) -> None:
    decoded = secret("kubernetes.io/tls", tls_crt=value, tls_key=encoded(VALUE))
    assert decoded.certificate == certificate
    assert decoded.keys == ("tls.crt", "tls.key")
    assert encoded(VALUE) not in repr(decoded)
    assert VALUE.encode() not in repr(decoded).encode()


def test_a_service_account_names_its_pull_secrets() -> None:
    account = SERVICE_ACCOUNT.decode(b'{"metadata": {"name": "default"}, "imagePullSecrets": [{"name": "regcred"}]}')
    assert [each.name for each in account.image_pull_secrets or ()] == ["regcred"]
