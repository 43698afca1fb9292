"""What a person is told of a redirect that is not followed.

A write is never redirected, and nothing is sent to another scheme, host or port: a redirect would take the credentials,
or what is written, to a server nobody named.
"""

from __future__ import annotations

from typing import Final

from k9py.api.errors import ConnectionFailedError
from k9py.kube.errors import RequestInfo, bounded

REDIRECT_CODES: Final = frozenset({301, 302, 303, 307, 308})


def redirect_error(server: str, code: int, location: str, asked: RequestInfo) -> ConnectionFailedError:
    """Return the error for a redirect that is not followed.

    Args:
        location: as the header has it, "" when it names no place.
    """
    shown = bounded(server, 200)
    if not location:
        return ConnectionFailedError(
            f"The server {shown} answered {code}, a redirect that names no place to go to",
            "Another program, or a proxy, may stand at this address: check the cluster's server.",
        )
    where = bounded(location, 200)
    if asked.is_write:
        return ConnectionFailedError(
            f"The server {shown} redirects the write to {where}: a write is not sent anywhere else",
            "If that is the cluster, set its address as the cluster's server in the kubeconfig.",
        )
    return ConnectionFailedError(
        f"The server {shown} redirects to {where}: your credentials are not sent to another server",
        "A sign-in page may stand before it; if that is the cluster, set its address as the cluster's server.",
    )


def redirect_loop_error(server: str, times: int, last: str) -> ConnectionFailedError:
    """Return the error for redirects that lead to redirects."""
    return ConnectionFailedError(
        f"The server {bounded(server, 200)} redirects without end: {times} times, last to {bounded(last, 200)}",
        "A proxy before the API server is set up wrongly: check the cluster's server in the kubeconfig.",
    )
