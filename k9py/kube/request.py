"""One request to an API server: what it asks for in RBAC's terms, how it is sent, and how long it may take.

Owns: `RequestInfo` (the wording of "who may not do what"), `ApiRequest`, and every timeout of a request.
To add a timeout: a constant here, named after what waits for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import ClientTimeout

from k9py.api.text import printable

_CONNECT_SECONDS: Final = 15.0
"""Seconds until a connection is established, including the wait for a free one in the pool."""
REQUEST_TIMEOUT: Final = ClientTimeout(total=60, connect=_CONNECT_SECONDS, sock_connect=10)
LIST_TIMEOUT: Final = ClientTimeout(total=None, connect=_CONNECT_SECONDS, sock_connect=10, sock_read=60)
"""A page may take long to transfer; it may not be silent for a minute."""
PAGE_TIMEOUT: Final = ClientTimeout(total=None, connect=_CONNECT_SECONDS, sock_connect=10, sock_read=20)
"""A page that an informer waits for: API priority and fairness may queue it for 15 s before it begins."""
PROBE_TIMEOUT: Final = ClientTimeout(total=10, connect=10, sock_connect=10)
"""A request with a small response, which only checks that the server is there."""
HEADER_TIMEOUT: Final = 20.0
"""Seconds until a watch's headers arrive, connecting included: servers send them immediately, or after those 15 s."""
STREAMED_LIST_HEADER_TIMEOUT: Final = 5.0
"""The same for a streamed list. It is short because a plain list works where a proxy holds a streamed one back."""


def stream_timeout(idle_seconds: float | None = None) -> ClientTimeout:
    """Return the timeout of a stream that may be silent for that long; None means without limit."""
    return ClientTimeout(total=None, connect=_CONNECT_SECONDS, sock_connect=10, sock_read=idle_seconds)


@dataclass(frozen=True, slots=True)
class RequestInfo:
    """What a request asks for, in RBAC's terms. Error messages quote it.

    Args:
        verb: list, watch, get, patch, delete or create.
        resource: the plural, with "/subresource" where there is one; or a path such as "/version".
        namespace: "" for the whole cluster.
        name: "" for a collection.
    """

    verb: str
    resource: str
    group: str = ""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        if self.resource.startswith("/"):
            return f"{self.verb} {resource}"
        name = f" {printable(self.name)}" if self.name else ""
        scope = f"in the namespace {printable(self.namespace)}" if self.namespace else "across the whole cluster"
        return f"{self.verb} {resource}{name} {scope}"

    @property
    def is_write(self) -> bool:
        """Whether the request changes something on the server."""
        return self.verb not in ("get", "list", "watch")

    @property
    def is_retried(self) -> bool:
        """Whether the caller retries it automatically: lists, watches and logs are, writes and single reads never."""
        return self.verb in ("list", "watch") or self.resource.endswith("/log")

    def can_i_command(self) -> str:
        """Return the kubectl command that asks the server whether this is allowed."""
        if self.resource.startswith("/"):
            return f"kubectl auth can-i {self.verb} {self.resource}"
        resource, _, subresource = self.resource.partition("/")
        parts = ["kubectl auth can-i", self.verb, f"{resource}.{self.group}" if self.group else resource]
        if subresource:
            parts.append(f"--subresource={subresource}")
        parts.append(f"-n {printable(self.namespace)}" if self.namespace else "-A")
        return " ".join(parts)


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One HTTP request.

    Args:
        body: encoded as JSON.
        idle_timeout: seconds of silence the timeout allows on a stream; error messages quote it.
        header_timeout: seconds until the response headers arrive; None means that only `timeout` applies.
    """

    method: str
    path: str
    info: RequestInfo
    query: Sequence[tuple[str, str]] = ()
    body: Mapping[str, Any] | Sequence[Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: ClientTimeout = REQUEST_TIMEOUT
    idle_timeout: float | None = None
    header_timeout: float | None = None

    @property
    def accepts_any_type(self) -> bool:
        """Whether the request asks for something other than JSON, as a log does."""
        return self.headers.get("Accept") == "*/*"
