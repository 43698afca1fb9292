"""Turns failures below HTTP, and redirects that are not followed, into a `KdashError`.

Owns: which `ConnectionFailedError` an exception of aiohttp, ssl or the socket becomes, with its message and hint. What
an HTTP status code becomes is in `status_errors`.
Redirects: a write is never redirected, and nothing is sent to another scheme, host or port, because a redirect would
take the credentials, or what is written, to a server that the kubeconfig does not name.
To add a case: a `case` in `_connection_error`, before the more general ones.
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
from k9py.api.text import bounded
from k9py.kube.foreign_response import not_http_error
from k9py.kube.request import RequestInfo

TRANSPORT_EXCEPTIONS = (aiohttp.ClientError, OSError)
"""What a request or a stream can raise; TimeoutError and ssl.SSLError are OSErrors."""
REDIRECT_CODES: Final = frozenset({301, 302, 303, 307, 308})
_BAD_STATUS_LINE: Final = re.compile(r"Bad status line.*?(b(?:'.*'|\".*\"))", re.DOTALL)
"""aiohttp's message for a response that does not begin as HTTP does; it quotes the bytes."""
_CHECK_PROXY: Final = "Check proxy-url of the cluster, or HTTPS_PROXY and NO_PROXY"


class SocksError(OSError):
    """A SOCKS proxy did not open a connection to the server.

    Args:
        reason: completes "The SOCKS proxy cannot connect to ...: ".
        is_proxy: the proxy itself cannot be reached.
    """

    def __init__(self, reason: str, *, is_proxy: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_proxy = is_proxy


@contextmanager
def translate_errors(server: str, *, idle_timeout: float | None = None, is_retried: bool = True) -> Iterator[None]:
    """Translate what the transport raises inside the block.

    Args:
        server: the server's URL.
        idle_timeout: seconds of silence allowed on the stream; the message quotes it.
        is_retried: the caller retries the request automatically; a write never is.

    Raises:
        ConnectionFailedError: in place of the exception.
    """
    try:
        yield
    except TRANSPORT_EXCEPTIONS as error:
        raise error_from_exception(error, server, idle_timeout=idle_timeout, is_retried=is_retried) from error
    except RuntimeError as error:  # aiohttp raises this for a read just after the socket was closed
        if "closed" not in str(error):
            raise
        raise _disconnected(bounded(server, 200), is_retried=is_retried) from error


def error_from_exception(
    error: BaseException, server: str, *, idle_timeout: float | None = None, is_retried: bool = True
) -> ConnectionFailedError:
    """Return the error for one of `TRANSPORT_EXCEPTIONS`.

    Args:
        server, idle_timeout, is_retried: as for `translate_errors`.
    """
    translated = _connection_error(error, server, idle_timeout, is_retried)
    translated.was_sent = not isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    return translated


def truncated_stream_error(server: str) -> ConnectionFailedError:
    """Return the error for a stream that ended inside a line."""
    return _disconnected(bounded(server, 200))


def idle_stream_error(server: str, seconds: float) -> UnresponsiveError:
    """Return the error for a stream on which nothing arrived for that long."""
    return with_retry_note(
        UnresponsiveError(
            f"The server {bounded(server, 200)} was silent for {seconds:g} s", "Check server and network."
        )
    )


def no_response_error(server: str, seconds: float | None) -> UnresponsiveError:
    """Return the error for a request that was sent and got no response."""
    within = f"within {seconds:g} s" if seconds else "in time"
    return UnresponsiveError(
        f"The server {bounded(server, 200)} did not answer {within}", "Check the network; the server may be overloaded."
    )


def redirect_error(server: str, code: int, location: str, info: RequestInfo) -> ConnectionFailedError:
    """Return the error for a redirect that is not followed.

    Args:
        location: as the header has it, "" when it is missing or no URL.
    """
    shown = bounded(server, 200)
    if not location:
        return ConnectionFailedError(
            f"The server {shown} answered {code}, a redirect without a location",
            "Another program, or a proxy, may answer at this address: check the cluster's server.",
        )
    destination = bounded(location, 200)
    if info.is_write:
        return ConnectionFailedError(
            f"The server {shown} redirects the write to {destination}: kdash sends a write nowhere else",
            "If that is the cluster, set its address as the cluster's server in the kubeconfig.",
        )
    return ConnectionFailedError(
        f"The server {shown} redirects to {destination}: kdash does not send your credentials to another server",
        "A sign-in page may be in front of it. If that is the cluster, set its address as the cluster's server.",
    )


def redirect_loop_error(server: str, count: int, last: str) -> ConnectionFailedError:
    """Return the error for redirects that only lead to further redirects."""
    return ConnectionFailedError(
        f"The server {bounded(server, 200)} redirects in a loop: {count} times, last to {bounded(last, 200)}",
        "A proxy in front of the API server is misconfigured: check the cluster's server in the kubeconfig.",
    )


def _connection_error(
    error: BaseException, server: str, idle_timeout: float | None, is_retried: bool
) -> ConnectionFailedError:
    shown = bounded(server, 200)
    host = bounded(urlsplit(server).hostname or server, 200)
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return _untrusted(error.certificate_error, server)
        case aiohttp.ClientProxyConnectionError():
            return ConnectionFailedError(
                f"The proxy for {shown} cannot be reached: {_reason(error.os_error)}", f"{_CHECK_PROXY}."
            )
        case aiohttp.ClientHttpProxyError():
            return ConnectionFailedError(
                f"The proxy refuses to connect to {shown}: {error.status} {bounded(error.message, 200)}",
                "Check proxy-url of the cluster or HTTPS_PROXY (password too), or exclude the server with NO_PROXY.",
            )
        case aiohttp.ClientConnectorDNSError():
            return _unresolved(host)
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, SocksError):
            return _socks_failed(error.os_error, shown)
        case aiohttp.ClientConnectorError() if isinstance(error.os_error, socket.gaierror):
            return _unresolved(host)
        case aiohttp.ClientConnectorSSLError():
            return _tls_failed(error.os_error, shown)
        case aiohttp.ClientConnectorError():
            return _unreachable(error.os_error, shown)
        case ssl.SSLCertVerificationError():
            return _untrusted(error, server)
        case ssl.SSLError():
            return _tls_failed(error, shown)
        case aiohttp.ClientOSError() if isinstance(error.__cause__, ssl.SSLError):
            return _tls_failed(error.__cause__, shown)
        case aiohttp.SocketTimeoutError():
            duration = f" for {idle_timeout:g} s" if idle_timeout else ""
            idle = UnresponsiveError(f"The server {shown} was silent{duration}", "Check server and network.")
            return with_retry_note(idle) if is_retried else idle
        case aiohttp.ConnectionTimeoutError():
            return ConnectionFailedError(
                f"The server {shown} did not accept a connection in time",
                "Check the network: a VPN that is down, a firewall, a server that is off.",
            )
        case TimeoutError():
            return no_response_error(server, None)
        case aiohttp.ClientPayloadError() | aiohttp.ServerDisconnectedError():
            return _disconnected(shown, is_retried=is_retried)
        case aiohttp.InvalidURL():
            return ConnectionFailedError(f"{shown} is not a URL", "Correct the cluster's server in the kubeconfig.")
        case aiohttp.ClientResponseError() if (bad_line := _BAD_STATUS_LINE.search(error.message)) is not None:
            return not_http_error(server, _quoted_bytes(bad_line[1]))
        case aiohttp.ClientResponseError():
            return ConnectionFailedError(
                f"The server {shown} does not speak HTTP as an API server does: {bounded(error.message, 200)}",
                "Check host, port and http:// or https:// of the cluster's server in the kubeconfig.",
            )
        case OSError():
            return _unreachable(error, shown, is_retried=is_retried)
    return _disconnected(shown, is_retried=is_retried)


def _quoted_bytes(literal: str) -> bytes:
    """Return the bytes that aiohttp quotes as a Python literal."""
    try:
        value = ast.literal_eval(literal)
    except (ValueError, SyntaxError):
        return literal.encode()
    return value if isinstance(value, bytes) else b""


def _socks_failed(error: SocksError, shown: str) -> ConnectionFailedError:
    reason = bounded(error.reason, 200)
    if error.is_proxy:
        return ConnectionFailedError(
            f"The SOCKS proxy for {shown} cannot be reached: {reason}",
            f"{_CHECK_PROXY}. Is the tunnel (ssh -D) up?",
        )
    return ConnectionFailedError(
        f"The SOCKS proxy cannot connect to {shown}: {reason}",
        f"{_CHECK_PROXY}, and whether the proxy reaches the server.",
    )


def _disconnected(shown: str, *, is_retried: bool = True) -> ConnectionFailedError:
    hint = "Check server and network."
    if shown.startswith("http://"):  # many TLS servers close a connection that is not TLS
        hint += " Does the server require https:// in the kubeconfig?"
    error = ConnectionFailedError(f"The connection to {shown} was cut off", hint)
    return with_retry_note(error) if is_retried else error


def _unresolved(host: str) -> ConnectionFailedError:
    return ConnectionFailedError(
        f"The name {host} cannot be resolved",
        "Check the cluster's server in the kubeconfig, the VPN, and DNS on this machine.",
    )


def _untrusted(error: BaseException, server: str) -> ConnectionFailedError:
    """Return the error for a server certificate that fails verification; codes are OpenSSL's X509_V_ERR_*."""
    shown = bounded(server, 200)
    if not isinstance(error, ssl.SSLCertVerificationError):
        return ConnectionFailedError(
            f"The certificate of {shown} cannot be trusted: {bounded(str(error), 200)}",
            "Set certificate-authority(-data) and tls-server-name of the cluster.",
        )
    reason = bounded(getattr(error, "verify_message", "") or str(error), 200)
    match getattr(error, "verify_code", None):
        case 10:
            return ConnectionFailedError(
                f"The certificate of {shown} has expired",
                "Renew the API server's certificate; check the clock of this machine.",
            )
        case 9:
            return ConnectionFailedError(
                f"The certificate of {shown} is not valid yet", "Check the clock of this machine and of the server."
            )
        case 62 | 64:
            return ConnectionFailedError(
                f"The certificate of {shown} is for another name: {reason}",
                "Use a name from the certificate as the cluster's server, or set tls-server-name in the kubeconfig.",
            )
    return ConnectionFailedError(
        f"The certificate of {shown} is signed by an unknown authority: {reason}",
        "Set certificate-authority(-data) of the cluster to the CA that signed it. Is the kubeconfig outdated?",
    )


def _tls_failed(error: BaseException, shown: str) -> ConnectionFailedError:
    reason = str(getattr(error, "reason", None) or error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _untrusted(error, shown)
    if reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"):
        return ConnectionFailedError(
            f"The server {shown} does not speak TLS", "Is it http:// rather than https://, or another port?"
        )
    text = bounded(reason.replace("_", " ").lower(), 200)
    if "ALERT" in reason:
        return ConnectionFailedError(
            f"The server {shown} refused the TLS connection: {text}",
            "Your client certificate may have expired, or be for another cluster: get a new kubeconfig.",
        )
    return ConnectionFailedError(
        f"No TLS connection to {shown}: {text}",
        "Check the cluster's server, certificate-authority and tls-server-name in the kubeconfig.",
    )


def _unreachable(error: BaseException, shown: str, *, is_retried: bool = True) -> ConnectionFailedError:
    match getattr(error, "errno", None):
        case errno.ECONNREFUSED:
            return _refused(shown)
        case errno.ECONNRESET | errno.EPIPE | errno.ECONNABORTED:
            return _disconnected(shown, is_retried=is_retried)
        case errno.ETIMEDOUT:
            return ConnectionFailedError(
                f"The server {shown} did not answer in time", "Check the network: a VPN that is down, a firewall."
            )
    # aiohttp tries every address of a name, and folds several refusals into one exception without errno
    if "Connect call failed" in str(error) and "refused" in str(error).lower():
        return _refused(shown)
    return ConnectionFailedError(
        f"The server {shown} cannot be reached: {_reason(error)}", "Check the network and the VPN."
    )


def _refused(shown: str) -> ConnectionFailedError:
    return ConnectionFailedError(
        f"The server {shown} refused the connection",
        "Is the cluster running, and is this its address? No cluster? Try `kdash --demo`.",
    )


def _reason(error: BaseException) -> str:
    return bounded(getattr(error, "strerror", None) or str(error) or type(error).__name__, 200)
