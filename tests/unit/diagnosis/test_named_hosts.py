"""The hosts that a container names in its command, arguments and environment."""

from __future__ import annotations

import pytest

from k9py.api.container_spec import EnvVar
from k9py.api.pods import Container
from k9py.diagnosis.named_hosts import named_hosts
from k9py.diagnosis.service_names import mentions, names_in, service_name


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("until nc -z db 5432; do sleep 2; done", ["db.shop:5432"]),
        ("until nc -z -w 2 db.data 5432; do echo waiting for service to start; sleep 2; done", ["db.data:5432"]),
        ("until nslookup db.shop.svc.cluster.local; do sleep 2; done", ["db.shop"]),
        ("until nslookup db; do echo waiting for db; sleep 2; done;", ["db.shop"]),
        ('until [ "$(getent hosts db)" ]; do sleep 1; done', ["db.shop"]),
        ("while ! pg_isready -h postgres -p 5432 -U app; do sleep 1; done", ["postgres.shop"]),
        ("until mysqladmin ping --host=mysql --silent; do sleep 1; done", ["mysql.shop"]),
        ("timeout 60 /usr/local/bin/wait-for-it.sh kafka:9092 -- echo up", ["kafka.shop:9092"]),
        ("until wget -qO- http://auth:8080/healthz; do sleep 3; done", ["auth.shop:8080"]),
        ("until curl -sf auth/healthz; do sleep 3; done", []),
        ("dockerize -wait tcp://redis:6379 -timeout 60s", ["redis.shop:6379"]),
        ("until (echo > /dev/tcp/db/5432) 2>/dev/null; do sleep 1; done", ["db.shop:5432"]),
        ("for i in 1 2 3; do\n  nc -z db 5432 && exit 0\n  sleep 1\ndone\nexit 1", ["db.shop:5432"]),
        ("until nc -z $(DB_HOST) ${DB_PORT}; do sleep 2; done", ["pg.shop:5432"]),
        ("echo hello; sleep 5; exit 1", []),
        ("python manage.py migrate", []),
        ("nc -z 10.0.0.1 5432", []),
        ("nc -z localhost 5432", []),
    ],
)
def test_what_a_script_waits_for(script: str, expected: list[str]) -> None:
    env = (EnvVar("DB_PORT", "5432"), EnvVar("DB_HOST", "pg")) if "DB_HOST" in script else ()
    container = Container(command=("sh", "-c", script), env=env or None)

    hosts = named_hosts(container, "shop")

    assert [
        f"{host.name.name}.{host.name.namespace}{f':{host.name.port}' if host.name.port else ''}" for host in hosts
    ] == expected


@pytest.mark.parametrize(
    ("container", "name", "where"),
    [
        (Container(command=("nc", "-z", "db", "5432")), "db", "command"),
        (Container(args=("service", "db")), "db", "args"),
        (Container(args=("db:5432", "-t", "30")), "db", "args"),
        (Container(args=("--backend-url", "http://api.shop.svc:8080/v1")), "api", "args"),
        (Container(args=("--redis-host=cache",)), "cache", "args"),
        (Container(args=("--upstream $(UPSTREAM)",), env=(EnvVar("UPSTREAM", "pricing:80"),)), "pricing", "args"),
        (Container(env=(EnvVar("DB_HOST", "db"),)), "db", "env[DB_HOST]"),
        (Container(env=(EnvVar("DATABASE_URL", "postgres://app:pw@db.data:5432/shop"),)), "db", "env[DATABASE_URL]"),
        (Container(env=(EnvVar("SPRING_DS", "jdbc:mysql://mysql:3306/shop?x=1"),)), "mysql", "env[SPRING_DS]"),
        (Container(env=(EnvVar("BROKERS", "kafka-0.kafka:9092"),)), "kafka-0", "env[BROKERS]"),
        (Container(env=(EnvVar("ZK", "zoo-0.zoo.shop.svc.cluster.local:2181"),)), "zoo", "env[ZK]"),
    ],
)
def test_where_a_host_is_named(container: Container, name: str, where: str) -> None:
    (host,) = named_hosts(container, "shop")

    assert (host.name.name, host.where) == (name, where)


@pytest.mark.parametrize(
    "value",
    [
        "info",
        "true",
        "v1.2.3",
        "registry.example.com/app:1.0.0",
        "10:30:00",
        "http://example.com/",
        "Europe/Berlin",
        "",
    ],
)
def test_values_that_name_no_service(value: str) -> None:
    hosts = named_hosts(Container(env=(EnvVar("SETTING", value),)), "shop")

    assert [host.name.name for host in hosts if host.name.namespace == "shop"] == []


def test_the_port_of_a_host_in_another_variable() -> None:
    (host,) = named_hosts(Container(env=(EnvVar("DB_HOST", "db"), EnvVar("DB_PORT", "5433"))), "shop")

    assert host.name.port == 5433


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("dial tcp: lookup db on 10.96.0.10:53: no such host", True),
        ("could not connect to db.shop.svc.cluster.local:5432", True),
        ("GET http://db:80/ 503", True),
        ("GET /db/rows 503", False),
        ("mydb is gone", False),
        ("db-backup failed", False),
    ],
)
def test_a_text_that_names_a_service(text: str, is_named: bool) -> None:
    name = service_name("db", "shop")

    assert name is not None
    assert mentions(text, name) is is_named


def test_hosts_of_a_connection_string_with_several() -> None:
    names = names_in("mongodb://u:p@mongo-a:27017,mongo-b:27017/db", "shop")

    assert {name.name for name in names} == {"mongo-a", "mongo-b"}
