"""Describes a response that no Kubernetes API server sent, and where to look for its sender.

Owns: recognizing web pages, other text, empty and damaged bodies that a proxy, a captive portal or another program
sends in the server's place. Invariant: what is quoted of them is printable and short.
To recognize another kind of response: a case in `_body_kind`.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Final

import msgspec

from k9py.api.errors import ConnectionFailedError
from k9py.api.text import bounded, printable

_TITLE: Final = re.compile(rb"<title[^>]*>(.{0,400}?)</title>", re.IGNORECASE | re.DOTALL)
_INSPECTED_BYTES: Final = 4096
_QUOTE_LENGTH: Final = 80
_API_CONTENT_TYPES: Final = ("application/json", "application/octet-stream", "")
_SETTINGS_FRAME: Final = 4
"""The type of an HTTP/2 connection's first frame (RFC 9113, 6.5)."""
_HTTP_SENT_TO_TLS: Final = "plain http request was sent to https port"


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """The part of a response that shows who sent it.

    Args:
        code: the HTTP status code.
        content_type: without parameters, "" when there is none.
        software: the Server header.
        body: its beginning.
    """

    code: int
    content_type: str = ""
    software: str = ""
    body: bytes = b""

    @property
    def is_markup(self) -> bool:
        """Whether it is a web page or XML, which no API server sends."""
        start = self.body[:_INSPECTED_BYTES].lstrip()
        return start.startswith(b"<") or self.content_type in ("text/html", "application/xhtml+xml")

    @property
    def is_foreign(self) -> bool:
        """Whether the content type alone shows that no API server answered a request for JSON."""
        return self.content_type not in _API_CONTENT_TYPES and not self.content_type.endswith("json")


def foreign_response_error(server: str, head: ResponseHead) -> ConnectionFailedError:
    """Return the error for a response that no API server sent."""
    if head.code == 400 and _HTTP_SENT_TO_TLS in head.body[:_INSPECTED_BYTES].decode("utf-8", "replace").lower():
        return https_required_error(server)
    return ConnectionFailedError(
        f"The server at {bounded(server, 200)} answered with {describe_response(head)}, not as the Kubernetes API",
        _hint(head.code),
    )


def https_required_error(server: str) -> ConnectionFailedError:
    """Return the error for http:// to a server that requires TLS."""
    return ConnectionFailedError(
        f"The server {bounded(server, 200)} speaks HTTPS, and the kubeconfig says http://",
        "Change the cluster's server to https:// in the kubeconfig.",
    )


def malformed_body_error(server: str, body: bytes) -> ConnectionFailedError:
    """Return the error for a successful response whose body is not a JSON object."""
    head = ResponseHead(200, body=body)
    if head.is_markup:
        return foreign_response_error(server, head)
    return ConnectionFailedError(
        f"The server at {bounded(server, 200)} did not answer as a Kubernetes API does: {_damage(body)}",
        _hint(head.code),
    )


def not_http_error(server: str, received: bytes) -> ConnectionFailedError:
    """Return the error for a server that does not speak HTTP/1; `received` is what it sent."""
    is_http2 = len(received) >= 9 and received[3] == _SETTINGS_FRAME and received[:1] == b"\0"
    protocol = "only HTTP/2, as gRPC does" if is_http2 else f'another protocol ("{_quoted(received)}")'
    return ConnectionFailedError(
        f"The server at {bounded(server, 200)} speaks {protocol}, not the Kubernetes API",
        "Check host, port and http:// or https:// of the cluster's server in the kubeconfig.",
    )


def describe_response(head: ResponseHead) -> str:
    """Return what was received, such as `an HTML page (404 from nginx)`."""
    software = _software(head)
    details = [f"{head.code} from {software}" if software else f"{head.code}"]
    title = _title(head.body)
    if title and not title.startswith(str(head.code)):
        details.append(f'"{title}"')
    return f"{_body_kind(head)} ({', '.join(details)})"


def _hint(code: int) -> str:
    if code < 300:
        return (
            "A sign-in page (captive portal, VPN), a proxy or another program answers at this address: "
            "sign in there, or check the cluster's server in the kubeconfig."
        )
    if code == 401:
        return "A proxy in front of the API requires its own sign-in: check server and proxy-url in the kubeconfig."
    if code == 429 or code >= 500:
        return "A proxy in front of the API server answered: the API server may be down, or still be starting."
    return "Check the cluster's server in the kubeconfig: the address, and the path before /api."


def _damage(body: bytes) -> str:
    start = body[:_INSPECTED_BYTES].strip()
    if not start:
        return "the body is empty"
    if start[:1] not in b"{[":
        return f'it sent "{_quoted(start)}" where JSON was expected'
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return f"the JSON is damaged or cut off (after {len(body):,} bytes)"
    return "it sent a list where an object was expected" if isinstance(decoded, list) else "it sent other JSON"


def _body_kind(head: ResponseHead) -> str:
    start = head.body[:_INSPECTED_BYTES].strip().lower()
    match head.content_type:
        case content_type if content_type.startswith("application/grpc"):
            return "gRPC"
        case content_type if (start.startswith(b"<?xml") and b"<html" not in start) or content_type.endswith("/xml"):
            return "an XML document"
    if head.is_markup:
        return "an HTML page"
    if not start:
        return f"an empty body of type {printable(head.content_type)[:60]}"
    return f'text: "{_quoted(head.body.strip())}"'


def _software(head: ResponseHead) -> str:
    name = printable(head.software).strip()[:40]
    return name or ("nginx" if b"<center>nginx" in head.body[:_INSPECTED_BYTES].lower() else "")


def _title(body: bytes) -> str:
    title = _TITLE.search(body[:_INSPECTED_BYTES])
    return _quoted(html.unescape(title[1].decode("utf-8", "replace")).encode()) if title else ""


def _quoted(text: bytes) -> str:
    return bounded(" ".join(printable(text[: 4 * _QUOTE_LENGTH].decode("utf-8", "replace")).split()), _QUOTE_LENGTH)
