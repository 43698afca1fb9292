"""Which proxy, if any, stands between us and the API server.

Owns: the cluster's `proxy-url` and the environment's HTTPS_PROXY, HTTP_PROXY and NO_PROXY. The rules of NO_PROXY are
Go's (golang.org/x/net/http/httpproxy), which kubectl users know; loopback is never proxied by the environment.
Unlike kubectl, NO_PROXY also excepts a server from `proxy-url`: a person who lists a host there means it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

from k9py.objects.errors import ConfigError
from k9py.objects.text import printable


def proxy_for(server: str, proxy_url: str | None, environ: Mapping[str, str]) -> str | None:
    """Return the proxy's URL, or None to connect directly.

    Raises:
        ConfigError: the proxy is of a kind we cannot speak to.
    """
    parts = urlsplit(server)
    host = (parts.hostname or "").lower()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if _excepted(host, port, _variable(environ, "NO_PROXY")):
        return None
    if proxy_url:
        return _checked(proxy_url)
    if host == "localhost" or _is_loopback(host):
        return None
    from_environment = _variable(environ, "HTTPS_PROXY" if parts.scheme == "https" else "HTTP_PROXY")
    return _checked(from_environment) if from_environment else None


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.lower()) or ""


def _checked(url: str) -> str:
    with_scheme = url if "://" in url else f"http://{url}"
    parts = urlsplit(with_scheme)
    shown = printable(f"{parts.scheme}://{parts.hostname or ''}")  # never the password that may stand before the host
    if parts.scheme not in ("http", "https"):
        raise ConfigError(
            f"The proxy {shown} is not an HTTP proxy, the only kind kdash can use",
            "Name an http:// or https:// proxy in proxy-url or HTTPS_PROXY, or except the server with NO_PROXY.",
        )
    if not parts.hostname:
        raise ConfigError("The proxy's URL names no host", "Correct proxy-url or HTTPS_PROXY: http://host:port")
    return with_scheme


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _excepted(host: str, port: int, no_proxy: str) -> bool:
    return any(_matches(host, port, rule.strip().lower()) for rule in no_proxy.split(",") if rule.strip())


def _matches(host: str, port: int, rule: str) -> bool:
    if rule == "*":
        return True
    if "/" in rule:
        try:
            return ipaddress.ip_address(host) in ipaddress.ip_network(rule, strict=False)
        except ValueError:
            return False
    wanted, wanted_port = _split_port(rule)
    if wanted_port is not None and wanted_port != port:
        return False
    wanted = wanted.removeprefix("*")
    if wanted.startswith("."):
        return host.endswith(wanted)
    return host == wanted or host.endswith(f".{wanted}")


def _split_port(rule: str) -> tuple[str, int | None]:
    if rule.startswith("["):
        address, _, rest = rule[1:].partition("]")
        return address, int(rest[1:]) if rest[1:].isdigit() else None
    address, colon, port = rule.rpartition(":")
    if colon and port.isdigit() and ":" not in address:
        return address, int(port)
    return rule, None
