"""Failures below HTTP: no connection, no name, no trust, no answer. The part of the translation that needs aiohttp.

Owns: which `ConnectionFailedError` an exception of aiohttp, ssl or the socket becomes.
"""

from __future__ import annotations

import ast
import errno
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from k9py.api.errors import ConnectionFailedError, UnresponsiveError, with_retry_note
from k9py.kube.errors import bounded, certificate_words
from k9py.kube.foreign_response import not_http_error

_AGAIN: Final = "It is tried again by itself."
_SENT_INSTEAD: Final = re.compile(r"Bad status line.*?(b(?:'.*'|\".*\"))", re.DOTALL)
"""aiohttp's words for an answer that does not begin as HTTP does, with what came."""
TRANSPORT_EXCEPTIONS = (aiohttp.ClientError, OSError)
"""What a request or a stream can raise; TimeoutError and ssl.SSLError are OSErrors."""


class SocksError(OSError):
    """A SOCKS proxy did not give a connection to the server; `is_proxy` when the proxy itself cannot be reached."""

    def __init__(self, why: str, *, is_proxy: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.is_proxy = is_proxy


@contextmanager
def translate_errors(server: str, *, silent_for: float | None = None, is_repeated: bool = True) -> Iterator[None]:
    """Translate what the transport raises inside the block.

    Args:
        silent_for: seconds of silence allowed on the stream, to say in the message.
        is_repeated: the request is made again by itself; a write never is.
    """
    try:
        yield
    except TRANSPORT_EXCEPTIONS as error:
        raise error_from_exception(error, server, silent_for=silent_for, is_repeated=is_repeated) from error
    except RuntimeError as error:
        if "closed" not in str(error):
            raise
        raise _cut_off(
            bounded(server, 200), is_repeated=is_repeated
        ) from error  # aiohttp's word for reading just after the socket went away


def error_from_exception(
    error: BaseException, server: str, *, silent_for: float | None = None, is_repeated: bool = True
) -> ConnectionFailedError:
    """Return the error a person is told.

    Args:
        error: one of `RAISED`.
        server: the server's URL.
        silent_for, is_repeated: as for `translated`.
    """
    found = _failure(error, server, silent_for, is_repeated)
    found.was_sent = not isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return found


def _failure(error: BaseException, server: str, silent_for: float | None, is_repeated: bool) -> ConnectionFailedError:
    shown = bounded(server, 200)
    host = bounded(urlsplit(server).hostname or server, 200)
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return _untrusted(error.certificate_error, server)
        case aiohttp.ClientProxyConnectionError():
            return ConnectionFailedError(
                f"The proxy before {shown} cannot be reached: {_cause(error.os_error)}",
                "Check proxy-url of the cluster, HTTPS_PROXY and NO_PROXY.",
            )
        case aiohttp.ClientHttpProxyError():
            return ConnectionFailedError(
                f"The proxy refuses to connect us to {shown}: {error.status} {bounded(error.message, 200)}",
                "Check proxy-url of the cluster or HTTPS_PROXY (password too), or except the server with NO_PROXY.",
            )
        case aiohttp.ClientConnectorDNSError():
            return _unresolved(host)
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, SocksError):
            return _by_socks(error.os_error, shown)
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, socket.gaierror):
            return _unresolved(host)
        case aiohttp.ClientConnectorSSLError():
            return _tls(error.os_error, shown)
        case aiohttp.ClientConnectorError():
            return _unreachable(error.os_error, shown)
        case ssl.SSLCertVerificationError():
            return _untrusted(error, server)
        case ssl.SSLError():
            return _tls(error, shown)
        case aiohttp.ClientOSError() if isinstance(error.__cause__, ssl.SSLError):
            return _tls(error.__cause__, shown)
        case aiohttp.SocketTimeoutError():
            waited = f" for {silent_for:g} s" if silent_for else ""
            silence = UnresponsiveError(f"The server {shown} was silent{waited}", "Check server and network.")
            return with_retry_note(silence, _AGAIN) if is_repeated else silence
        case aiohttp.ConnectionTimeoutError():
            return ConnectionFailedError(
                f"The server {shown} did not accept a connection in time",
                "Check the network: a VPN that is down, a firewall, a server that is off.",
            )
        case TimeoutError():
            return UnresponsiveError(
                f"The server {shown} did not answer in time", "Check the network; the server may be overloaded."
            )
        case aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError():
            return _cut_off(shown, is_repeated=is_repeated)
        case aiohttp.InvalidURL():
            return ConnectionFailedError(f"{shown} is not a URL", "Correct the cluster's server in the kubeconfig.")
        case aiohttp.ClientResponseError() if (found := _SENT_INSTEAD.search(error.message)) is not None:
            return not_http_error(server, _bytes(found[1]))
        case aiohttp.ClientResponseError():
            return ConnectionFailedError(
                f"The server {shown} does not speak HTTP as an API server does: {bounded(error.message, 200)}",
                "Check host, port and http:// or https:// of the cluster's server in the kubeconfig.",
            )
        case OSError():
            return _unreachable(error, shown, is_repeated=is_repeated)
    return _cut_off(shown, is_repeated=is_repeated)


def _bytes(literal: str) -> bytes:
    """Return what aiohttp quotes of a line that is no HTTP."""
    try:
        value = ast.literal_eval(literal)
    except (ValueError, SyntaxError):
        return literal.encode()
    return value if isinstance(value, bytes) else b""


def _by_socks(error: SocksError, shown: str) -> ConnectionFailedError:
    if error.is_proxy:
        return ConnectionFailedError(
            f"The SOCKS proxy before {shown} cannot be reached: {bounded(error.why, 200)}",
            "Check proxy-url of the cluster, or HTTPS_PROXY and NO_PROXY. Is the tunnel (ssh -D) up?",
        )
    return ConnectionFailedError(
        f"The SOCKS proxy gives no connection to {shown}: {bounded(error.why, 200)}",
        "Check proxy-url of the cluster, or HTTPS_PROXY and NO_PROXY, and whether the proxy reaches the server.",
    )


def truncated_stream_error(server: str) -> ConnectionFailedError:
    """Return the error for a stream that ended where no stream ends in order."""
    return _cut_off(bounded(server, 200))


def _cut_off(shown: str, *, is_repeated: bool = True) -> ConnectionFailedError:
    hint = "Check server and network."
    if shown.startswith("http://"):  # so end many TLS servers what is not TLS
        hint += " Does the server want https:// in the kubeconfig?"
    error = ConnectionFailedError(f"The connection to {shown} was cut off", hint)
    return with_retry_note(error, _AGAIN) if is_repeated else error


def _unresolved(host: str) -> ConnectionFailedError:
    return ConnectionFailedError(
        f"The name {host} cannot be resolved",
        "Check the cluster's server in the kubeconfig, the VPN, and DNS on this machine.",
    )


def _untrusted(error: BaseException, server: str) -> ConnectionFailedError:
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConnectionFailedError(*certificate_words(error, server))
    return ConnectionFailedError(
        f"The certificate of {bounded(server, 200)} cannot be trusted: {bounded(str(error), 200)}",
        "Set certificate-authority(-data) and tls-server-name of the cluster.",
    )


def _tls(error: BaseException, shown: str) -> ConnectionFailedError:
    reason = str(getattr(error, "reason", None) or error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _untrusted(error, shown)
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"):
        return ConnectionFailedError(
            f"The server {shown} does not speak TLS", "Is it http:// rather than https://, or another port?"
        )
    if "ALERT" in reason:
        return ConnectionFailedError(
            f"The server {shown} refused the TLS connection: {bounded(reason.replace('_', ' ').lower(), 200)}",
            "Your client certificate may have expired or be of another cluster: get a new kubeconfig.",
        )
    return ConnectionFailedError(
        f"No TLS connection to {shown}: {bounded(reason.replace('_', ' ').lower(), 200)}",
        "Check the cluster's server, certificate-authority and tls-server-name in the kubeconfig.",
    )


def _unreachable(error: BaseException, shown: str, *, is_repeated: bool = True) -> ConnectionFailedError:
    match getattr(error, "errno", None):
        case errno.ECONNREFUSED:
            return ConnectionFailedError(
                f"The server {shown} refused the connection",
                "Is the cluster running, and is this its address? No cluster at hand: `kdash --demo`.",
            )
        case errno.ECONNRESET | errno.EPIPE | errno.ECONNABORTED:
            return _cut_off(shown, is_repeated=is_repeated)
        case errno.ETIMEDOUT:
            return ConnectionFailedError(
                f"The server {shown} did not answer in time", "Check the network: a VPN that is down, a firewall."
            )
    # aiohttp tries every address of a name and folds several refusals into one without errno
    if "Connect call failed" in str(error) and "refused" in str(error).lower():
        return _unreachable(ConnectionRefusedError(errno.ECONNREFUSED, ""), shown)
    return ConnectionFailedError(
        f"The server {shown} cannot be reached: {_cause(error)}", "Check the network and the VPN."
    )


def _cause(error: BaseException) -> str:
    return bounded(getattr(error, "strerror", None) or str(error) or type(error).__name__, 200)


def idle_stream_error(server: str, seconds: float) -> UnresponsiveError:
    """Return the error for a stream of which nothing came for so long."""
    error = UnresponsiveError(
        f"The server {bounded(server, 200)} was silent for {seconds:g} s", "Check server and network."
    )
    return with_retry_note(error, _AGAIN)


def no_response_error(server: str, seconds: float | None) -> UnresponsiveError:
    """Return the error for a request that was taken and not answered."""
    within = f"within {seconds:g} s" if seconds else "in time"
    return UnresponsiveError(
        f"The server {bounded(server, 200)} did not answer {within}", "Check the network; the server may be overloaded."
    )
