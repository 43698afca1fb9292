"""TLS to a real server on loopback: trust, names, client certificates, and the messages when they fail."""

from __future__ import annotations

import asyncio
import base64
import errno
import json
import os
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from k9py.api.errors import ConfigError, ConnectionFailedError
from k9py.kube.connect import connect
from k9py.kube.connection import Connection
from k9py.kube.kubeconfig_schema import AuthProvider
from k9py.kube.oidc import OidcTokens
from k9py.kube.options import ConnectOptions
from k9py.kube.tls import ClientCertificate, ssl_context
from k9py.logs.source import LogTarget
from tests.unit.kube.kubeconfigs import CERTS, encoded, environ, kubeconfig, pem, plugin_user
from tests.unit.kube.servers import client_name, serving, tls_server, tunnelling, version

TRUSTED = {"certificate-authority-data": encoded("ca.crt")}
ALICE = {"client-certificate-data": encoded("alice.crt"), "client-key-data": encoded("alice.key")}


async def who(request: web.BaseRequest) -> web.StreamResponse:
    return web.json_response({"gitVersion": client_name(request)})


@asynccontextmanager
async def connected(
    tmp_path: Path, server: str, cluster: dict[str, Any], user: dict[str, Any] | None = None
) -> AsyncIterator[Connection]:
    path = kubeconfig(tmp_path, cluster={"server": server, **cluster}, user=user)
    connection = await connect(ConnectOptions(str(path)), environ=environ(tmp_path))
    try:
        yield connection
    finally:
        await connection.aclose()


async def test_a_server_signed_by_the_clusters_authority_is_trusted(tmp_path: Path) -> None:
    async with serving(version, tls=tls_server()) as server, connected(tmp_path, server.url, TRUSTED) as connection:
        assert await connection.server_version() == "v1.36.2"


@pytest.mark.parametrize(
    ("certificate", "cluster", "expected"),
    [
        ("server", {"certificate-authority-data": encoded("other-ca.crt")}, "signed by an unknown authority"),
        ("server", {}, "signed by an unknown authority"),
        ("elsewhere", TRUSTED, "is for another name"),
        ("server", TRUSTED | {"tls-server-name": "elsewhere.test"}, "is for another name"),
        ("expired", TRUSTED, "has expired"),
    ],
)
async def test_a_certificate_that_cannot_be_trusted_says_why(
    tmp_path: Path, certificate: str, cluster: dict[str, Any], expected: str
) -> None:
    async with (
        serving(version, tls=tls_server(certificate)) as server,
        connected(tmp_path, server.url, cluster) as connection,
    ):
        with pytest.raises(ConnectionFailedError, match=expected) as caught:
            await connection.server_version()
        assert server.url in caught.value.message
        assert caught.value.hint


@pytest.mark.parametrize(
    ("certificate", "cluster"),
    [
        ("elsewhere", TRUSTED | {"tls-server-name": "elsewhere.test"}),
        ("expired", {"insecure-skip-tls-verify": True}),
        ("elsewhere", {"insecure-skip-tls-verify": True}),
    ],
)
async def test_server_name_and_skipped_verification_are_honoured(
    tmp_path: Path, certificate: str, cluster: dict[str, Any]
) -> None:
    async with (
        serving(version, tls=tls_server(certificate)) as server,
        connected(tmp_path, server.url, cluster) as connection,
    ):
        assert await connection.server_version() == "v1.36.2"


async def test_a_client_certificate_is_shown_from_data_and_from_files(tmp_path: Path) -> None:
    files = {"client-certificate": str(CERTS / "bob.crt"), "client-key": str(CERTS / "bob.key")}
    async with serving(who, tls=tls_server(wants_client=True)) as server:
        async with connected(tmp_path, server.url, TRUSTED, ALICE) as connection:
            assert await connection.server_version() == "alice"
        async with connected(tmp_path, server.url, TRUSTED, files) as connection:
            assert await connection.server_version() == "bob"


async def test_a_missing_client_certificate_is_a_refused_tls_connection(tmp_path: Path) -> None:
    async with (
        serving(who, tls=tls_server(wants_client=True)) as server,
        connected(tmp_path, server.url, TRUSTED) as connection,
    ):
        with pytest.raises(ConnectionFailedError):
            await connection.server_version()


async def test_a_plugins_token_and_certificate_are_both_used(tmp_path: Path) -> None:
    status = {
        "token": "abc",
        "clientCertificateData": pem("alice.crt").decode(),
        "clientKeyData": pem("alice.key").decode(),
    }
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    user = plugin_user(sys.executable, ["-c", f"print({json.dumps(answer)!r})"])
    async with (
        serving(who, tls=tls_server(wants_client=True)) as server,
        connected(tmp_path, server.url, TRUSTED, user) as connection,
    ):
        assert await connection.server_version() == "alice"
        assert server.tokens == ["Bearer abc"]


async def test_a_rotated_client_certificate_is_shown_next_and_open_streams_live_on(tmp_path: Path) -> None:
    go_on = asyncio.Event()

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        if not request.path.endswith("/log"):
            return await who(request)
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"one\n")
        await go_on.wait()
        await response.write(b"two\n")
        return response

    for kind in ("crt", "key"):
        (tmp_path / f"client.{kind}").write_bytes(pem(f"alice.{kind}"))
    user = {"client-certificate": "client.crt", "client-key": "client.key"}
    async with (
        serving(answer, tls=tls_server(wants_client=True)) as server,
        connected(tmp_path, server.url, TRUSTED, user) as connection,
    ):
        assert await connection.server_version() == "alice"
        async with connection.open_log(LogTarget("shop", "p", "c"), follow=True) as batches:
            assert await anext(batches) == [b"one"]
            for kind in ("crt", "key"):
                (tmp_path / f"client.{kind}").write_bytes(pem(f"bob.{kind}") + b"\n")
            assert await connection.server_version() == "bob"
            go_on.set()
            assert await anext(batches) == [b"two"]


async def test_tls_goes_through_a_proxy_to_the_named_server(tmp_path: Path) -> None:
    async with (
        serving(who, tls=tls_server(wants_client=True)) as server,
        tunnelling(int(server.url.rpartition(":")[2])) as (proxy, asked),
        connected(tmp_path, "https://kube.test:6443", TRUSTED | {"proxy-url": proxy}, ALICE) as connection,
    ):
        assert await connection.server_version() == "alice"
        assert asked[0].startswith("CONNECT kube.test:6443 HTTP/1.1")
    async with (
        serving(version, tls=tls_server("elsewhere")) as server,
        tunnelling(int(server.url.rpartition(":")[2])) as (proxy, _),
        connected(
            tmp_path,
            "https://kube.test:6443",
            TRUSTED | {"proxy-url": proxy, "tls-server-name": "elsewhere.test"},
        ) as connection,
    ):
        assert await connection.server_version() == "v1.36.2"


async def test_https_to_a_plain_server_and_http_to_a_tls_server_are_distinguished(tmp_path: Path) -> None:
    async with serving(version) as server:
        url = server.url.replace("http://", "https://")
        async with connected(tmp_path, url, TRUSTED) as connection:
            with pytest.raises(ConnectionFailedError, match="does not speak TLS"):
                await connection.server_version()
    async with serving(version, tls=tls_server()) as server:
        url = server.url.replace("https://", "http://")
        async with connected(tmp_path, url, {}) as connection:
            with pytest.raises(ConnectionFailedError):
                await connection.server_version()


@pytest.mark.parametrize(
    ("certificate", "key", "expected"),
    [
        ("alice.crt", "bob.key", "do not match"),
        ("alice.crt", "encrypted.key", "encrypted with a password"),
        ("alice.key", "alice.key", "cannot be used"),
    ],
)
async def test_an_unusable_client_certificate_is_reported_when_connecting(
    tmp_path: Path, certificate: str, key: str, expected: str
) -> None:
    user = {"client-certificate-data": encoded(certificate), "client-key-data": encoded(key)}
    with pytest.raises(ConfigError, match=expected) as caught:
        async with connected(tmp_path, "https://127.0.0.1:1", TRUSTED, user):
            pass
    assert caught.value.hint


def test_an_authority_that_is_no_certificate_is_refused() -> None:
    with pytest.raises(ConfigError, match="authority is not a PEM certificate"):
        ssl_context(b"nonsense", insecure=False, certificate=None)


def test_no_file_with_a_key_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    seen: list[int] = []
    load = ssl.SSLContext.load_cert_chain

    def watched(self: ssl.SSLContext, path: str, **given: Any) -> None:
        seen.append(os.stat(path).st_mode & 0o777)
        load(self, path, **given)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    ssl_context(pem("ca.crt"), insecure=False, certificate=ClientCertificate(pem("alice.crt"), pem("alice.key")))
    with pytest.raises(ConfigError):
        ssl_context(None, insecure=False, certificate=ClientCertificate(pem("alice.crt"), pem("bob.key")))
    assert seen == [0o600, 0o600]
    assert list(tmp_path.iterdir()) == []


def test_a_full_temporary_directory_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(**given: str) -> tuple[int, str]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "mkstemp", full)
    certificate = ClientCertificate(pem("alice.crt"), pem("alice.key"))
    with pytest.raises(ConfigError, match="temporary file: No space left on device") as caught:
        ssl_context(None, insecure=False, certificate=certificate)
    assert "TMPDIR" in caught.value.hint


def id_token(expires_at: datetime) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": expires_at.timestamp()}).encode()).decode().rstrip("=")
    return f"h.{claims}.s"


@pytest.mark.parametrize("authority", ["ca.crt", "other-ca.crt"])
async def test_an_expired_open_id_token_is_exchanged_at_a_provider_that_is_verified(
    tmp_path: Path, authority: str
) -> None:
    now = datetime(2026, 11, 22, tzinfo=UTC)
    fresh = id_token(now + timedelta(hours=1))

    async def provider(request: web.BaseRequest) -> web.StreamResponse:
        if request.path == "/.well-known/openid-configuration":
            return web.json_response({"token_endpoint": f"https://{request.host}/token"})
        assert (await request.post())["refresh_token"] == "again"
        return web.json_response({"id_token": fresh, "refresh_token": "rotated"})

    async with serving(provider, tls=tls_server()) as issuer:
        config = AuthProvider(
            "oidc",
            {
                "id-token": id_token(now - timedelta(hours=1)),
                "refresh-token": "again",
                "idp-issuer-url": issuer.url,
                "client-id": "kdash",
                "idp-certificate-authority-data": encoded(authority),
            },
        )
        tokens = OidcTokens(config, tmp_path, lambda: now)
        if authority == "ca.crt":
            assert await tokens.fetch() == (fresh, now + timedelta(hours=1))
            assert len(issuer.requests) == 2
        else:
            with pytest.raises(ConfigError, match="did not refresh the token"):
                await tokens.fetch()
            assert issuer.requests == []
