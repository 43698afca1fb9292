"""What a request carries to say who sends it, and where that comes from.

Owns: the value and the Protocol; `static_credentials` and `credentials` hold the sources.
Invariant: nothing secret is in a `repr`, a log or an error.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from k9py.api.errors import ConfigError
from k9py.kube.tls import ClientCertificate


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
    """A source of credentials."""

    @property
    def description(self) -> str:
        """What is sent, to complete "The API server does not accept ..."; "" when nothing is sent."""
        ...

    @property
    def missing_reason(self) -> str:
        """Why nothing is sent, to complete "The API server asks who you are, and ..."; "" when something is."""
        ...

    async def current(self) -> Credential:
        """Return the credential to use now, renewed when it is about to expire.

        Raises:
            ConfigError: there is none, and none can be had.
        """
        ...

    async def renew(self, rejected: Credential) -> bool:
        """Get another credential after a 401; tell whether `current` now differs from the rejected one."""
        ...

    def clear_failure(self) -> None:
        """Try again with the next request, however lately it failed or was cancelled: the person wants it."""
        ...


def header_safe(text: str, what: str = "token") -> str:
    """Return the text; refuse what would break the header apart (a token with a line end was damaged when copied)."""
    if any((character < " " and character != "\t") or character == "\x7f" for character in text):
        hint = "Get a new token: this one was damaged when it was copied."
        raise ConfigError(
            f"The {what} contains characters that cannot be sent in a header",
            hint if what == "token" else f"Correct {what} in the kubeconfig.",
        )
    return text
