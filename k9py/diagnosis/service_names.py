"""Recognize the names of Services in texts: host names, URLs, JDBC and DSN strings, arguments, log lines.

Pure. Invariant: a name is only taken for that of a Service where it can be one; whether the Service exists is for the
caller to find out. Source of the forms: https://kubernetes.io/docs/concepts/services-networking/dns-pod-service/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from k9py.api.lazy_pattern import lazy_pattern

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_FULL: Final = lazy_pattern(rf"^(?:{_LABEL}\.)??(?P<name>{_LABEL})\.(?P<namespace>{_LABEL})\.svc(?:\.{_LABEL})*$")
_SHORT: Final = lazy_pattern(rf"^(?P<name>{_LABEL})(?:\.(?P<namespace>{_LABEL}))?$")
_WITH_SCHEME: Final = lazy_pattern(r"\b[a-z][a-z0-9+:.-]*://(?:[^\s/@\"']*@)?(?P<hosts>[^\s/?\"'#;]+)", re.I)
_WITH_PORT: Final = lazy_pattern(rf"(?<![\w.@/-])(?P<host>{_LABEL}(?:\.{_LABEL})*):(?P<port>\d{{2,5}})(?![\w.:])")
_IN_FULL: Final = lazy_pattern(rf"(?<![\w.-])(?P<host>(?:{_LABEL}\.)+svc(?:\.{_LABEL})*)(?![\w-])")
_VARIABLE: Final = lazy_pattern(
    r"\$\((?P<name>[A-Za-z_][\w.-]*)\)|\$\{(?P<shell>[A-Za-z_]\w*)\}|\$(?P<bare>[A-Za-z_]\w*)"
)
_HOST_VARIABLE: Final = lazy_pattern(
    r"(?:^|_)(?:HOST|HOSTNAME|HOSTS|SERVER|SERVERS|ADDR|ADDRESS|ENDPOINT|BROKERS?|URL|URI|DSN|SERVICE|UPSTREAM|BACKEND|BOOTSTRAP\w*)$",
    re.I,
)
_MAX_LENGTH: Final = 4000
"""Characters of one text that are searched."""


@dataclass(frozen=True, slots=True)
class ServiceName:
    """A name that may be that of a Service.

    Args:
        namespace: "" when the name has none, and there is no default.
        port: None when it names none.
        is_full: it has `.svc`: it is a Service of this cluster for certain.
    """

    name: str
    namespace: str
    port: int | None = None
    is_full: bool = False


def service_name(host: str, namespace: str) -> ServiceName | None:
    """Return the Service that a host name can be, None when it cannot be one.

    Args:
        host: `db`, `db.prod`, `db.prod.svc`, `db-0.db.prod.svc.cluster.local`; with or without `:5432`.
        namespace: of who uses the name.
    """
    text, colon, number = host.strip().lower().rstrip(".").partition(":")
    if colon and not (number.isascii() and number.isdigit()):
        return None  # a URL, or an address of IPv6
    port = int(number) if number else None
    text = text.rstrip(".")
    full = _FULL.match(text)
    if full:
        return ServiceName(full["name"], full["namespace"], port, is_full=True)
    short = _SHORT.match(text)
    if not short or short["name"].isdigit() or text == "localhost":
        return None
    return ServiceName(short["name"], short["namespace"] or namespace, port)


def names_in(text: str, namespace: str) -> Iterator[ServiceName]:
    """Yield the Services that a text may name: hosts of URLs, `host:port`, and full names."""
    text = text[:_MAX_LENGTH]
    for match in _WITH_SCHEME.finditer(text):
        for host in match["hosts"].split(","):
            name = service_name(host, namespace)
            if name is not None:
                yield name
    for pattern in (_WITH_PORT, _IN_FULL):
        for match in pattern.finditer(text):
            name = service_name(match[0] if pattern is _WITH_PORT else match["host"], namespace)
            if name is not None:
                yield name


def names_of_variable(variable: str, value: str, namespace: str) -> Iterator[ServiceName]:
    """Yield the Services that an environment variable may name: a bare host counts where the variable is for one."""
    yield from names_in(value, namespace)
    if _HOST_VARIABLE.search(variable):
        for host in value[:_MAX_LENGTH].split(","):
            name = service_name(host, namespace)
            if name is not None:
                yield name


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """Return a text with `$(VAR)`, `${VAR}` and `$VAR` replaced by the values that are known."""

    def value(match: re.Match[str]) -> str:
        name = match["name"] or match["shell"] or match["bare"]
        return variables.get(name, match[0])

    return _VARIABLE.sub(value, text[:_MAX_LENGTH])


def mentions(text: str, name: ServiceName) -> bool:
    """Return whether a text names a Service as a word of its own: in an error message or a log line."""
    pattern = rf"(?:(?<=//)|(?<![\w/-])){re.escape(name.name)}(?![\w-])"
    return re.search(pattern, text[:_MAX_LENGTH], re.I) is not None


def unique(names: Iterable[ServiceName]) -> tuple[ServiceName, ...]:
    """Return the names without repetitions, those with a port first."""
    merged: dict[tuple[str, str], ServiceName] = {}
    for each in names:
        known = merged.get((each.name, each.namespace))
        if known is None or (known.port is None and each.port is not None):
            merged[each.name, each.namespace] = each
    return tuple(merged.values())
