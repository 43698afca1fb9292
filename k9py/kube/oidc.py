"""Tokens from an OpenID Connect provider (the kubeconfig's `auth-provider: oidc`).

Owns: reading the expiry of an ID token and exchanging the refresh token. What the provider returns is kept in memory:
the kubeconfig is never written, so with a provider that rotates refresh tokens the next session signs in again.
kubernetes_asyncio's requestor is not used: without a configured authority it does not verify the provider at all.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from k9py.api.errors import ConfigError
from k9py.kube.credentials import RENEW_BEFORE_EXPIRY
from k9py.kube.kubeconfig_schema import AuthProvider

_HINT: Final = (
    "Sign in again with the tool that created this kubeconfig entry, or change it to an exec plugin (kubelogin)."
)
_TIMEOUT_SECONDS: Final = 30.0


class _Claims(msgspec.Struct):
    exp: float | None = None


class _Discovery(msgspec.Struct):
    token_endpoint: str


class _Tokens(msgspec.Struct):
    id_token: str
    refresh_token: str | None = None


class OidcTokens:
    """Provides ID tokens, and refreshes one that has expired with the refresh token.

    Args:
        directory: of the kubeconfig; the path of a certificate authority is relative to it.
        now: returns the current time, aware UTC.
    """

    def __init__(self, provider: AuthProvider, directory: Path, now: Callable[[], datetime]) -> None:
        self._config = dict(provider.config or {})
        self._directory = directory
        self._now = now

    async def fetch(self) -> tuple[str, datetime | None]:
        """Return a token and its expiry (None: unknown).

        Raises:
            ConfigError: it has expired, and cannot be refreshed.
        """
        token = self._text("id-token")
        if token:
            expires_at = token_expiry(token)
            if expires_at is None or expires_at - RENEW_BEFORE_EXPIRY > self._now():
                return token, expires_at
        token = await self._refresh()
        return token, token_expiry(token)

    def _text(self, name: str) -> str:
        value = self._config.get(name)
        return value if isinstance(value, str) else ""

    async def _refresh(self) -> str:
        import aiohttp

        refresh_token, issuer = self._text("refresh-token"), self._text("idp-issuer-url").rstrip("/")
        if not refresh_token or not issuer:
            problem = "has expired" if self._text("id-token") else "is missing"
            raise ConfigError(f"The OpenID Connect token {problem} and the kubeconfig has no refresh token", _HINT)
        client = f"{self._text('client-id')}:{self._text('client-secret')}"
        try:
            async with aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=await asyncio.to_thread(self._authorities)),
                headers={"Authorization": f"Basic {base64.b64encode(client.encode()).decode()}"},
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS),
                raise_for_status=True,
            ) as session:
                async with session.get(f"{issuer}/.well-known/openid-configuration") as response:
                    endpoint = msgspec.json.decode(await response.read(), type=_Discovery).token_endpoint
                form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
                async with session.post(endpoint, data=form, allow_redirects=False) as response:
                    answer = msgspec.json.decode(await response.read(), type=_Tokens)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ConfigError("The OpenID Connect provider did not refresh the token", _HINT) from error
        self._config["id-token"] = answer.id_token
        self._config["refresh-token"] = answer.refresh_token or refresh_token
        return answer.id_token

    def _authorities(self) -> ssl.SSLContext:
        """Return the SSL context for the provider: with the authority that the kubeconfig names, or the system's."""
        data, path = self._text("idp-certificate-authority-data"), self._text("idp-certificate-authority")
        try:
            if data:
                return ssl.create_default_context(cadata=base64.b64decode(data).decode("ascii", "ignore"))
            return ssl.create_default_context(cafile=str(self._directory / path) if path else None)
        except (OSError, ValueError) as error:
            raise ConfigError(
                "The certificate authority of the OpenID Connect provider cannot be used",
                "Correct idp-certificate-authority in the kubeconfig.",
            ) from error


def token_expiry(token: str) -> datetime | None:
    """Return the expiry of a JSON web token, None when it has none. Only the server verifies the signature."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)), type=_Claims)
        return None if claims.exp is None else datetime.fromtimestamp(claims.exp, UTC)
    except (binascii.Error, msgspec.DecodeError, OverflowError, ValueError, OSError):
        return None
