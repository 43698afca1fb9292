"""Chooses how a user authenticates, and keeps credentials that expire fresh in a session that runs for days.

Owns: when a credential plugin or an identity provider is asked again. Invariants: it is asked once at a time and not
more often than `MIN_INTERVAL`; a credential that still works is kept when renewing it early fails. Wall time decides
about expiry, monotonic time about the interval; both are injected.

To add a way to authenticate: a coroutine that fetches a `Credential`, chosen in `credentials_for`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Final

from k9py.api.errors import ConfigError
from k9py.api.text import printable
from k9py.kube.credential import Credential, Credentials, Times, header_safe
from k9py.kube.exec_plugin import ExecPlugin, SignInCancelledError
from k9py.kube.kubeconfig import Entry
from k9py.kube.kubeconfig_schema import User
from k9py.kube.oidc import OidcTokens
from k9py.kube.sign_in import SignInListener
from k9py.kube.static_credentials import StaticCredentials
from k9py.kube.target import ConnectionTarget
from k9py.kube.validation import has_header, has_own_credentials

MIN_INTERVAL: Final = 10.0
"""Seconds between two runs of a plugin: one whose credential is always about to expire must not run per request."""
AFTER_CANCEL: Final = 600.0
"""Seconds a plugin is left alone after a person has cancelled it: no new code or browser window every few seconds."""
EARLY: Final = timedelta(seconds=60)
"""A credential is renewed this long before it expires."""


class RenewedCredentials:
    """Credentials that come from a call (an exec plugin, an identity provider) and expire.

    Args:
        fetch: gets a new credential; the static part (certificate, impersonation) is filled in where it has none.
    """

    def __init__(
        self, description: str, fetch: Callable[[], Awaitable[Credential]], static: StaticCredentials, times: Times
    ) -> None:
        self.description = description
        self._fetch = fetch
        self._static = static
        self._times = times
        self._lock = asyncio.Lock()
        self._credential: Credential | None = None
        self._tried_at = float("-inf")
        self._failure: ConfigError | None = None

    @property
    def missing_reason(self) -> str:
        return ""

    async def current(self) -> Credential:
        credential = self._credential
        if credential is not None and not self._expires_within(credential, EARLY):
            return credential
        async with self._lock:
            return await self._fresh(self._credential)

    async def renew(self, rejected: Credential) -> bool:
        async with self._lock:
            if self._credential is not None and self._credential != rejected:
                return True  # another request has renewed it meanwhile
            if self._too_soon():
                return False
            return await self._run() != rejected

    def clear_failure(self) -> None:
        if self._failure is not None:
            self._failure, self._tried_at = None, float("-inf")

    async def _fresh(self, credential: Credential | None) -> Credential:
        if credential is not None and not self._expires_within(credential, EARLY):
            return credential
        if self._too_soon():
            if credential is not None:
                return credential
            if self._failure is not None:
                raise type(self._failure)(self._failure.message, self._failure.hint)
        try:
            return await self._run()
        except ConfigError:
            if credential is None or self._expires_within(credential, timedelta()):
                raise
            return credential

    async def _run(self) -> Credential:
        self._tried_at = self._times.monotonic()
        try:
            fetched = await self._fetch()
        except ConfigError as error:
            self._failure = error
            if isinstance(error, SignInCancelledError):
                self._tried_at = self._times.monotonic()
            raise
        self._failure = None
        base = self._static.read()
        self._credential = Credential(
            fetched.authorization or base.authorization,
            fetched.certificate or base.certificate,
            base.impersonation,
            fetched.expires_at,
        )
        return self._credential

    def _too_soon(self) -> bool:
        interval = AFTER_CANCEL if isinstance(self._failure, SignInCancelledError) else MIN_INTERVAL
        return self._times.monotonic() - self._tried_at < interval

    def _expires_within(self, credential: Credential, span: timedelta) -> bool:
        return credential.expires_at is not None and credential.expires_at <= self._times.now() + span


def credentials_for(
    target: ConnectionTarget,
    environ: Mapping[str, str],
    times: Times | None = None,
    *,
    reload: Callable[[], Entry[User]] | None = None,
    sign_in: SignInListener | None = None,
) -> Credentials:
    """Choose how this user authenticates, as kubectl does.

    What stands in the kubeconfig goes before a plugin or provider it also names; without TLS nothing secret is sent.

    Args:
        reload: reads the user from the kubeconfig again; see `StaticCredentials`.
        sign_in: told what a plugin says.
    """
    times = times or Times()
    user, endpoint = target.user.value, target.endpoint
    static = StaticCredentials(target.user, reload, withheld=_withheld(target))
    if not endpoint.is_tls:
        return static
    if user.exec is not None and not has_own_credentials(user):
        plugin = ExecPlugin(user.exec, target.user.directory, endpoint, environ, sign_in)

        async def from_plugin() -> Credential:
            given = await plugin.run()
            authorization = f"Bearer {header_safe(given.token)}" if given.token else None
            return Credential(authorization, given.certificate, expires_at=given.expires_at)

        return RenewedCredentials(f"the credential plugin {plugin.name}", from_plugin, static, times)
    if user.auth_provider is not None and not has_header(user):
        tokens = OidcTokens(user.auth_provider, target.user.directory, times.now)

        async def from_provider() -> Credential:
            token, expires_at = await tokens.fetch()
            return Credential(f"Bearer {header_safe(token)}", expires_at=expires_at)

        return RenewedCredentials("the OpenID Connect provider", from_provider, static, times)
    return static


def _withheld(target: ConnectionTarget) -> str:
    if not target.endpoint.allows_credentials:
        return "without TLS (http://) kdash sends no credentials"
    if target.undefined_user:
        return f"the kubeconfig does not define the user {printable(target.undefined_user)} that the context names"
    return ""
