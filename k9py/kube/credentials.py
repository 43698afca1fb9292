"""Credentials: what a request carries to show who sends it, from the kubeconfig or from a source that renews it.

Owns: the value `Credential`, the Protocol `Credentials`, and its two implementations. `StaticCredentials` reads what is
in the kubeconfig or in files that it names, and notices when a file is rotated. `RenewedCredentials` gets credentials
that expire from an exec plugin or an identity provider, and renews them in a session that runs for days.
`authentication` chooses between the two.

Invariants: nothing secret is in a `repr`, a log or an error. A plugin or provider runs once at a time and not more
often than `MIN_INTERVAL`; a credential that still works is kept when an early renewal fails. The wall clock decides
about expiry, the monotonic clock about the interval.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

from k9py.api.errors import ConfigError
from k9py.api.text import printable
from k9py.kube.kubeconfig import KubeconfigEntry
from k9py.kube.kubeconfig_schema import KubeconfigUser
from k9py.kube.sign_in import SignInCancelledError
from k9py.kube.target import read_certificate_data, read_credential_file
from k9py.kube.tls import ClientCertificate
from k9py.runtime.clock import Clock

MIN_INTERVAL: Final = 10.0
"""Seconds between two runs of a plugin, so that one whose credential always expires soon does not run per request."""
CANCELLED_INTERVAL: Final = 600.0
"""Seconds before a plugin runs again after the user has cancelled it: no new code or browser window every few seconds.
"""
RENEW_BEFORE_EXPIRY: Final = timedelta(seconds=60)
_HEADER_NAME_CHARACTERS: Final = "!#$&'*+-.^_`|~"
"""What a header name may contain unescaped, besides letters and digits."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What one request carries. Compared by content: after a 401 an unchanged one is not tried again."""

    authorization: str | None = field(default=None, repr=False)
    certificate: ClientCertificate | None = field(default=None, repr=False)
    impersonation: tuple[tuple[str, str], ...] = ()
    expires_at: datetime | None = field(default=None, compare=False)

    def headers(self) -> list[tuple[str, str]]:
        """Return header names and values; a name may occur more than once (groups)."""
        authorization = [] if self.authorization is None else [("Authorization", self.authorization)]
        return [*authorization, *self.impersonation]


class Credentials(Protocol):
    """A source of credentials."""

    @property
    def description(self) -> str:
        """What is sent, to complete "The API server does not accept ..."; "" when nothing is sent."""
        ...

    @property
    def missing_reason(self) -> str:
        """Why nothing is sent, to complete "The API server requires authentication, and ..."; "" when something is."""
        ...

    async def current(self) -> Credential:
        """Return the credential to use now, renewed when it is about to expire.

        Raises:
            ConfigError: there is none, and none can be obtained.
        """
        ...

    async def renew(self, rejected: Credential) -> bool:
        """Get another credential after a 401; return whether `current` now differs from the rejected one."""
        ...

    def clear_failure(self) -> None:
        """Let the next request try again without waiting, even after a failure or a cancelled sign-in."""
        ...


class StaticCredentials:
    """Token, token file, basic authentication and client certificate, as the kubeconfig has them.

    Args:
        user: the kubeconfig's user.
        reload: reads the user again after a 401, because signing in may have written a new token into the kubeconfig.
        withheld: why no secret is sent, "" to send them.
    """

    def __init__(
        self,
        user: KubeconfigEntry[KubeconfigUser],
        reload: Callable[[], KubeconfigEntry[KubeconfigUser]] | None = None,
        *,
        withheld: str = "",
    ) -> None:
        self._user = user
        self._reload = reload
        self._withheld = withheld
        self._file_versions: tuple[object, ...] | None = None
        self._credential = Credential()

    @property
    def description(self) -> str:
        user = self._user.value
        if self._withheld:
            return ""
        match user:
            case KubeconfigUser(token_file=str(path)) if path:
                return f"the token in {printable(path)}"
            case KubeconfigUser(token=str(token)) if token:
                return "the kubeconfig's token"
            case KubeconfigUser(username=str(name)) if name:
                return f"the name {printable(name)} and its password"
            case (
                KubeconfigUser(client_certificate=str(certificate))
                | KubeconfigUser(client_certificate_data=str(certificate))
            ) if certificate:
                return "the kubeconfig's client certificate"
        return ""

    @property
    def missing_reason(self) -> str:
        return self._withheld or ("" if self.description else "the kubeconfig's user has no credentials")

    async def current(self) -> Credential:
        return self.read()

    async def renew(self, rejected: Credential) -> bool:
        if self._reload is not None:
            try:
                self._user = await asyncio.to_thread(self._reload)
            except ConfigError:  # the kubeconfig is being written, or was removed: keep what was read before
                pass
        self._file_versions = None
        return self.read() != rejected

    def clear_failure(self) -> None:
        """Do nothing: files are read again in any case."""

    def read(self) -> Credential:
        """Return the credential; read the files again when one has changed (one `stat` each).

        The last credential is returned while a file is missing, because it is being replaced.
        """
        versions = tuple(_file_version(path) for path in self._files())
        if versions != self._file_versions:
            try:
                self._credential = self._read()
            except ConfigError:
                if self._file_versions is None:
                    raise
                return self._credential
            self._file_versions = versions
        return self._credential

    def _files(self) -> list[Path]:
        user = self._user.value
        if self._withheld:
            return []
        names = (
            user.token_file,
            None if user.client_certificate_data else user.client_certificate,
            None if user.client_key_data else user.client_key,
        )
        return [self._user.resolve_path(name) for name in names if name]

    def _read(self) -> Credential:
        impersonation = _impersonation_headers(self._user.value)
        if self._withheld:
            return Credential(impersonation=impersonation)
        return Credential(self._authorization(), _client_certificate(self._user), impersonation)

    def _authorization(self) -> str | None:
        user = self._user.value
        token = user.token
        if user.token_file:
            token = self._token_from_file(user.token_file) or token
        if token:
            return f"Bearer {header_safe(token)}"
        if user.username:
            pair = f"{user.username}:{user.password or ''}".encode()
            return f"Basic {base64.b64encode(pair).decode()}"
        return None

    def _token_from_file(self, name: str) -> str:
        """Return the file's token; "" when there is none but the kubeconfig also has a token, as kubectl does."""
        path = self._user.resolve_path(name)
        has_fallback = bool(self._user.value.token)
        try:
            token = read_credential_file(path, "tokenFile").decode("utf-8", "replace").strip()
        except ConfigError:
            if not has_fallback:
                raise
            return ""
        if not token and not has_fallback:
            raise ConfigError(f"The token file {printable(str(path))} is empty", "Write a token into it.")
        return token


class RenewedCredentials:
    """Credentials that expire, from an exec plugin or an identity provider.

    Args:
        description: names the source; see `Credentials.description`.
        fetch: gets a new credential.
        static: provides the certificate and the impersonation where the fetched credential has none.
    """

    def __init__(
        self, description: str, fetch: Callable[[], Awaitable[Credential]], static: StaticCredentials, clock: Clock
    ) -> None:
        self.description = description
        self._fetch = fetch
        self._static = static
        self._clock = clock
        self._lock = asyncio.Lock()
        self._credential: Credential | None = None
        self._last_attempt = float("-inf")
        self._failure: ConfigError | None = None

    @property
    def missing_reason(self) -> str:
        return ""

    async def current(self) -> Credential:
        credential = self._credential
        if credential is not None and not self._expires_within(credential, RENEW_BEFORE_EXPIRY):
            return credential
        async with self._lock:
            return await self._fresh(self._credential)

    async def renew(self, rejected: Credential) -> bool:
        async with self._lock:
            if self._credential is not None and self._credential != rejected:
                return True  # another request has renewed it meanwhile
            if self._is_too_soon():
                return False
            return await self._fetch_now() != rejected

    def clear_failure(self) -> None:
        if self._failure is not None:
            self._failure, self._last_attempt = None, float("-inf")

    async def _fresh(self, credential: Credential | None) -> Credential:
        if credential is not None and not self._expires_within(credential, RENEW_BEFORE_EXPIRY):
            return credential
        if self._is_too_soon():
            if credential is not None:
                return credential
            if self._failure is not None:
                raise type(self._failure)(self._failure.message, self._failure.hint)
        try:
            return await self._fetch_now()
        except ConfigError:
            if credential is None or self._expires_within(credential, timedelta()):
                raise
            return credential

    async def _fetch_now(self) -> Credential:
        self._last_attempt = self._clock.monotonic()
        try:
            fetched = await self._fetch()
        except ConfigError as error:
            self._failure = error
            if isinstance(error, SignInCancelledError):
                self._last_attempt = self._clock.monotonic()
            raise
        self._failure = None
        static = self._static.read()
        self._credential = Credential(
            fetched.authorization or static.authorization,
            fetched.certificate or static.certificate,
            static.impersonation,
            fetched.expires_at,
        )
        return self._credential

    def _is_too_soon(self) -> bool:
        interval = CANCELLED_INTERVAL if isinstance(self._failure, SignInCancelledError) else MIN_INTERVAL
        return self._clock.monotonic() - self._last_attempt < interval

    def _expires_within(self, credential: Credential, span: timedelta) -> bool:
        return credential.expires_at is not None and credential.expires_at <= self._clock.now() + span


def header_safe(text: str, name: str = "token") -> str:
    """Return the text unchanged.

    Args:
        name: what the text is, for the error.

    Raises:
        ConfigError: it would break the header apart, as a token that was copied with a line end.
    """
    if any((character < " " and character != "\t") or character == "\x7f" for character in text):
        hint = "Get a new token: this one was damaged when it was copied."
        raise ConfigError(
            f"The {name} contains characters that cannot be sent in a header",
            hint if name == "token" else f"Correct {name} in the kubeconfig.",
        )
    return text


def _client_certificate(user: KubeconfigEntry[KubeconfigUser]) -> ClientCertificate | None:
    value = user.value
    certificate = read_certificate_data(
        user, value.client_certificate_data, value.client_certificate, "client-certificate"
    )
    if not certificate:
        return None  # a key without a certificate is ignored, as by kubectl
    key = read_certificate_data(user, value.client_key_data, value.client_key, "client-key")
    if not key:
        raise ConfigError("The kubeconfig's user has no client-key", "Add client-key or client-key-data to the user.")
    return ClientCertificate(certificate, key)


def _impersonation_headers(user: KubeconfigUser) -> tuple[tuple[str, str], ...]:
    if not user.impersonate:
        return ()
    headers = [("Impersonate-User", user.impersonate)]
    if user.impersonate_uid:
        headers.append(("Impersonate-Uid", user.impersonate_uid))
    headers += [("Impersonate-Group", group) for group in user.impersonate_groups or ()]
    for key, values in (user.impersonate_extra or {}).items():
        headers += [(f"Impersonate-Extra-{quote(key, safe=_HEADER_NAME_CHARACTERS)}", value) for value in values]
    return tuple((name, header_safe(value, "value of `as` or as-...")) for name, value in headers)


def _file_version(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when a file is replaced or written; None when it is missing."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
