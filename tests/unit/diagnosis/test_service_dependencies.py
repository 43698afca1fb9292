"""The Services that keep a container from working, and the proof that it takes to say so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec import structs

from k9py.api.container_spec import EnvVar
from k9py.api.meta import KubeObject
from k9py.api.pods import Container, Pod
from k9py.api.services import ServicePort
from k9py.diagnosis.finding import Finding
from k9py.diagnosis.service_dependencies import services_it_waits_for
from tests import factories as make
from tests.factories.graph import GraphOfObjects

POSTGRES = (ServicePort(port=5432, target_port=5432),)
NOWHERE = make.service("db", selector={"app": "db"}, ports=POSTGRES)
"""A Service without endpoints."""
DB_POD = make.pod("db-0", labels={"app": "db"})
SERVED: tuple[KubeObject, ...] = (NOWHERE, DB_POD, make.endpoint_slice(NOWHERE, [DB_POD]))
WAIT = Container(name="wait-for-db", command=("sh", "-c", "until nc -z db 5432; do sleep 2; done"))


def _pod(container: Container, *, is_init: bool = False) -> Pod:
    pod = make.pod("web-1", labels={"app": "web"}, ready=False)
    others = (Container(name="app", image="web:1"),)
    spec = structs.replace(
        pod.spec,
        containers=others if is_init else (container,),
        init_containers=(container,) if is_init else None,
    )
    return structs.replace(pod, spec=spec)


def _causes(
    container: Container,
    objects: Sequence[Any],
    texts: Sequence[str] = (),
    *,
    is_init: bool = False,
    unread: dict[str, str] | None = None,
) -> list[str]:
    pod = _pod(container, is_init=is_init)
    namespaces = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": each}} for each in ("shop", "data")]
    graph = GraphOfObjects(pod, *objects, *namespaces, unread=unread)
    causes = services_it_waits_for(pod, container, graph, texts)
    return [f"{each.about}: {each.message}" if isinstance(each, Finding) else str(each) for each in causes]


MISSING = "Service shop/db: Service db does not exist (init container wait-for-db waits for it)"


@pytest.mark.parametrize(
    ("container", "objects", "expected"),
    [
        (WAIT, [], [MISSING]),
        (WAIT, [make.service("dbs")], [MISSING.replace(" (init", "; Service dbs does (init")]),
        (WAIT, [NOWHERE], ["Service shop/db"]),
        (WAIT, SERVED, []),
        (
            Container(name="wait", command=("nc", "-z", "db", "5433")),
            SERVED,
            ["Pod shop/web-1: container wait uses port 5433 of Service db, which has 5432"],
        ),
        (Container(name="wait", env=(EnvVar("DB_HOST", "db"),)), [NOWHERE], ["Service shop/db"]),
        (Container(name="wait", command=("nc", "-z", "db.gone.svc", "1")), [], ["Service gone/db: Service db does"]),
        (Container(name="wait", command=("nc", "-z", "example.com", "443")), [], []),
        (Container(name="setup", command=("python", "migrate.py")), [], []),
    ],
)
def test_what_an_init_container_waits_for(container: Container, objects: list[Any], expected: list[str]) -> None:
    causes = _causes(container, objects, is_init=True)

    assert len(causes) == len(expected)
    assert all(cause.startswith(wanted) for cause, wanted in zip(causes, expected, strict=True))


FRONT = Container(name="app", env=(EnvVar("DB_URL", "postgres://db:5432/shop"), EnvVar("CACHE_HOST", "cache")))
OTHER = make.service("cache", selector={"app": "cache"})


@pytest.mark.parametrize(
    ("objects", "texts", "expected"),
    [
        # Its own words name the Service.
        ([NOWHERE, OTHER], ["dial tcp: lookup db: no such host"], ["Service shop/db"]),
        ([NOWHERE], ["FATAL: db:5432 gave up"], ["Service shop/db"]),
        ([OTHER], ["lookup db on 10.96.0.10:53: no such host"], ["Service shop/db: Service db does not exist"]),
        # They speak of a connection, and one Service that it names is down.
        ([NOWHERE], ["connection refused"], ["Service shop/db"]),
        ([NOWHERE], [], ["Service shop/db"]),
        # It fails for another reason, or two Services may be the cause, or a host may be outside of the cluster.
        ([NOWHERE], ["KeyError: 'STRIPE_KEY'"], []),
        ([NOWHERE, OTHER], [], []),
        ([], [], []),
        ([], ["db: level=info"], []),
        (SERVED, ["lookup db: no such host"], []),
    ],
)
def test_a_container_that_fails_while_a_service_is_down(
    objects: list[Any], texts: list[str], expected: list[str]
) -> None:
    served = [] if any(each.name == "cache" for each in objects) else _served_cache()
    causes = _causes(FRONT, [*objects, *served], texts)

    assert len(causes) == len(expected)
    assert all(cause.startswith(wanted) for cause, wanted in zip(causes, expected, strict=True))


def _served_cache() -> list[KubeObject]:
    pod = make.pod("cache-0", labels={"app": "cache"})
    return [OTHER, pod, make.endpoint_slice(OTHER, [pod])]


@pytest.mark.parametrize(
    "line",
    [
        "GET http://db:5432/me: connection refused",
        "dial tcp: lookup db on 10.96.0.10:53: no such host",
        "Error: getaddrinfo ENOTFOUND db",
        'psycopg2.OperationalError: could not translate host name "db" to address',
        "curl: (6) Could not resolve host: db",
        "java.net.UnknownHostException: db",
        "wget: bad address 'db:5432'",
    ],
)
def test_a_host_that_only_the_failure_names(line: str) -> None:
    container = Container(name="app")

    assert _causes(container, [NOWHERE], [line]) == ["Service shop/db"]
    assert _causes(container, SERVED, [line]) == []
    assert _causes(container, [], [line]) == []  # it may be outside of the cluster


def test_a_url_in_a_script_is_waited_for_whatever_its_log_says() -> None:
    script = "until wget -qO- http://broker:8080/ready; do sleep 3; done"
    container = Container(name="wait", command=("sh", "-c", script))

    (cause,) = _causes(container, [], ["still waiting"], is_init=True)

    assert cause.startswith("Service shop/broker: Service broker does not exist")


def test_a_service_that_selects_the_pod_itself_is_no_cause() -> None:
    own = make.service("web", selector={"app": "web"})
    container = Container(name="app", env=(EnvVar("PUBLIC_URL", "http://web:8080"),))

    assert _causes(container, [own], ["connection refused: web"]) == []


def test_nothing_is_claimed_about_services_that_are_unread() -> None:
    assert _causes(WAIT, [], is_init=True, unread={"Service": "forbidden"}) == []


def test_a_value_of_a_variable_is_never_shown() -> None:
    container = Container(name="app", env=(EnvVar("DB_URL", "postgres://app:hunter2@db:5432/shop"),))
    pod = _pod(container)
    graph = GraphOfObjects(pod)

    (cause,) = services_it_waits_for(pod, container, graph, ["lookup db: no such host"])

    assert isinstance(cause, Finding)
    assert "hunter2" not in repr(cause)
    assert cause.evidence[1].where == "spec.containers[app].env[DB_URL]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "dial tcp: lookup api-v2 on 10.0.0.10:53: no such host",
            ["Service shop/api-v2: Service api-v2 does not exist"],
        ),
        ("Error: getaddrinfo ENOTFOUND api-v2", ["Service shop/api-v2: Service api-v2 does not exist"]),
        ("dial tcp: lookup api-v2.data on 10.0.0.10:53: no such host", ["Service data/api-v2: "]),
        ("dial tcp: lookup api.example.com on 10.0.0.10:53: no such host", []),
        ("dial tcp: lookup api-v2 on 10.0.0.10:53: i/o timeout", []),
        ("dial tcp: lookup db on 10.0.0.10:53: no such host", []),
    ],
)
def test_a_host_that_dns_does_not_know_is_a_service_that_does_not_exist(text: str, expected: list[str]) -> None:
    container = Container(name="app", image="web:1")
    causes = _causes(container, (*SERVED, make.service("api")), [text])
    assert len(causes) == len(expected)
    assert all(cause.startswith(start) for cause, start in zip(causes, expected, strict=True))
