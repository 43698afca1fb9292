"""Credentials in a session that runs for days, on clocks the tests drive."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from k9py.api.errors import ConfigError
from k9py.kube.authentication import credentials_for
from k9py.kube.credentials import (
    MIN_INTERVAL,
    RENEW_BEFORE_EXPIRY,
    Credential,
    RenewedCredentials,
    StaticCredentials,
)
from k9py.kube.kubeconfig import KubeconfigEntry
from k9py.kube.kubeconfig_schema import KubeconfigUser
from k9py.kube.oidc import token_expiry
from k9py.kube.options import ConnectOptions
from k9py.kube.target import resolve_target
from k9py.runtime.clock import SystemClock
from tests.unit.kube.kubeconfigs import encoded, environ, kubeconfig, pem

START = datetime(2026, 11, 22, 12, tzinfo=UTC)


@dataclass
class DrivenClock(SystemClock):
    """A clock that stands still until the test moves it."""

    passed: float = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.passed)

    def monotonic(self) -> float:
        return self.passed


@dataclass
class Plugin:
    """Gives token-1, token-2 ..., each valid for `life` seconds of the clock; fails while `broken`."""

    clock: DrivenClock
    life: float | None = 3600.0
    broken: bool = False
    runs: int = 0
    gate: asyncio.Event | None = None
    waiting: asyncio.Event = field(default_factory=asyncio.Event)

    async def fetch(self) -> Credential:
        self.runs += 1
        if self.gate is not None:
            self.waiting.set()
            await self.gate.wait()
        if self.broken:
            raise ConfigError("the plugin failed")
        expires_at = None if self.life is None else START + timedelta(seconds=self.clock.passed + self.life)
        return Credential(f"Bearer token-{self.runs}", expires_at=expires_at)

    def credentials(self, user: KubeconfigUser | None = None) -> RenewedCredentials:
        static = StaticCredentials(KubeconfigEntry(user or KubeconfigUser(), Path("/")))
        return RenewedCredentials("the plugin", self.fetch, static, self.clock)


def static(directory: Path, **fields: Any) -> StaticCredentials:
    return StaticCredentials(KubeconfigEntry(msgspec.convert(fields, KubeconfigUser), directory))


async def test_a_plugin_runs_once_while_its_credential_is_good() -> None:
    plugin = Plugin(DrivenClock())
    credentials = plugin.credentials()
    for _ in range(100):
        assert (await credentials.current()).authorization == "Bearer token-1"
    assert plugin.runs == 1


async def test_a_credential_is_renewed_before_it_expires() -> None:
    clock = DrivenClock()
    plugin = Plugin(clock, life=3600)
    credentials = plugin.credentials()
    await credentials.current()
    clock.passed = 3600 - RENEW_BEFORE_EXPIRY.total_seconds() - 1
    assert (await credentials.current()).authorization == "Bearer token-1"
    clock.passed += 2
    assert (await credentials.current()).authorization == "Bearer token-2"


async def test_a_hundred_requests_at_expiry_run_the_plugin_once() -> None:
    clock = DrivenClock()
    plugin = Plugin(clock)
    credentials = plugin.credentials()
    await credentials.current()
    clock.passed = 4000
    plugin.gate = asyncio.Event()
    asking = [asyncio.create_task(credentials.current()) for _ in range(100)]
    await plugin.waiting.wait()
    plugin.gate.set()
    given = await asyncio.gather(*asking)
    assert {credential.authorization for credential in given} == {"Bearer token-2"}
    assert plugin.runs == 2


async def test_a_credential_always_about_to_expire_does_not_run_the_plugin_for_every_request() -> None:
    clock = DrivenClock()
    plugin = Plugin(clock, life=5)
    credentials = plugin.credentials()
    for _ in range(50):
        await credentials.current()
    assert plugin.runs == 1
    clock.passed = MIN_INTERVAL + 1
    await credentials.current()
    assert plugin.runs == 2


async def test_after_a_401_the_plugin_runs_once_for_all_refused_requests() -> None:
    clock = DrivenClock()
    plugin = Plugin(clock, life=None)
    credentials = plugin.credentials()
    refused = await credentials.current()
    clock.passed = 100
    assert await asyncio.gather(*(credentials.renew(refused) for _ in range(20))) == [True] * 20
    assert plugin.runs == 2
    assert (await credentials.current()).authorization == "Bearer token-2"


async def test_a_401_right_after_a_run_does_not_run_the_plugin_again() -> None:
    plugin = Plugin(DrivenClock(), life=None)
    credentials = plugin.credentials()
    assert await credentials.renew(await credentials.current()) is False
    assert plugin.runs == 1


async def test_a_good_credential_is_kept_when_renewing_it_early_fails() -> None:
    clock = DrivenClock()
    plugin = Plugin(clock, life=3600)
    credentials = plugin.credentials()
    await credentials.current()
    plugin.broken = True
    clock.passed = 3600 - RENEW_BEFORE_EXPIRY.total_seconds() + 1
    assert (await credentials.current()).authorization == "Bearer token-1"
    clock.passed = 3601
    with pytest.raises(ConfigError, match="the plugin failed"):
        await credentials.current()


async def test_a_plugin_that_failed_runs_again_after_the_interval() -> None:
    clock = DrivenClock()
    plugin = Plugin(clock, broken=True)
    credentials = plugin.credentials()
    for _ in range(3):
        with pytest.raises(ConfigError, match="the plugin failed"):
            await credentials.current()
    assert plugin.runs == 1
    plugin.broken = False
    clock.passed = MIN_INTERVAL
    assert (await credentials.current()).authorization == "Bearer token-2"


async def test_a_cancelled_run_does_not_block_the_next() -> None:
    plugin = Plugin(DrivenClock(), gate=asyncio.Event())
    credentials = plugin.credentials()
    first = asyncio.create_task(credentials.current())
    await plugin.waiting.wait()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    plugin.gate = None
    assert (await credentials.current()).authorization == "Bearer token-2"


async def test_impersonation_and_the_kubeconfigs_certificate_go_with_a_plugins_token() -> None:
    user = msgspec.convert(
        {"as": "bob", "client-certificate-data": encoded("alice.crt"), "client-key-data": encoded("alice.key")},
        KubeconfigUser,
    )
    credential = await Plugin(DrivenClock()).credentials(user).current()
    assert credential.headers() == [("Authorization", "Bearer token-1"), ("Impersonate-User", "bob")]
    assert credential.certificate is not None
    assert credential.certificate.certificate == pem("alice.crt")


async def test_a_rotated_token_file_is_read_again(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("one\n")
    credentials = static(tmp_path, tokenFile="token")
    assert (await credentials.current()).authorization == "Bearer one"
    (tmp_path / "new").write_text("two\n")
    (tmp_path / "new").replace(token)
    assert (await credentials.current()).authorization == "Bearer two"


async def test_while_a_token_file_is_missing_the_last_token_is_used(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("one")
    credentials = static(tmp_path, tokenFile="token")
    await credentials.current()
    token.unlink()
    assert (await credentials.current()).authorization == "Bearer one"


@pytest.mark.parametrize(("content", "expected"), [(None, "tokenFile cannot be read"), ("\n", "is empty")])
async def test_a_token_file_without_a_token_is_named(tmp_path: Path, content: str | None, expected: str) -> None:
    if content is not None:
        (tmp_path / "token").write_text(content)
    with pytest.raises(ConfigError, match=expected):
        await static(tmp_path, tokenFile="token").current()


async def test_a_token_file_takes_precedence_over_a_token_and_a_token_over_a_password(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("file")
    every = {"tokenFile": "t", "token": "plain", "username": "me", "password": "pw"}
    for name, expected in (("tokenFile", "Bearer file"), ("token", "Bearer plain"), ("username", "Basic bWU6cHc=")):
        assert (await static(tmp_path, **every).current()).authorization == expected
        del every[name]


async def test_impersonation_sends_every_group_and_extra(tmp_path: Path) -> None:
    fields = {"as": "bob", "as-uid": "7", "as-groups": ["a", "b"], "as-user-extra": {"example.com/x": ["1", "2"]}}
    assert (await static(tmp_path, **fields).current()).headers() == [
        ("Impersonate-User", "bob"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Impersonate-Extra-example.com%2Fx", "1"),
        ("Impersonate-Extra-example.com%2Fx", "2"),
    ]


async def test_a_certificate_without_its_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="has no client-key"):
        await static(tmp_path, **{"client-certificate-data": encoded("alice.crt")}).current()


async def test_a_missing_certificate_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"client-certificate cannot be read: .*gone\.crt"):
        await static(tmp_path, **{"client-certificate": "gone.crt", "client-key": "gone.key"}).current()


async def test_a_token_that_would_break_the_header_is_refused_without_being_quoted(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be sent in a header") as caught:
        await static(tmp_path, token="s3cr3t\r\nX: y").current()
    assert "s3cr3t" not in caught.value.message


def test_secrets_are_not_in_a_repr() -> None:
    assert "s3cr3t" not in repr(Credential("Bearer s3cr3t"))


def test_an_auth_provider_that_was_removed_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, cluster={"server": "https://x"}, user={"auth-provider": {"name": "gcp"}})
    with pytest.raises(ConfigError, match="auth-provider gcp, which was removed") as caught:
        resolve_target(ConnectOptions(str(path)), environ(tmp_path))
    assert "exec plugin" in caught.value.hint


def token_that_expires(at: datetime) -> str:
    claims = base64.urlsafe_b64encode(json.dumps({"exp": at.timestamp()}).encode()).decode().rstrip("=")
    return f"h.{claims}.s"


async def test_an_open_id_token_is_used_until_it_expires(tmp_path: Path) -> None:
    clock = DrivenClock()
    token = token_that_expires(START + timedelta(hours=1))
    config = {"id-token": token, "idp-issuer-url": "https://issuer.test", "client-id": "kdash"}
    provider = {"auth-provider": {"name": "oidc", "config": config}}
    path = kubeconfig(tmp_path, cluster={"server": "https://x"}, user=provider)
    target = resolve_target(ConnectOptions(str(path)), environ(tmp_path))
    credentials = credentials_for(target, environ(tmp_path), clock)
    assert (await credentials.current()).authorization == f"Bearer {token}"
    clock.passed = 3601
    with pytest.raises(ConfigError, match="no refresh token"):
        await credentials.current()


@pytest.mark.parametrize("token", ["", "abc", "a.b.c", "a.!!.c", "a.e30.c"])
def test_a_token_without_an_expiry_claim_has_no_expiry(token: str) -> None:
    assert token_expiry(token) is None
