"""Find the hosts that a container is started to talk to: in its command, its arguments and its environment.

Pure. Invariant: values of variables are only searched for names; they are never returned or drawn, because they may be
secrets. To recognize another program that waits for a host: its name in `_WAITS_FOR`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.pods import Container
from k9py.diagnosis.service_names import ServiceName, expanded, names_in, names_of_variable, service_name, unique

_WAITS_FOR: Final = frozenset(
    {
        "nc", "ncat", "netcat", "telnet", "nslookup", "dig", "host", "getent", "ping", "ping6", "curl", "wget",
        "pg_isready", "psql", "mysql", "mysqladmin", "mariadb", "mariadb-admin", "redis-cli", "valkey-cli", "mongo",
        "mongosh", "cqlsh", "clickhouse-client", "rabbitmqadmin", "kafkacat", "kcat", "grpc_health_probe", "grpcurl",
        "wait-for", "wait-for.sh", "wait-for-it", "wait-for-it.sh", "wait_for_it.sh", "wait4x", "wait-for-port",
        "dockerize",
    }
)  # fmt: skip
"""Programs whose arguments are hosts."""
_BEFORE_PROGRAM: Final = frozenset(
    {"until", "while", "if", "elif", "!", "exec", "time", "timeout", "sh", "bash", "ash", "env", "sudo", "do", "then"}
)
"""What may stand before the program in a command."""
_SKIPPED: Final = frozenset({"hosts", "tcp", "tcp4", "http"})
_HOST_FLAGS: Final = frozenset({"-h", "--host", "--hostname", "--server", "--bootstrap-server", "--addr"})
_TOKEN: Final = lazy_pattern(r"[;|&<>(){}`\n]|[^\s;|&<>\"'`(){}]+")
_SEPARATORS: Final = frozenset(";|&(){}`\n")
_DEV_TCP: Final = lazy_pattern(r"/dev/tcp/(?P<host>[a-z0-9.-]+)/(?P<port>\d+)", re.I)
_LOOKED_UP: Final = lazy_pattern(
    r"(?i)(?:\blookup |getaddrinfo \w+ |resolve (?:host(?:name)?:? ?)?|unknown ?host(?:exception)?:? "
    r"|bad address |translate host name |connect(?:ing|ion)? to (?:server (?:at )?)?)"
    r"[\"'`]?(?P<host>[a-z0-9][a-z0-9.-]*)"
)
"""What stands before a host in the errors of resolvers and clients."""
_MAX_TEXT: Final = 2000
_FLAG: Final = lazy_pattern(
    r"--?[\w.-]*(?:host|hostname|addr|address|addrs|server|servers|url|uri|endpoint|endpoints|upstream|backend|brokers?)"
    r"[ =](?P<value>[^\s\"']+)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class NamedHost:
    """A host that a container names.

    Args:
        where: the field that names it: `env[DB_HOST]`, `command`, `args`.
        is_waited_for: the container is a program that waits for it, or asks it.
    """

    name: ServiceName
    where: str
    is_waited_for: bool = False


def named_hosts(container: Container, namespace: str) -> tuple[NamedHost, ...]:
    """Return the hosts that a container names and that can be Services, those that it waits for first."""
    found: dict[tuple[str, str], NamedHost] = {}
    for host in (*_of_commands(container, namespace), *_of_environment(container, namespace)):
        key = (host.name.name, host.name.namespace)
        known = found.get(key)
        if known is None or (known.name.port is None and host.name.port is not None):
            found[key] = host if known is None else NamedHost(host.name, known.where, known.is_waited_for)
    return tuple(sorted(found.values(), key=lambda host: not host.is_waited_for))


def hosts_of_failure(texts: Iterable[str], namespace: str) -> tuple[ServiceName, ...]:
    """Return the hosts that a failure names: `lookup db: no such host`, `GET http://users:80/me: refused`."""
    found: list[ServiceName] = []
    for text in texts:
        found += names_in(text, namespace)
        for match in _LOOKED_UP.finditer(text[:_MAX_TEXT]):
            name = service_name(match["host"], namespace)
            if name is not None:
                found.append(name)
    return unique(found)


def _of_commands(container: Container, namespace: str) -> Iterator[NamedHost]:
    variables = {variable.name: variable.value for variable in container.env or () if variable.value}
    command = tuple(expanded(text, variables) for text in container.command or ())
    args = tuple(expanded(text, variables) for text in container.args or ())
    where = "command" if command else "args"
    for name in _waited_for((*command, *args), namespace):
        yield NamedHost(name, where, is_waited_for=True)
    if not command and len(args) > 1 and args[0] in ("service", "svc"):  # k8s-wait-for
        waited = service_name(args[1], namespace)
        if waited is not None:
            yield NamedHost(waited, where, is_waited_for=True)
    for where, texts in (("command", command), ("args", args)):
        for text in texts:
            for name in names_in(text, namespace):
                yield NamedHost(name, where)
        for match in _FLAG.finditer(" ".join(texts)):
            for value in match["value"].split(","):
                flagged = service_name(value, namespace)
                if flagged is not None:
                    yield NamedHost(flagged, where)


def _of_environment(container: Container, namespace: str) -> Iterator[NamedHost]:
    variables = {variable.name: variable.value for variable in container.env or () if variable.value}
    for variable, value in variables.items():
        for name in names_of_variable(variable, expanded(value, variables), namespace):
            if name.port is None:
                name = _with_port(name, variables.get(_port_variable(variable), ""))
            yield NamedHost(name, f"env[{variable}]")


def _port_variable(variable: str) -> str:
    """Return the variable with the port of the host in another one: `DB_PORT` of `DB_HOST`."""
    return re.sub(r"(HOST|HOSTNAME|SERVER|ADDR|ADDRESS)$", "PORT", variable)


def _with_port(name: ServiceName, port: str) -> ServiceName:
    is_number = port.isascii() and port.isdigit() and len(port) <= 5
    return ServiceName(name.name, name.namespace, int(port), name.is_full) if is_number else name


def _waited_for(words: Sequence[str], namespace: str) -> Iterator[ServiceName]:
    """Yield the hosts that a command line waits for: `until nc -z db 5432; do sleep 2; done`."""
    line = " ".join(words)
    for match in _DEV_TCP.finditer(line):
        name = service_name(match["host"], namespace)
        if name is not None:
            yield _with_port(name, match["port"])
    segment: list[str] = []
    for token in (*(match[0] for match in _TOKEN.finditer(line)), ";"):
        if token not in _SEPARATORS:
            segment.append(token)
            continue
        while segment and (segment[0].rpartition("/")[2] in _BEFORE_PROGRAM or not segment[0][:1].isalpha()):
            if segment[0][:1] == "/" and segment[0].rpartition("/")[2] not in _BEFORE_PROGRAM:
                break
            del segment[0]  # also the flags and the seconds of `timeout`
        if segment and segment[0].rpartition("/")[2] in _WAITS_FOR:
            yield from _first_host(segment[1:], namespace)
        segment = []


def _first_host(arguments: Sequence[str], namespace: str) -> Iterator[ServiceName]:
    """Yield the host among the arguments of a program: that of a flag for hosts, else the first that can be one."""
    for argument in arguments:
        names = tuple(names_in(argument, namespace)) if "://" in argument else ()
        if names:
            yield from names
            return
    following = [*arguments[1:], ""]
    for index, argument in enumerate(arguments):
        flag, equals, value = argument.partition("=")
        if flag in _HOST_FLAGS:
            name = service_name(value if equals else following[index], namespace)
            if name is not None:
                yield name
                return
    for index, argument in enumerate(arguments):
        if argument[:1].isalpha() and argument not in _SKIPPED and "/" not in argument:
            name = service_name(argument, namespace)
            if name is not None:
                yield _with_port(name, following[index]) if name.port is None else name
                return
