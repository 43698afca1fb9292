"""Who we are: the credential each request carries, kept fresh in a session that runs for days.

Owns: tokens, basic auth, client certificates, exec plugins, impersonation. Invariants: a plugin runs once at a time and
not more often than `MIN_INTERVAL`; a credential that still works is kept when renewing it early fails; nothing here is
ever logged or shown. Wall time decides about expiry, monotonic time about the interval; both are injected.

To add a way to authenticate: a class with `current` and `renew`, chosen in `credentials_for`.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

from k9py.kube.exec_plugin import ExecPlugin
from k9py.kube.kubeconfig import Entry, User
from k9py.kube.target import Target, material, read_material
from k9py.kube.tls import ClientCertificate
from k9py.objects.errors import ConfigError
from k9py.objects.text import printable

MIN_INTERVAL: Final = 10.0
"""Seconds between two runs of a plugin: one whose credential is always about to expire must not run per request."""
EARLY: Final = timedelta(seconds=60)
"""A credential is renewed this long before it expires."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What one request carries. Compared by content: after a 401 an unchanged one is not tried again."""

    authorization: str | None = field(default=None, repr=False)
    certificate: ClientCertificate | None = field(default=None, repr=False)
    impersonation: tuple[tuple[str, str], ...] = ()
    expires_at: datetime | None = field(default=None, compare=False)

    def headers(self) -> list[tuple[str, str]]:
        """Return header names and values; a name may come more than once (groups)."""
        given = [] if self.authorization is None else [("Authorization", self.authorization)]
        return [*given, *self.impersonation]


@dataclass(frozen=True, slots=True)
class Times:
    """The clocks, injected: `now` aware UTC, `monotonic` in seconds."""

    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    monotonic: Callable[[], float] = time.monotonic


class Credentials(Protocol):
    """A source of credentials. `description` completes "the credentials of ..." in errors."""

    @property
    def description(self) -> str: ...

    async def current(self) -> Credential:
        """Return the credential to use now, renewed when it is about to expire.

        Raises:
            ConfigError: there is none, and none can be had.
        """
        ...

    async def renew(self, rejected: Credential) -> bool:
        """Get another credential after a 401; tell whether `current` now differs from the rejected one."""
        ...


class StaticCredentials:
    """Token, token file, basic auth, client certificate from the kubeconfig; files are read again when they change."""

    def __init__(self, user: Entry[User]) -> None:
        self._user = user
        self._signature: tuple[object, ...] | None = None
        self._credential = Credential()

    @property
    def description(self) -> str:
        user = self._user.value
        match user:
            case User(token_file=str(path)) if path:
                return f"the token in {printable(path)}"
            case User(token=str(token)) if token:
                return "the kubeconfig's token"
            case User(username=str(name)) if name:
                return f"the name {printable(name)} and its password"
            case User(client_certificate=str()) | User(client_certificate_data=str()):
                return "the kubeconfig's client certificate"
        return "no credentials at all"

    async def current(self) -> Credential:
        return self.read()

    async def renew(self, rejected: Credential) -> bool:
        self._signature = None
        return self.read() != rejected

    def read(self) -> Credential:
        """Return the credential, reading the files again if one has changed (one `stat` each)."""
        signature = tuple(_signature(path) for path in self._files())
        if signature != self._signature:
            self._credential = self._read()
            self._signature = signature
        return self._credential

    def _files(self) -> list[Path]:
        user = self._user.value
        named = (
            user.token_file,
            None if user.client_certificate_data else user.client_certificate,
            None if user.client_key_data else user.client_key,
        )
        return [self._user.path(name) for name in named if name]

    def _read(self) -> Credential:
        user = self._user.value
        return Credential(self._authorization(), _certificate(self._user), _impersonation(user))

    def _authorization(self) -> str | None:
        user = self._user.value
        token = user.token
        if user.token_file:
            path = self._user.path(user.token_file)
            token = read_material(path, "tokenFile").decode("utf-8", "replace").strip()
            if not token:
                raise ConfigError(f"The token file {printable(str(path))} is empty", "Write a token into it.")
        if token:
            return f"Bearer {_header_safe(token)}"
        if user.username:
            pair = f"{user.username}:{user.password or ''}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        return None


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

    async def _fresh(self, credential: Credential | None) -> Credential:
        if credential is not None and not self._expires_within(credential, EARLY):
            return credential
        if self._too_soon():
            if credential is not None:
                return credential
            assert self._failure is not None
            raise self._failure
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
            raise
        base = self._static.read()
        self._credential = Credential(
            fetched.authorization or base.authorization,
            fetched.certificate or base.certificate,
            base.impersonation,
            fetched.expires_at,
        )
        return self._credential

    def _too_soon(self) -> bool:
        return self._times.monotonic() - self._tried_at < MIN_INTERVAL

    def _expires_within(self, credential: Credential, span: timedelta) -> bool:
        return credential.expires_at is not None and credential.expires_at - span <= self._times.now()


def credentials_for(target: Target, environ: Mapping[str, str], times: Times | None = None) -> Credentials:
    """Choose how this user authenticates: a plugin where one is configured, else what the kubeconfig holds.

    Raises:
        ConfigError: an auth-provider that Kubernetes clients no longer have.
    """
    times = times or Times()
    static = StaticCredentials(target.user)
    user = target.user.value
    if user.exec is not None:
        plugin = ExecPlugin(user.exec, target.user.directory, target.endpoint, environ)

        async def from_plugin() -> Credential:
            given = await plugin.run()
            authorization = f"Bearer {_header_safe(given.token)}" if given.token else None
            return Credential(authorization, given.certificate, expires_at=given.expires_at)

        return RenewedCredentials(f"the credential plugin {plugin.name}", from_plugin, static, times)
    if user.auth_provider is not None:
        if user.auth_provider.name != "oidc":
            raise ConfigError(
                f"The auth-provider {printable(user.auth_provider.name)} was removed from Kubernetes clients in 1.26",
                "Create the kubeconfig's entry anew with your cloud's command: it will use an exec plugin.",
            )
        from k9py.kube.oidc import OidcTokens

        tokens = OidcTokens(user.auth_provider, target.user.directory, times.now)

        async def from_provider() -> Credential:
            token, expires_at = await tokens.fetch()
            return Credential(f"Bearer {_header_safe(token)}", expires_at=expires_at)

        return RenewedCredentials("the OpenID Connect provider", from_provider, static, times)
    return static


def _certificate(user: Entry[User]) -> ClientCertificate | None:
    value = user.value
    certificate = material(user, value.client_certificate_data, value.client_certificate, "client-certificate")
    key = material(user, value.client_key_data, value.client_key, "client-key")
    if certificate and key:
        return ClientCertificate(certificate, key)
    if certificate or key:
        missing = "client-key" if certificate else "client-certificate"
        raise ConfigError(f"The kubeconfig's user has no {missing}", f"Add {missing} or {missing}-data to the user.")
    return None


def _impersonation(user: User) -> tuple[tuple[str, str], ...]:
    if not user.impersonate:
        return ()
    given = [("Impersonate-User", user.impersonate)]
    if user.impersonate_uid:
        given.append(("Impersonate-Uid", user.impersonate_uid))
    given += [("Impersonate-Group", group) for group in user.impersonate_groups or ()]
    for name, values in (user.impersonate_extra or {}).items():
        given += [(f"Impersonate-Extra-{quote(name, safe='')}", value) for value in values]
    return tuple((name, _header_safe(value)) for name, value in given)


def _header_safe(text: str) -> str:
    """Refuse what would break the header apart: a token with a line end in it comes from a damaged file."""
    if any(not " " <= character < "\x7f" for character in text):
        raise ConfigError(
            "The token contains characters that cannot be sent in a header",
            "Get a new token: this one was damaged when it was copied.",
        )
    return text


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
