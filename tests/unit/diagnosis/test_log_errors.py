"""What a log line complains of, in the words of common languages and clients."""

from __future__ import annotations

import pytest

from k9py.diagnosis.log_errors import LogError, LogErrorKind, Target, log_error

DNS, REFUSED, TIMEOUT = LogErrorKind.DNS, LogErrorKind.REFUSED, LogErrorKind.TIMEOUT


@pytest.mark.parametrize(
    ("line", "kind", "target"),
    [
        ("dial tcp: lookup db on 10.0.0.10:53: no such host", DNS, Target("db")),
        ("Error: getaddrinfo ENOTFOUND db.shop.svc.cluster.local", DNS, Target("db.shop.svc.cluster.local")),
        ("java.net.UnknownHostException: kafka", DNS, Target("kafka")),
        ("curl: (6) Could not resolve host: api", DNS, Target("api")),
        ('could not translate host name "db" to address: Name or service not known', DNS, Target("db")),
        ("socket.gaierror: [Errno -2] Name or service not known", DNS, None),
        ("dial tcp 10.0.0.1:5432: connect: connection refused", REFUSED, Target("10.0.0.1", 5432)),
        ("Error: connect ECONNREFUSED 10.0.0.1:5432", REFUSED, Target("10.0.0.1", 5432)),
        ("FATAL: lost connection to redis:6379", REFUSED, Target("redis", 6379)),
        ("Error 111 connecting to redis:6379. Connection refused.", REFUSED, Target("redis", 6379)),
        (
            'connection to server at "db" (10.96.0.4), port 5432 failed: Connection refused',
            REFUSED,
            Target("db", 5432),
        ),
        (
            'Connection refused Is the server running on host "db" (10.0.0.4) and accepting connections on port 5432?',
            REFUSED,
            Target("db", 5432),
        ),
        (
            "HTTPConnectionPool(host='api', port=80): Max retries exceeded: [Errno 111] Connection refused",
            REFUSED,
            Target("api", 80),
        ),
        ("ERROR 2003: Can't connect to MySQL server on 'mysql:3306' (111)", REFUSED, Target("mysql", 3306)),
        ("main.go:42: cannot connect to http://user:pw@payments:8080/pay", REFUSED, Target("payments", 8080)),
        ("main.go:42: connection refused", REFUSED, None),
        ("connect to localhost:5432 failed: Connection refused", REFUSED, None),
        ("dial tcp 10.0.0.1:443: i/o timeout", TIMEOUT, Target("10.0.0.1", 443)),
        (
            "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026",
            LogErrorKind.CERTIFICATE,
            None,
        ),
        ("ssl.SSLCertVerificationError: certificate verify failed", LogErrorKind.CERTIFICATE, None),
        ("PKIX path building failed", LogErrorKind.CERTIFICATE, None),
        ("jwt: Token used before issued (clock skew of 412s)", LogErrorKind.CLOCK, None),
        ("RequestTimeTooSkewed: the difference is too large", LogErrorKind.CLOCK, None),
        ("write /data/x: no space left on device", LogErrorKind.NO_SPACE, None),
        ("exec /app/server: exec format error", LogErrorKind.ARCHITECTURE, None),
        ("listen tcp :8080: bind: address already in use", LogErrorKind.PORT_IN_USE, None),
        ("java.lang.OutOfMemoryError: Java heap space", LogErrorKind.OUT_OF_MEMORY, None),
        ('FATAL: password authentication failed for user "app"', LogErrorKind.CREDENTIALS, None),
        ("open /data/lock: permission denied", LogErrorKind.PERMISSION, None),
        ("KeyError: 'DB_URL'", None, None),
        ("server listens on db:5432", None, None),
        ("", None, None),
    ],
)
def test_a_line_is_named_with_the_host_that_it_could_not_reach(
    line: str, kind: LogErrorKind | None, target: Target | None
) -> None:
    error = log_error(line)
    assert (error and error.kind) == kind
    assert (error and error.target) == target


def test_each_kind_of_error_has_a_remedy() -> None:
    assert all(LogError(kind).remedy for kind in LogErrorKind)


def test_the_text_names_the_host() -> None:
    texts = {
        "lost connection to redis:6379": "connection refused by redis:6379",
        "lookup db on 10.0.0.10:53: no such host": "host db not found",
        "dial tcp 10.0.0.1:443: i/o timeout": "connection to 10.0.0.1:443 timed out",
        "ENOSPC": "no space left on device",
    }
    for line, text in texts.items():
        error = log_error(line)
        assert error is not None
        assert error.text == text
