# ruff: noqa: E501 (messages as they are reported)
"""Probes that fail, the port that they ask, and when a failing probe is nothing yet."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.kinds import POD
from k9py.api.severity import Severity
from k9py.diagnosis.checks.probes import probe
from k9py.diagnosis.pods import unready_causes
from tests import factories as make
from tests.factories.graph import GraphOfObjects, findings_of
from tests.unit.diagnosis.checks.broken_pods import Json, ended, event, found, pod, running, status, waiting

DOWN, WARNING, INFO = Severity.DOWN, Severity.WARNING, Severity.INFO
REFUSED = 'Get "http://10.0.0.5:8081/ready": dial tcp 10.0.0.5:8081: connect: connection refused'


def container(port: int | str = 8080, ports: list[Json] | None = None, kind: str = "readiness", **more: Any) -> Json:
    declared = [{"containerPort": 8080, "name": "http"}] if ports is None else ports
    return {"ports": declared, f"{kind}Probe": {"httpGet": {"path": "/ready", "port": port}, **more}}


def unready(since: float = 600, *, was_ready: bool = False, spec: Json | None = None, **more: Any) -> Json:
    """Return a pod whose container runs and is not ready; `was_ready`: it was until a minute ago."""
    changed = 60 if was_ready else since
    return pod(
        status(running(since)), container=container() if spec is None else spec, changed=changed, age=since + 5, **more
    )


@pytest.mark.parametrize(
    ("spec", "text", "message"),
    [
        (
            container(),
            "Readiness probe failed: HTTP probe failed with statuscode: 503",
            "readiness probe of container app fails: HTTP probe failed with statuscode: 503 (GET :8080/ready)",
        ),
        (
            container(),
            'Readiness probe failed: Get "http://10.0.0.5:8080/ready": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
            "readiness probe of container app fails: context deadline exceeded (Client.Timeout exceeded while awaiting headers) (GET :8080/ready)",
        ),
        (
            container(8081),
            f"Readiness probe failed: {REFUSED}",
            "readiness probe of container app fails: connection refused (GET :8081/ready): 8081 is no port of the container, it declares http 8080",
        ),
        (
            container("web"),
            "Readiness probe errored and resulted in unknown state: port web not found",
            "readiness probe of container app fails: port web not found: the container has no port named web, it has http 8080",
        ),
        (
            {"readinessProbe": {"tcpSocket": {"port": 9}}, "livenessProbe": {"tcpSocket": {"port": 8080}}},
            "Readiness probe failed: dial tcp 10.0.0.5:9: connect: connection refused",
            "readiness probe of container app fails: connection refused (TCP :9): its other probes ask port 8080",
        ),
        (
            {"ports": [{"containerPort": 9090}], "readinessProbe": {"grpc": {"port": 5000}}},
            'Readiness probe failed: timeout: failed to connect service "10.0.0.5:5000" within 1s: context deadline exceeded',
            'readiness probe of container app fails: timeout: failed to connect service ":5000" within 1s: context deadline exceeded: 5000 is no port of the container, it declares 9090',
        ),
        (
            {"readinessProbe": {"exec": {"command": ["pg_isready"]}}},
            "Readiness probe failed: pg_isready: no response",
            "readiness probe of container app fails: pg_isready: no response",
        ),
        (
            container(kind="startup"),
            f"Startup probe failed: {REFUSED}".replace("8081", "8080"),
            "startup probe of container app fails: connection refused (GET :8080/ready)",
        ),
        (
            container(ports=[]),
            f"Readiness probe failed: {REFUSED}",
            "readiness probe of container app fails: connection refused (GET :8081/ready)",
        ),
    ],
)
def test_a_failing_probe_is_named_with_its_port(spec: Json, text: str, message: str) -> None:
    subject = unready(spec=spec)
    (finding,) = found(probe, subject, event(subject, "Unhealthy", text))
    assert (finding.severity, finding.reason, finding.message) == (DOWN, "Unhealthy", message)
    assert finding.evidence[0].text == text
    assert finding.container == "app"


@pytest.mark.parametrize(
    ("age", "was_ready", "delay", "severity"),
    [(20, False, 0, INFO), (70, False, 0, WARNING), (70, False, 30, INFO), (400, False, 0, DOWN), (600, True, 0, DOWN)],
    ids=["just started", "for a minute", "within its initial delay", "for long", "was ready before"],
)
def test_a_container_that_starts_may_fail_its_probe(
    age: float, was_ready: bool, delay: int, severity: Severity
) -> None:
    subject = unready(age, was_ready=was_ready, spec=container(initialDelaySeconds=delay))
    failed = event(subject, "Unhealthy", f"Readiness probe failed: {REFUSED}", first=age - 5)
    graph = GraphOfObjects(subject, failed)
    (finding,) = findings_of(probe, graph.subject(POD, "web-1", "shop"), graph)
    assert finding.severity is severity
    assert finding.since == make.before(60 if was_ready else age)
    assert (graph.again_at is not None) is (severity is not DOWN)


def test_the_startup_probe_is_named_before_the_others() -> None:
    subject = unready()
    events = [event(subject, "Unhealthy", f"{kind} probe failed: no") for kind in ("Readiness", "Startup")]
    (finding,) = found(probe, subject, *events)
    assert finding.message == "startup probe of container app fails: no"


def test_a_sidecar_that_does_not_pass_its_startup_probe_is_named() -> None:
    mesh = (status(running(), name="mesh"), {"restartPolicy": "Always", **container(15021, [], "startup")})
    subject = pod(status(waiting("PodInitializing")), inits=[mesh], phase="Pending", changed=600)
    (finding,) = found(
        probe, subject, event(subject, "Unhealthy", f"Startup probe failed: {REFUSED}", container="mesh")
    )
    assert finding.message.startswith("startup probe of sidecar mesh fails: connection refused")
    assert finding.evidence[1].where == "spec.initContainers[mesh].startupProbe"


FAILED = ("Unhealthy", f"Readiness probe failed: {REFUSED}")


@pytest.mark.parametrize(
    ("subject", "seen"),
    [
        (pod(status(running(), ready=True)), 30),
        (unready(deleted=-5), 5),
        (pod(status(waiting("ContainerCreating")), phase="Pending"), 5),
        (pod(status(running(5), last=ended(1), restarts=2)), 5),
    ],
    ids=["ready by now", "terminating", "not started", "crashed just now: no probe"],
)
def test_a_probe_that_does_not_matter_is_silent(subject: Json, seen: float) -> None:
    assert found(probe, subject, event(subject, *FAILED, seen=seen, first=seen)) == ()


@pytest.mark.parametrize(
    ("spec", "since", "text"),
    [
        (container(), 600, "readiness probe of container app does not succeed (GET :8080/ready)"),
        (container(), 30, None),
        (container(kind="startup"), 600, "startup probe of container app does not succeed (GET :8080/ready)"),
        (
            {"readinessProbe": {"exec": {"command": ["pg_isready", "-h", "db"]}}},
            600,
            "readiness probe of container app does not succeed (pg_isready -h db)",
        ),
        ({}, 600, None),
    ],
)
def test_without_an_event_only_the_state_is_known(spec: Json, since: float, text: str | None) -> None:
    other = pod(status(running(), ready=True), name="web-2")
    findings = found(probe, unready(since, spec=spec), other, event(other, *FAILED))
    assert [finding.message for finding in findings] == ([] if text is None else [text])


@pytest.mark.parametrize(
    ("spec", "text", "since", "blocking"),
    [
        (container("web"), "Readiness probe errored: port web not found", 10, False),
        (container("web"), "Readiness probe errored: port web not found", 31, True),
        (container(8081), f"Readiness probe failed: {REFUSED}", 31, True),
        (container(8080), f"Readiness probe failed: {REFUSED}", 31, False),
        (container(8080), "Readiness probe failed: HTTP probe failed with statuscode: 503", 90, False),
    ],
)
def test_a_probe_of_a_port_that_the_container_lacks_never_succeeds(
    spec: Json, text: str, since: float, blocking: bool
) -> None:
    subject = unready(since, spec=spec)
    graph = GraphOfObjects(subject, event(subject, "Unhealthy", text, first=since - 5, seen=1))
    typed = graph.subject(POD, "web-1", "shop")
    (cause,) = unready_causes(typed, graph.now, graph.events(typed))
    assert cause.is_blocking is blocking


@pytest.mark.parametrize(
    ("spec", "text", "remedy"),
    [
        (container(), "HTTP probe failed with statuscode: 503", "find out why the program answers 503"),
        (container(), "HTTP probe failed with statuscode: 404", "correct the path of the probe"),
        (container(), "HTTP probe failed with statuscode: 401", "let the program answer the probe without credentials"),
        ({"readinessProbe": {"exec": {"command": ["pg_isready"]}}}, "no response", "run the command of the probe"),
        (container(), 'Get "http://10.0.0.5:8080/ready": EOF', "correct the probe's port or path"),
    ],
)
def test_what_helps_follows_from_the_answer_of_a_probe(spec: Json, text: str, remedy: str) -> None:
    broken = unready(spec=spec)

    (finding,) = found(probe, broken, event(broken, "Unhealthy", f"Readiness probe failed: {text}"))

    assert (finding.remedy or probe.remedy).startswith(remedy)


@pytest.mark.parametrize(
    ("output", "age", "is_down"),
    [
        ("HTTP probe failed with statuscode: 404", 70, True),
        ("HTTP probe failed with statuscode: 404", 40, False),
        ("HTTP probe failed with statuscode: 401", 70, True),
        ("HTTP probe failed with statuscode: 429", 70, False),
        ("HTTP probe failed with statuscode: 503", 70, False),
        ("error: this server does not implement the grpc health protocol (grpc.health.v1.Health)", 70, True),
    ],
)
def test_a_request_that_is_answered_as_wrong_does_not_become_right(output: str, age: float, is_down: bool) -> None:
    subject = pod(status(running(age)), container={"readinessProbe": {"httpGet": {"port": 80}}}, age=age, changed=age)
    (finding,) = found(probe, subject, event(subject, "Unhealthy", f"Readiness probe failed: {output}", first=age - 5))
    assert (finding.severity is Severity.DOWN) == is_down
