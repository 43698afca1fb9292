"""Credentials that stand in the kubeconfig, or in files it names.

Owns: token, token file, basic auth, client certificate, impersonation; noticing that a file was rotated.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote

from k9py.api.errors import ConfigError
from k9py.api.text import printable
from k9py.kube.credential import Credential, header_safe
from k9py.kube.kubeconfig import Entry
from k9py.kube.kubeconfig_schema import User
from k9py.kube.target import read_certificate_data, read_credential_file
from k9py.kube.tls import ClientCertificate

_HEADER_NAME: Final = "!#$&'*+-.^_`|~"
"""What may stand in a header's name as it is, beside letters and digits."""


class StaticCredentials:
    """Token, token file, basic auth, client certificate from the kubeconfig; files are read again when they change.

    Args:
        reload: reads the user anew after a 401: signing in again may have written a new token into the kubeconfig.
        withheld: why no secret is sent, "" to send them.
    """

    def __init__(
        self, user: Entry[User], reload: Callable[[], Entry[User]] | None = None, *, withheld: str = ""
    ) -> None:
        self._user = user
        self._reload = reload
        self._withheld = withheld
        self._signature: tuple[object, ...] | None = None
        self._credential = Credential()

    @property
    def description(self) -> str:
        user = self._user.value
        if self._withheld:
            return ""
        match user:
            case User(token_file=str(path)) if path:
                return f"the token in {printable(path)}"
            case User(token=str(token)) if token:
                return "the kubeconfig's token"
            case User(username=str(name)) if name:
                return f"the name {printable(name)} and its password"
            case User(client_certificate=str(given)) | User(client_certificate_data=str(given)) if given:
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
            except ConfigError:  # the kubeconfig is being written, or gone: what we have is all there is
                pass
        self._signature = None
        return self.read() != rejected

    def clear_failure(self) -> None:
        """Files are read again anyway."""

    def read(self) -> Credential:
        """Return the credential, reading the files again if one has changed (one `stat` each).

        While a file is missing (it is being replaced) the last credential is used.
        """
        signature = tuple(_signature(path) for path in self._files())
        if signature != self._signature:
            try:
                self._credential = self._read()
            except ConfigError:
                if self._signature is None:
                    raise
                return self._credential
            self._signature = signature
        return self._credential

    def _files(self) -> list[Path]:
        user = self._user.value
        if self._withheld:
            return []
        named = (
            user.token_file,
            None if user.client_certificate_data else user.client_certificate,
            None if user.client_key_data else user.client_key,
        )
        return [self._user.path(name) for name in named if name]

    def _read(self) -> Credential:
        impersonation = _impersonation(self._user.value)
        if self._withheld:
            return Credential(impersonation=impersonation)
        return Credential(self._authorization(), _certificate(self._user), impersonation)

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
        """Return the file's token; "" when it has none and the kubeconfig has a token beside it, as kubectl does."""
        path = self._user.path(name)
        spare = bool(self._user.value.token)
        try:
            token = read_credential_file(path, "tokenFile").decode("utf-8", "replace").strip()
        except ConfigError:
            if not spare:
                raise
            return ""
        if not token and not spare:
            raise ConfigError(f"The token file {printable(str(path))} is empty", "Write a token into it.")
        return token


def _certificate(user: Entry[User]) -> ClientCertificate | None:
    value = user.value
    certificate = read_certificate_data(
        user, value.client_certificate_data, value.client_certificate, "client-certificate"
    )
    if not certificate:
        return None  # a key alone is not used, as by kubectl
    key = read_certificate_data(user, value.client_key_data, value.client_key, "client-key")
    if not key:
        raise ConfigError("The kubeconfig's user has no client-key", "Add client-key or client-key-data to the user.")
    return ClientCertificate(certificate, key)


def _impersonation(user: User) -> tuple[tuple[str, str], ...]:
    if not user.impersonate:
        return ()
    given = [("Impersonate-User", user.impersonate)]
    if user.impersonate_uid:
        given.append(("Impersonate-Uid", user.impersonate_uid))
    given += [("Impersonate-Group", group) for group in user.impersonate_groups or ()]
    for name, values in (user.impersonate_extra or {}).items():
        given += [(f"Impersonate-Extra-{quote(name, safe=_HEADER_NAME)}", value) for value in values]
    return tuple((name, header_safe(value, "value of `as` or as-...")) for name, value in given)


def _signature(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
