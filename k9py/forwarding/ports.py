"""Which ports are forwarded, as a person types them: `8080:80`, `80`, `:http`.

Owns: the text form and its errors. Pure. What a port means on a Service or a pod: `targets`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from k9py.api.errors import KdashError
from k9py.api.text import bounded

ANY_PORT: Final = 0
"""A local port that the system chooses."""
LAST_PORT: Final = 65535
PORT_USAGE: Final = "use 80, 8080:80, :80 (any free local port) or the name of a port, such as 8080:http"

_NAME: Final = re.compile(r"(?=.{1,63}\Z)[a-z0-9](?:[-a-z0-9]*[a-z0-9])?", re.ASCII)
"""A name of a port: an RFC 1123 label on a Service, at most 15 of its characters on a container."""
_SEPARATORS: Final = re.compile(r"[\s,]+")


class PortFormatError(KdashError):
    """A text does not say which ports to forward."""


@dataclass(frozen=True, slots=True)
class PortPair:
    """A port to forward.

    Args:
        remote: number or name: of the Service when the target is one, otherwise of the pod.
        local: the port to listen on; None: the same number if it is free and at least 1024, otherwise a free one;
            `ANY_PORT`: a free one.
    """

    remote: int | str
    local: int | None = None

    def __str__(self) -> str:
        match self.local:
            case None:
                return f"{self.remote}"
            case 0:
                return f":{self.remote}"
        return f"{self.local}:{self.remote}"


def parse_port(text: str) -> PortPair:
    """Return the pair of one word. Raises PortFormatError."""
    local, colon, remote = text.strip().rpartition(":")
    if ":" in local:
        raise PortFormatError(f"{bounded(text, 40)!r} has more than one colon", PORT_USAGE)
    if not remote:
        raise PortFormatError(f"{bounded(text, 40)!r} names no port of the target", PORT_USAGE)
    return PortPair(_remote(remote), _local(local) if colon else None)


def parse_port_text(text: str) -> tuple[PortPair, ...]:
    """Return the pairs of a text, separated by blanks or commas; () when there are none. Raises PortFormatError."""
    return parse_ports(filter(None, _SEPARATORS.split(text)))


def parse_ports(words: Iterable[str]) -> tuple[PortPair, ...]:
    """Return the pairs of several words, without duplicates.

    Raises:
        PortFormatError: one is no port, or two have the same local port.
    """
    pairs = tuple(dict.fromkeys(map(parse_port, words)))
    locals_ = [pair.local for pair in pairs if pair.local]
    for port in locals_:
        if locals_.count(port) > 1:
            raise PortFormatError(f"local port {port} is named twice", "each port needs a local port of its own")
    return pairs


def _local(text: str) -> int:
    if not text:
        return ANY_PORT
    if not (text.isascii() and text.isdigit()):
        raise PortFormatError(f"local port {bounded(text, 40)!r} is not a number", PORT_USAGE)
    return _in_range(text, lowest=0)


def _remote(text: str) -> int | str:
    if text.isascii() and text.isdigit():
        return _in_range(text, lowest=1)
    if not _NAME.fullmatch(text):
        raise PortFormatError(f"{bounded(text, 40)!r} is neither a number nor the name of a port", PORT_USAGE)
    return text


def _in_range(text: str, *, lowest: int) -> int:
    number = int(text) if len(text) <= 9 else LAST_PORT + 1
    if not lowest <= number <= LAST_PORT:
        raise PortFormatError(f"port {bounded(text, 40)} is not between 1 and {LAST_PORT}", PORT_USAGE)
    return number
