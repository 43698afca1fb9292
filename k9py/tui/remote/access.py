"""Which session a command in a container may use."""

from __future__ import annotations

from k9py.api.errors import RefusedError
from k9py.tui.context import AppContext
from k9py.tui.session import Connected


def connected_for(context: AppContext, what: str) -> Connected:
    """Return the session to access a container with.

    Args:
        what: would be done, for the message of a refusal: "debugging of Pod shop/cart".

    Raises:
        RefusedError: there is no cluster, or the session is read-only.
    """
    connected = context.connected
    if connected is None:
        raise RefusedError("there is no cluster")
    connected.writer.accesses.refuse(what)
    return connected
