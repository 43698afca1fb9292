"""What answered is not a Kubernetes API: says what it is, and where to look.

Owns: recognizing web pages, other text, empty and damaged bodies that a proxy, a captive portal or another program
sends in the API's place. Invariant: what is quoted of them is printable and short.
To recognize a further kind of answer: one case in `_what`.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Final

import msgspec

from k9py.api.errors import ConnectionFailedError
from k9py.api.text import printable

_TITLE: Final = re.compile(rb"<title[^>]*>(.{0,400}?)</title>", re.IGNORECASE | re.DOTALL)
_LOOKED_AT: Final = 4096
_QUOTED: Final = 80
_OWN_TEXT: Final = ("application/json", "application/octet-stream", "")
_SETTINGS: Final = 4
"""The type of an HTTP/2 connection's first frame (RFC 9113, 6.5)."""
_PLAIN_TO_TLS: Final = "plain http request was sent to https port"


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """An answer as far as it is looked at.

    Args:
        code: of HTTP.
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
        head = self.body[:_LOOKED_AT].lstrip()
        return head.startswith(b"<") or self.content_type in ("text/html", "application/xhtml+xml")

    @property
    def is_foreign(self) -> bool:
        """Whether its type alone shows that it is no answer of an API that was asked for JSON."""
        return self.content_type not in _OWN_TEXT and not self.content_type.endswith("json")


def foreign_response_error(server: str, answer: ResponseHead) -> ConnectionFailedError:
    """Return the error for an answer that is none of an API server."""
    shown = printable(server)[:200]
    if answer.code == 400 and _PLAIN_TO_TLS in answer.body[:_LOOKED_AT].decode("utf-8", "replace").lower():
        return https_required_error(server)
    return ConnectionFailedError(
        f"The server at {shown} answered with {describe_response(answer)}, not as the Kubernetes API", hint(answer)
    )


def https_required_error(server: str) -> ConnectionFailedError:
    """Return the error for http:// to a server that wants TLS."""
    return ConnectionFailedError(
        f"The server {printable(server)[:200]} speaks HTTPS, and the kubeconfig says http://",
        "Change the cluster's server to https:// in the kubeconfig.",
    )


def describe_response(answer: ResponseHead) -> str:
    """Say what was answered, such as: an HTML page (404 from nginx)."""
    about = [f"{answer.code}" + (f" from {software}" if (software := _software(answer)) else "")]
    title = _title(answer.body)
    if title and not title.startswith(str(answer.code)):
        about.append(f'"{title}"')
    return f"{_what(answer)} ({', '.join(about)})"


def hint(answer: ResponseHead) -> str:
    """Say where to look."""
    if answer.code < 300:
        return (
            "A sign-in page (captive portal, VPN), a proxy or another program stands at this address: "
            "sign in there, or check the cluster's server in the kubeconfig."
        )
    if answer.code == 401:
        return "A proxy before the API wants a sign-in of its own: check server and proxy-url in the kubeconfig."
    if answer.code == 429 or answer.code >= 500:
        return "A proxy before the API server answered: the API server may be down, or still be starting."
    return "Check the cluster's server in the kubeconfig: the address, and the path before /api."


def malformed_body_error(server: str, body: bytes) -> ConnectionFailedError:
    """Return the error for a successful answer whose body is no JSON object."""
    answer = ResponseHead(200, body=body)
    if answer.is_markup:
        return foreign_response_error(server, answer)
    shown = printable(server)[:200]
    return ConnectionFailedError(
        f"The server at {shown} did not answer as a Kubernetes API does: {_damage(body)}", hint(answer)
    )


def not_http_error(server: str, received: bytes) -> ConnectionFailedError:
    """Return the error for a server that does not speak HTTP/1; `received` is what it sent instead."""
    shown = printable(server)[:200]
    is_http2 = len(received) >= 9 and received[3] == _SETTINGS and received[:1] == b"\0"
    said = "HTTP/2 alone, as gRPC does" if is_http2 else f'another language ("{_quoted(received)}")'
    return ConnectionFailedError(
        f"The server at {shown} speaks {said}, not as the Kubernetes API",
        "Check host, port and http:// or https:// of the cluster's server in the kubeconfig.",
    )


def _damage(body: bytes) -> str:
    head = body[:_LOOKED_AT].strip()
    if not head:
        return "the body is empty"
    if head[:1] not in b"{[":
        return f'it sent "{_quoted(head)}" where JSON was expected'
    try:
        decoded = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return f"the JSON is damaged or cut off (after {len(body):,} bytes)"
    return "it sent a list where an object was expected" if isinstance(decoded, list) else "it sent other JSON"


def _what(answer: ResponseHead) -> str:
    head = answer.body[:_LOOKED_AT].strip().lower()
    match answer.content_type:
        case kind if kind.startswith("application/grpc"):
            return "gRPC"
        case kind if (head.startswith(b"<?xml") and b"<html" not in head) or kind.endswith("/xml"):
            return "an XML document"
    if answer.is_markup:
        return "an HTML page"
    if not head:
        return f"an empty body of type {printable(answer.content_type)[:60]}"
    return f'text: "{_quoted(answer.body.strip())}"'


def _software(answer: ResponseHead) -> str:
    named = printable(answer.software).strip()[:40]
    return named or ("nginx" if b"<center>nginx" in answer.body[:_LOOKED_AT].lower() else "")


def _title(body: bytes) -> str:
    found = _TITLE.search(body[:_LOOKED_AT])
    return _quoted(html.unescape(found[1].decode("utf-8", "replace")).encode()) if found else ""


def _quoted(text: bytes) -> str:
    words = " ".join(printable(text[: 4 * _QUOTED].decode("utf-8", "replace")).split())
    return words if len(words) <= _QUOTED else words[: _QUOTED - 1] + "…"
