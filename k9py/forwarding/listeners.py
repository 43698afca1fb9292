"""The local sockets of a port-forward: which address and port they have, and what a client writes to reach them.

Owns: the choice of a local port, and the errors of `bind`. Invariant: nothing but a loopback address is listened on
unless it was asked for. To add a port or a name that means HTTP: the sets below.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from k9py.api.errors import RefusedError
from k9py.api.text import bounded
from k9py.forwarding.port_owner import port_owner
from k9py.forwarding.ports import ANY_PORT, PortPair

LOOPBACK: Final = "127.0.0.1"
LOCALHOST: Final = ("127.0.0.1", "::1")
"""What `localhost` stands for, as for kubectl; one of them has to work."""
BACKLOG: Final = 1024
"""Connections that the system holds until they are accepted."""
FIRST_UNPRIVILEGED: Final = 1024

_OTHER_PORT: Final = "name another local port: LOCAL:PORT, or :PORT for any that is free"
_TRIES: Final = 20
"""Free ports that are tried, where several addresses need the same number."""
_HTTPS_PORTS: Final = frozenset((443, 8443, 6443, 9443, 10250))
_HTTP_PORTS: Final = frozenset(
    (80, 3000, 5000, 5601, 8000, 8001, 8008, 8080, 8081, 8082, 8088, 8090, 8888, 9090, 9093, 9100)
)
_HTTP_NAMES: Final = frozenset(
    ("admin", "api", "dashboard", "health", "healthz", "metrics", "ui", "web", "webhook", "www")
)


class PortInUseError(RefusedError):
    """Something else listens on the local port."""


@dataclass(frozen=True, slots=True)
class Listener:
    """A local port, and the port that it forwards to.

    Args:
        addresses: IP addresses it listens on, at least one.
        port: the local port.
        remote: the port of the target, as it was asked for.
        remote_port: its number where that is known: of the Service when the target is one.
        name: the name of the port, "" when it has none or it is not known.
    """

    addresses: tuple[str, ...]
    port: int
    remote: int | str
    remote_port: int | None = None
    name: str = ""

    @property
    def address(self) -> str:
        """What a client on this machine connects to: `127.0.0.1:8080`."""
        host = self.addresses[0]
        if host in ("0.0.0.0", "::"):
            host = LOOPBACK if host == "0.0.0.0" else "::1"
        return join_host_port(host, self.port)

    @property
    def url(self) -> str:
        """`http://127.0.0.1:8080` where the port looks like one of HTTP, otherwise the address."""
        scheme = url_scheme(self.remote_port, self.name)
        return f"{scheme}://{self.address}" if scheme else self.address

    def __str__(self) -> str:
        return f"{self.port}→{self.remote}"


def join_host_port(host: str, port: int) -> str:
    """Return `host:port`, with brackets around an IPv6 address."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def url_scheme(port: int | None, name: str) -> str:
    """Return "http" or "https" where a port looks like it by its name, otherwise by its number; "" where not."""
    first, *_ = name.split("-")
    if first == "https":
        return "https"
    if first == "http" or name in _HTTP_NAMES or first in _HTTP_NAMES:
        return "https" if port in _HTTPS_PORTS else "http"
    if name and first not in ("tcp", "port", "main", "default"):
        return ""
    return "https" if port in _HTTPS_PORTS else "http" if port in _HTTP_PORTS else ""


def parse_addresses(text: str) -> tuple[str, ...]:
    """Return the IP addresses of a text, separated by commas; `localhost` stands for both loopback addresses.

    Raises:
        RefusedError: a part is neither.
    """
    addresses: list[str] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        if part == "localhost":
            addresses += LOCALHOST
            continue
        try:
            addresses.append(str(ipaddress.ip_address(part)))
        except ValueError:
            raise RefusedError(
                f"{bounded(part, 60)!r} is not an IP address", "use an address of this machine, or localhost"
            ) from None
    if not addresses:
        raise RefusedError("no address to listen on", f"use {LOOPBACK}, localhost or an address of this machine")
    return tuple(dict.fromkeys(addresses))


def exposure_warning(addresses: Sequence[str]) -> str:
    """Return a warning when other machines can connect, "" when none can."""
    open_ = [address for address in addresses if not ipaddress.ip_address(address).is_loopback]
    if not open_:
        return ""
    return f"{', '.join(open_)}: everyone who reaches this machine can use the forward, with your permissions"


def bind(pair: PortPair, addresses: Sequence[str], default: int | None) -> tuple[list[socket.socket], tuple[str, ...]]:
    """Listen on the local port of a pair, on every address.

    Args:
        default: the number that is preferred when the pair has no local port.

    Returns:
        The sockets, non-blocking, with equal ports; and the addresses that they listen on.

    Raises:
        RefusedError: the port is in use, may not be used, or an address is not one of this machine.
    """
    if pair.local is None and default is not None and default >= FIRST_UNPRIVILEGED:
        try:
            return _bind_all(default, addresses)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise _bind_error(error, default, addresses) from error
    wanted = pair.local or ANY_PORT
    for attempt in range(_TRIES):
        try:
            return _bind_all(wanted, addresses)
        except OSError as error:
            if wanted or error.errno != errno.EADDRINUSE or attempt == _TRIES - 1:
                raise _bind_error(error, wanted, addresses) from error
    raise AssertionError("unreachable")


def _bind_all(port: int, addresses: Sequence[str]) -> tuple[list[socket.socket], tuple[str, ...]]:
    """Listen on all addresses; of the two of localhost, one is enough (a machine may have no IPv6)."""
    sockets: list[socket.socket] = []
    bound: list[str] = []
    failure: OSError | None = None
    may_skip = set(LOCALHOST) if set(LOCALHOST) <= set(addresses) else set()
    try:
        for address in addresses:
            try:
                sockets.append(_listen(address, port))
            except OSError as error:
                if address not in may_skip or error.errno == errno.EADDRINUSE:
                    raise
                failure = error
                continue
            bound.append(address)
            port = sockets[-1].getsockname()[1]
        if not sockets and failure is not None:
            raise failure
    except BaseException:
        for opened in sockets:
            opened.close()
        raise
    return sockets, tuple(bound)


def _listen(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind((address, port))
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except BaseException:
        listening.close()
        raise
    return listening


def _bind_error(error: OSError, port: int, addresses: Sequence[str]) -> RefusedError:
    where = ", ".join(addresses)
    match error.errno:
        case errno.EADDRINUSE:
            owner = port_owner(port)
            by = f" by {owner}" if owner else ""
            return PortInUseError(f"local port {port} is in use{by}", _OTHER_PORT)
        case errno.EACCES:
            return RefusedError(
                f"local port {port} may not be used: ports below {FIRST_UNPRIVILEGED} need privileges",
                _OTHER_PORT,
            )
        case errno.EADDRNOTAVAIL:
            return RefusedError(f"{where} is not an address of this machine", f"use {LOOPBACK} or localhost")
    return RefusedError(f"cannot listen on {where}, port {port}: {error.strerror}")
