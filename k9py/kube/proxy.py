"""Chooses the proxy to the API server, if any.

Owns: the cluster's `proxy-url`, which takes precedence over everything (also NO_PROXY), and the environment's
HTTPS_PROXY, HTTP_PROXY and NO_PROXY. The rules for the environment are Go's (golang.org/x/net/http/httpproxy), as for
kubectl: loopback is never proxied, and a proxy without a scheme is an HTTP proxy. To add a kind of proxy: `SCHEMES`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from k9py.api.errors import ConfigError
from k9py.api.text import printable
from k9py.kube.server_url import is_loopback, without_password

SCHEMES: Final = ("http", "https", "socks5", "socks5h")


def proxy_for(server: str, proxy_url: str | None, environ: Mapping[str, str], *, cluster: str = "") -> str | None:
    """Return the proxy's URL, or None to connect directly.

    Args:
        cluster: the cluster's name, for the error.

    Raises:
        ConfigError: the proxy is not one of `SCHEMES`, or names no host.
    """
    if proxy_url:
        return _from_kubeconfig(proxy_url, cluster)
    parts = urlsplit(server)
    host = (parts.hostname or "").lower()
    port = parts.port or (443 if parts.scheme == "https" else 80)
    if _is_excluded(host, port, _variable(environ, "NO_PROXY")) or is_loopback(host):
        return None
    name = "HTTPS_PROXY" if parts.scheme == "https" else "HTTP_PROXY"
    from_environment = _variable(environ, name)
    return _from_environment(from_environment, name) if from_environment else None


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.lower()) or ""


def _from_kubeconfig(url: str, cluster: str) -> str:
    scheme, separator, address = url.partition("://")
    if not separator or scheme.lower() not in SCHEMES or not _names_host(url):
        raise ConfigError(
            f"The cluster {printable(cluster)} has an invalid proxy-url: {without_password(url)}",
            "Write it as http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT.",
        )
    return f"{scheme.lower()}://{address}"


def _from_environment(url: str, name: str) -> str:
    scheme, separator, address = url.partition("://")
    scheme = scheme.lower()
    with_scheme = f"{scheme}://{address}" if separator else f"http://{url}"
    if scheme.startswith("socks") and scheme not in SCHEMES and separator:
        raise ConfigError(
            f"{name} is a proxy that kdash does not support: {without_password(with_scheme)}",
            "Use socks5://HOST:PORT or http://HOST:PORT, or exclude the server with NO_PROXY.",
        )
    if not _names_host(with_scheme):
        raise ConfigError(f"{name} names no host", f"Correct {name}: http://HOST:PORT")
    return with_scheme if scheme in SCHEMES and separator else f"http://{with_scheme.partition('://')[2]}"


def _names_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0 and not any(character <= " " for character in url)
    except ValueError:
        return False


def _is_excluded(host: str, port: int, no_proxy: str) -> bool:
    return any(_matches(host, port, rule.strip().lower()) for rule in no_proxy.split(",") if rule.strip())


def _matches(host: str, port: int, rule: str) -> bool:
    if rule == "*":
        return True
    if "/" in rule:
        try:
            return ipaddress.ip_address(host) in ipaddress.ip_network(rule, strict=False)
        except ValueError:
            return False
    domain, rule_port = _split_port(rule)
    if rule_port is not None and rule_port != port:
        return False
    domain = domain.removeprefix("*")
    if domain.startswith("."):
        return host.endswith(domain)
    return host == domain or host.endswith(f".{domain}")


def _split_port(rule: str) -> tuple[str, int | None]:
    if rule.startswith("["):
        address, _, suffix = rule[1:].partition("]")
        return address, int(suffix[1:]) if suffix[1:].isdigit() else None
    address, colon, port = rule.rpartition(":")
    if colon and port.isdigit() and ":" not in address:
        return address, int(port)
    return rule, None
