"""Name what a log line complains of: a host that cannot be resolved or reached, a certificate, the clock, the disk.

Invariant: a line without such words has no name; a name never contains a time or a number that grows, so that it stays
equal from crash to crash. To name another kind of error: a row in `_KINDS`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple

from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.text import printable


class LogErrorKind(Enum):
    """What a log line complains of; the value is the text without a host."""

    DNS = "host name not found"
    REFUSED = "connection refused"
    TIMEOUT = "connection timed out"
    CLOCK = "clock differs"
    CERTIFICATE = "certificate not accepted"
    ARCHITECTURE = "program is built for another architecture (exec format error)"
    NO_SPACE = "no space left on device"
    READ_ONLY = "file system is read-only"
    PORT_IN_USE = "port is already in use"
    OUT_OF_MEMORY = "out of memory"
    TOO_MANY_FILES = "too many open files"
    CREDENTIALS = "credentials not accepted"
    PERMISSION = "permission denied"


class Target(NamedTuple):
    """What a program failed to reach.

    Args:
        host: a name as in `db`, `db.shop.svc.cluster.local`, or an address.
        port: 1..65535, None when the line names none.
    """

    host: str
    port: int | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.port else self.host


_REMEDIES: Final = {
    LogErrorKind.DNS: "correct the host's name, or look at the cluster's DNS",
    LogErrorKind.REFUSED: "look at what should answer there",
    LogErrorKind.TIMEOUT: "look at what should answer there, and at network policies on the way",
    LogErrorKind.CLOCK: "synchronize the clocks of the nodes",
    LogErrorKind.CERTIFICATE: "renew the certificate, or let the program trust its authority",
    LogErrorKind.ARCHITECTURE: "use an image that is built for the node's architecture",
    LogErrorKind.NO_SPACE: "free space on the volume or the node, or enlarge the volume",
    LogErrorKind.READ_ONLY: "mount a writable volume where the program writes",
    LogErrorKind.PORT_IN_USE: "let each container of the pod listen on another port",
    LogErrorKind.OUT_OF_MEMORY: "raise the memory limit, or the limit that the program sets itself",
    LogErrorKind.TOO_MANY_FILES: "raise the limit of open files, or find out what leaves them open",
    LogErrorKind.CREDENTIALS: "correct the credentials that the program uses",
    LogErrorKind.PERMISSION: "give the program's user access to what the line names",
}


@dataclass(frozen=True, slots=True)
class LogError:
    """What a line complains of, and of which host."""

    kind: LogErrorKind
    target: Target | None = None

    @property
    def remedy(self) -> str:
        """What helps, in the imperative."""
        return _REMEDIES[self.kind]

    @property
    def text(self) -> str:
        """One clause: `connection refused by redis:6379`."""
        if self.target is None:
            return str(self.kind.value)
        target = printable(str(self.target))
        match self.kind:
            case LogErrorKind.DNS:
                return f"host {printable(self.target.host)} not found"
            case LogErrorKind.REFUSED:
                return f"connection refused by {target}"
            case LogErrorKind.TIMEOUT:
                return f"connection to {target} timed out"
        return str(self.kind.value)


_KINDS: Final = (
    # A refusal for a certificate is often reported as one of time: expired, not yet valid. The certificate comes first.
    (
        LogErrorKind.CERTIFICATE,
        lazy_pattern(
            r"x509|certificate|CERT_|PKIX|unable to get (?:local )?issuer|self[- ]signed|SSLHandshakeException"
            r"|tls: (?:handshake|bad|unknown)|SSL routines",
            re.I,
        ),
    ),
    (
        LogErrorKind.CLOCK,
        lazy_pattern(
            r"clock (?:skew|drift|differ)|clocks? (?:is|are) (?:not |out of )sync|used before issued|not valid yet"
            r"|issued in the future|time ?too ?skewed|time difference between|Clock skew too great|iat.{0,20}future",
            re.I,
        ),
    ),
    (
        LogErrorKind.DNS,
        lazy_pattern(
            r"no such host|ENOTFOUND|EAI_AGAIN|getaddrinfo|name resolution|name or service not known|NXDOMAIN"
            r"|unknown ?host|could not resolve|could not translate host|server misbehaving"
            r"|failed to lookup address|host not found|nodename nor servname|not resolve host",
            re.I,
        ),
    ),
    (
        LogErrorKind.REFUSED,
        lazy_pattern(
            r"connection refused|ECONNREFUSED|actively refused|lost connection to|Connection to \S+ refused"
            r"|(?:can'?t|cannot|could not|failed to|unable to) connect to|connect to \S+ failed",
            re.I,
        ),
    ),
    (
        LogErrorKind.TIMEOUT,
        lazy_pattern(
            r"i/o timeout|ETIMEDOUT|connect(?:ion)? time?d? ?out|connection attempt timed out|no route to host"
            r"|EHOSTUNREACH",
            re.I,
        ),
    ),
    (LogErrorKind.ARCHITECTURE, lazy_pattern(r"exec format error", re.I)),
    (LogErrorKind.NO_SPACE, lazy_pattern(r"no space left on device|ENOSPC|disk quota exceeded|disk full", re.I)),
    (LogErrorKind.READ_ONLY, lazy_pattern(r"read-only file ?system|EROFS", re.I)),
    (
        LogErrorKind.PORT_IN_USE,
        lazy_pattern(r"address already in use|EADDRINUSE|port .{0,12}already in use", re.I),
    ),
    (LogErrorKind.OUT_OF_MEMORY, lazy_pattern(r"OutOfMemory|out of memory|cannot allocate memory|ENOMEM", re.I)),
    (LogErrorKind.TOO_MANY_FILES, lazy_pattern(r"too many open files|EMFILE", re.I)),
    (
        LogErrorKind.CREDENTIALS,
        lazy_pattern(
            r"password authentication failed|access denied for user|authentication failed|WRONGPASS|NOAUTH|401 unauth",
            re.I,
        ),
    ),
    (LogErrorKind.PERMISSION, lazy_pattern(r"permission denied|EACCES|operation not permitted|EPERM", re.I)),
)

_NAME: Final = r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9_-]+)*"
_TARGETS: Final = (
    # host "db" (10.0.0.4), port 5432; host='api', port=80; 'db' (111)
    lazy_pattern(
        rf"(?:host|server at|server on|name|connect to|server)[ =:]*[\"'](?P<host>{_NAME})[\"']?"
        r"(?: \([0-9a-f.:]+\))?(?:,? ?(?:and accepting (?:TCP/IP )?connections on )?port[ =:]*(?P<port>\d{1,5})"
        r"|:(?P<port2>\d{1,5}))?",
        re.I,
    ),
    lazy_pattern(
        rf"(?:https?|tcp|postgres(?:ql)?|mysql|redis|amqps?|mongodb|grpc|nats|kafka)://(?:[^\s@/\"']*@)?(?P<host>{_NAME})(?::(?P<port>\d{{1,5}}))?",
        re.I,
    ),
    # lookup db on 10.0.0.10:53; getaddrinfo ENOTFOUND db db:5432; could not resolve host: db; UnknownHostException: db
    lazy_pattern(
        r"(?:lookup |ENOTFOUND |EAI_AGAIN |resolve host:? |resolve |UnknownHostException: |unknown host:? )[\"']?"
        rf"(?P<host>{_NAME})(?::(?P<port>\d{{1,5}}))?",
        re.I,
    ),
    lazy_pattern(rf"(?P<host>{_NAME}):(?P<port>\d{{2,5}})\b"),
)
_NO_HOSTS: Final = frozenset({"localhost", "0.0.0.0", "on", "for", "the", "to", "host", "server", "line", "at"})


def log_error(line: str) -> LogError | None:
    """Return what a log line complains of, None if that is nothing with a name."""
    for kind, words in _KINDS:
        if words.search(line):
            is_about_host = kind in (LogErrorKind.DNS, LogErrorKind.REFUSED, LogErrorKind.TIMEOUT)
            return LogError(kind, _target(line) if is_about_host else None)
    return None


def _target(line: str) -> Target | None:
    for pattern in _TARGETS:
        for match in pattern.finditer(line):
            host, groups = match["host"].rstrip("."), match.groupdict()
            if host.lower() in _NO_HOSTS or host.isdigit() or _is_source_file(host):
                continue
            port = groups.get("port") or groups.get("port2")
            if port is None and (after := _PORT_AFTER.match(line, match.end())):
                port = after["port"]
            if port is not None and not 0 < int(port) < 65536:
                continue
            return Target(host, int(port) if port else None)
    return None


_PORT_AFTER: Final = lazy_pattern(r"[\"']?(?: \([^)]*\))?,? (?:\S+:|port )(?P<port>\d{1,5})\b")


def _is_source_file(host: str) -> bool:
    """Return whether `main.go:42` names a line of a program."""
    return host.rpartition(".")[2].lower() in (
        "go",
        "py",
        "js",
        "ts",
        "java",
        "rb",
        "rs",
        "c",
        "cc",
        "cpp",
        "php",
        "kt",
    )
