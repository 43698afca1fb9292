"""Nothing secret stays in a capsule, and what checks read does."""

from __future__ import annotations

import base64
import json

import pytest

from k9py.capsule.removal import lines_without_secrets, without_secrets

_SECRET = "hunter2-very-secret"
_ENCODED = base64.b64encode(_SECRET.encode()).decode()
_CERTIFICATE = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n").decode()
_WITH_KEY = base64.b64encode(
    b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\nMIIE\n"
).decode()


def _pod(**container: object) -> dict[str, object]:
    return {
        "kind": "Pod",
        "metadata": {"name": "web-1"},
        "spec": {"containers": [{"name": "app", "image": "app:1", **container}]},
    }


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "Secret", "type": "Opaque", "metadata": {"name": "s"}, "data": {"password": _ENCODED}},
        {"kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": _SECRET}},
        {"kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "s"}, "data": {"tls.key": _ENCODED}},
        {"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"app.ini": f"password={_SECRET}"}},
        {"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"innocent": _SECRET}},
        {"kind": "ConfigMap", "metadata": {"name": "c"}, "binaryData": {"innocent": _ENCODED}},
        {
            "kind": "Deployment",
            "metadata": {
                "name": "web",
                "annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps({"x": _SECRET})},
            },
        },
        _pod(env=[{"name": "DB_PASSWORD", "value": _SECRET}]),
        _pod(env=[{"name": "DB_URL", "value": f"postgres://app:{_SECRET}@db:5432/app"}]),
        _pod(args=["--token", _SECRET]),
        {"kind": "Event", "metadata": {"name": "e"}, "message": f"login failed: password={_SECRET}"},
    ],
)
def test_secrets_are_removed(body: dict[str, object]) -> None:
    text = json.dumps(without_secrets(body))

    assert _SECRET not in text
    assert _ENCODED not in text


def test_keys_names_and_public_certificates_stay() -> None:
    config_map = without_secrets({"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"DB_URI": "x"}})
    tls = {"kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "s"}}
    secret = without_secrets({**tls, "data": {"tls.crt": _CERTIFICATE, "tls.key": _ENCODED}})
    mixed = without_secrets({**tls, "data": {"tls.crt": _WITH_KEY}})
    pod = without_secrets(_pod(env=[{"name": "DB_URL", "value": f"postgres://app:{_SECRET}@db:5432/app"}]))

    assert list(config_map["data"]) == ["DB_URI"]
    assert list(secret["data"]) == ["tls.crt", "tls.key"]
    assert secret["data"]["tls.crt"] == _CERTIFICATE
    assert mixed["data"]["tls.crt"] != _WITH_KEY
    assert "@db:5432/app" in json.dumps(pod)


def test_log_lines_are_cleaned() -> None:
    lines = lines_without_secrets([f"connecting with password={_SECRET}", "KeyError: DB_URL"])

    assert _SECRET not in "".join(lines)
    assert lines[1] == "KeyError: DB_URL"
