"""Parses the address of an API server in a kubeconfig.

Owns: the rules by which kubectl makes a URL of it (client-go's `rest.DefaultServerURL`): the default scheme is http://,
scheme and host are not case-sensitive, the path is cleaned, a query is dropped, and a name and password before the host
are sent as basic authentication.
"""

from __future__ import annotations

import base64
import ipaddress
import posixpath
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from k9py.api.errors import ConfigError
from k9py.api.text import printable

_UNSAFE: Final = re.compile(r"[\x00-\x20\x7f]")
_BAD_ESCAPE: Final = re.compile(r"%(?![0-9a-fA-F]{2})")
_IN_PATH: Final = "/:@$&+,;=~-_."


@dataclass(frozen=True, slots=True)
class ServerUrl:
    """A server's address without a trailing slash, and the Authorization header it contained, if any."""

    url: str
    authorization: str | None = None


def parse_server(cluster: str, server: str) -> ServerUrl:
    """Return the URL of a cluster's server.

    Args:
        cluster: the cluster's name, for the error.

    Raises:
        ConfigError: it is empty, or not the URL of an API server.
    """
    if not server:
        raise ConfigError(f"The cluster {printable(cluster)} has no server", "Set its server in the kubeconfig.")
    with_scheme = server if "://" in server else f"http://{server}"
    try:
        parts = urlsplit(with_scheme, allow_fragments=False)  # "#" is part of a path
        host, port = parts.hostname or "", parts.port
    except ValueError:  # a port that is not a number, or an address with one bracket
        raise _not_a_url(cluster, server) from None
    is_unsafe = _UNSAFE.search(parts.netloc) or "\\" in parts.netloc
    if parts.scheme not in ("http", "https") or not host or port == 0 or is_unsafe or _UNSAFE.search(server[:1]):
        raise _not_a_url(cluster, server)
    if any(character < " " or character == "\x7f" for character in server) or _BAD_ESCAPE.search(parts.path):
        raise _not_a_url(cluster, server)
    if with_scheme != server and parts.path.strip("/"):
        raise ConfigError(
            f"The cluster {printable(cluster)} has a server with a path but no scheme: {printable(server)[:200]}",
            "Write https:// before it in the kubeconfig.",
        )
    shown_host = f"[{host}]" if ":" in host else host
    raw_path = "" if parts.path.startswith("#") else unquote(parts.path)
    path = quote(posixpath.normpath(f"/{raw_path}").lstrip("/"), safe=_IN_PATH)
    url = f"{parts.scheme}://{shown_host}" + (f":{port}" if port is not None else "") + (f"/{path}" if path else "")
    return ServerUrl(url, _basic(parts.username, parts.password))


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, judged only by its name or address."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def without_password(url: str) -> str:
    """Return a URL that is safe to show: scheme, host and port."""
    host = url.partition("://")[2].rpartition("@")[2]
    return printable(f"{url.partition('://')[0]}://{host}" if "://" in url else url.rpartition("@")[2])[:200]


def _basic(name: str | None, password: str | None) -> str | None:
    if name is None:
        return None
    pair = f"{unquote(name)}:{unquote(password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _not_a_url(cluster: str, server: str) -> ConfigError:
    return ConfigError(
        f"The cluster {printable(cluster)} has a server that is not a valid URL: {without_password(server)}",
        "Set its server to https://HOST:PORT in the kubeconfig.",
    )
