"""Requests that are upgraded to a stream: what a handler returns, and the connection that it then gets.

Owns: the values between the handlers of pods/exec, pods/attach and pods/portforward and the HTTP server.
Invariant: a handler refuses a request with a StatusError before it returns a `StreamUpgrade`; what goes wrong later is
reported in the stream. To add a subresource that streams, return a `StreamUpgrade` from `apiserver/dispatch.py`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from k9py.simulator import status_errors
from k9py.simulator.apiserver.request import IncomingRequest

CHANNELS_V5 = "v5.channel.k8s.io"
CHANNELS_V4 = "v4.channel.k8s.io"
CHANNELS = "channel.k8s.io"


class StreamConnection(Protocol):
    """One upgraded connection: messages in both directions."""

    @property
    def protocol(self) -> str:
        """Return the subprotocol that both ends use."""
        ...

    async def receive(self) -> bytes | None:
        """Return the next message; None when the client has closed the connection or is lost."""
        ...

    async def send(self, data: bytes) -> None:
        """Send a message; waits while the connection is full. Raises ConnectionError: the client is lost."""
        ...


@dataclass(frozen=True, slots=True)
class StreamUpgrade:
    """The answer to a request that becomes a stream.

    Args:
        protocols: subprotocols that are served, as `v5.channel.k8s.io`; a client that offers none of them gets a 403.
        run: serves the connection; when it returns, the connection is closed normally (code 1000). Cancelled when the
            client is lost.
    """

    protocols: tuple[str, ...]
    run: Callable[[StreamConnection], Awaitable[None]]


def check_upgrade(request: IncomingRequest) -> None:
    """Refuse a request that does not ask for an upgrade; the last check, as in the real server.

    Raises:
        StatusError: 400.
    """
    if not request.upgrade:
        raise status_errors.bad_request("Upgrade request required")
