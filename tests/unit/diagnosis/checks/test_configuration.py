"""Containers that cannot be created: what is missing is the root, with what may have been meant."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.severity import Severity
from k9py.diagnosis.checks.configuration import container_config
from k9py.diagnosis.finding import EvidenceSource, Finding
from tests import factories as make
from tests.unit.diagnosis.checks.broken_pods import Json, event, found, object_json, pod, status, waiting

REASON = "CreateContainerConfigError"


def config_map(name: str = "app-config", **data: str) -> Json:
    return object_json("ConfigMap", name, data=data)


def needs(**references: Any) -> Json:
    """Return the spec of a container with environment variables from keys: `DB_URL=("configMapKeyRef", name, key)`."""
    env = [
        {"name": name, "valueFrom": {kind: {"name": of, "key": key}}} for name, (kind, of, key) in references.items()
    ]
    return {"env": env}


def stuck(message: str, container: Json | None = None, reason: str = REASON) -> Json:
    return pod(status(waiting(reason, message)), phase="Pending", container=container)


def roots(finding: Finding) -> list[tuple[str, str, str]]:
    return [(str(each.about), each.reason, each.message) for each in finding.caused_by if isinstance(each, Finding)]


@pytest.mark.parametrize(
    ("message", "others", "text", "root"),
    [
        (
            'configmap "app-config" not found',
            [config_map("app-confg")],
            "ConfigMap app-config not found (needed by container app)",
            ("ConfigMap shop/app-config", "NotFound", "does not exist; similar: app-confg"),
        ),
        (
            'secret "db" not found',
            [],
            "Secret db not found (needed by container app)",
            ("Secret shop/db", "NotFound", "does not exist"),
        ),
        (
            "couldn't find key DB_URL in ConfigMap shop/app-config",
            [config_map(DB_URI="x", LOG_LEVEL="y")],
            "container app cannot be created: couldn't find key DB_URL in ConfigMap shop/app-config",
            ("ConfigMap shop/app-config", "KeyNotFound", "has no key DB_URL; similar: DB_URI"),
        ),
        (
            "couldn't find key password in Secret shop/db",
            [object_json("Secret", "db", type="Opaque", data={"passwd": "eA=="})],
            "container app cannot be created: couldn't find key password in Secret shop/db",
            ("Secret shop/db", "KeyNotFound", "has no key password; similar: passwd"),
        ),
    ],
)
def test_what_is_missing_is_the_root(message: str, others: list[Json], text: str, root: tuple[str, str, str]) -> None:
    subject = stuck(message)
    failed = event(subject, "Failed", f"Error: {message}", first=200)
    (finding,) = found(container_config, subject, failed, *others)
    assert (finding.severity, finding.reason, finding.message) == (Severity.DOWN, REASON, text)
    assert finding.since == make.before(200)
    assert [each.source for each in finding.evidence] == [EvidenceSource.FIELD, EvidenceSource.EVENT]
    assert roots(finding) == [root]


def test_everything_that_the_container_misses_is_named_once() -> None:
    container = needs(
        A=("configMapKeyRef", "app-config", "A"),
        B=("configMapKeyRef", "app-config", "B"),
        C=("secretKeyRef", "db", "password"),
        D=("secretKeyRef", "db", "user"),
        E=("configMapKeyRef", "app-config", "there"),
    )
    container["env"].append(
        {"name": "F", "valueFrom": {"secretKeyRef": {"name": "gone", "key": "x", "optional": True}}}
    )
    subject = stuck("couldn't find key A in ConfigMap shop/app-config", container)
    (finding,) = found(container_config, subject, config_map(there="x"))
    assert roots(finding) == [
        ("ConfigMap shop/app-config", "KeyNotFound", "has no key A"),
        ("ConfigMap shop/app-config", "KeyNotFound", "has no key B"),
        ("Secret shop/db", "NotFound", "does not exist"),
    ]


@pytest.mark.parametrize(
    ("message", "there"),
    [
        ("couldn't find key DB_URL in ConfigMap shop/app-config", "key DB_URL of ConfigMap app-config exists by now"),
        ('configmap "app-config" not found', "ConfigMap app-config exists by now"),
    ],
)
def test_what_exists_by_now_is_no_root(message: str, there: str) -> None:
    (finding,) = found(container_config, stuck(message), config_map(DB_URL="x"))
    assert finding.message == f"container app has not been started again yet: {there}"
    assert (finding.severity, finding.caused_by) == (Severity.WARNING, ())


def test_what_may_not_be_read_is_not_called_missing() -> None:
    (finding,) = found(container_config, stuck('secret "db" not found'), unread={"Secret": "forbidden"})
    assert finding.message == "Secret db not found (needed by container app)"
    assert [str(cause) for cause in finding.caused_by] == ["Secret shop/db"]


@pytest.mark.parametrize(
    ("reason", "message", "text"),
    [
        (
            REASON,
            'container has runAsNonRoot and image will run as root (pod: "web-1_shop(uid)", container: app)',
            "container app cannot be created: container has runAsNonRoot and image will run as root",
        ),
        (
            REASON,
            (
                "container has runAsNonRoot and image has non-numeric user (node), cannot verify user is non-root "
                '(pod: "web-1_shop(uid)", container: app)'
            ),
            (
                "container app cannot be created: container has runAsNonRoot and image has non-numeric user (node), "
                "cannot verify user is non-root"
            ),
        ),
        (
            REASON,
            'failed to prepare subPath for volumeMount "data" of container "app"',
            'container app cannot be created: failed to prepare subPath for volumeMount "data" of container "app"',
        ),
        ("CreateContainerError", "no command specified", "container app cannot be created: no command specified"),
        (
            "CreateContainerError",
            "context deadline exceeded",
            "container app cannot be created: context deadline exceeded",
        ),
        (REASON, "", "container app cannot be created"),
    ],
)
def test_settings_that_are_refused_are_named_with_their_message(reason: str, message: str, text: str) -> None:
    (finding,) = found(container_config, stuck(message, reason=reason))
    assert (finding.severity, finding.reason, finding.message) == (Severity.DOWN, reason, text)
    assert finding.caused_by == ()


def test_a_late_cache_of_the_kubelet_is_only_a_warning() -> None:
    (finding,) = found(container_config, stuck("failed to sync configmap cache: timed out waiting for the condition"))
    assert finding.severity is Severity.WARNING


@pytest.mark.parametrize(
    "subject",
    [
        pod(status({"running": {}}, ready=True), container=needs(A=("configMapKeyRef", "gone", "A"))),
        pod(status(waiting("ContainerCreating")), phase="Pending", age=3),
        pod(status(waiting(REASON, 'secret "db" not found')), phase="Pending", deleted=-5),
    ],
    ids=["runs, its ConfigMap is gone since", "creating", "terminating"],
)
def test_a_pod_that_runs_starts_or_ends_is_silent(subject: Json) -> None:
    assert found(container_config, subject) == ()
