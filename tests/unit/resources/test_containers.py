"""The containers of a pod as rows."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from k9py.api.kinds import POD
from k9py.api.metrics import Usage
from k9py.resources.containers import COLUMNS, container_rows
from k9py.views.values import Row, Tone

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)

APP = {
    "name": "app",
    "image": "registry.example.com/app:1",
    "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}, {"containerPort": 9090, "protocol": "UDP"}],
    "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"memory": "128Mi"}},
    "livenessProbe": {"httpGet": {"path": "/", "port": 8080}},
    "startupProbe": {"exec": {"command": ["true"]}},
    "volumeMounts": [{"name": "a", "mountPath": "/a"}, {"name": "b", "mountPath": "/b"}],
}
RUNNING = {"running": {"startedAt": "2026-11-30T11:55:00Z"}}


def rows(spec: dict[str, Any], status: dict[str, Any], used: Usage | None = None) -> dict[str, dict[str, str]]:
    return {row.cells[0].text: texts(row) for row in made(spec, status, used)}


def made(spec: dict[str, Any], status: dict[str, Any], used: Usage | None = None) -> tuple[Row, ...]:
    body = {"metadata": {"name": "cart-1", "namespace": "shop"}, "spec": spec, "status": status}
    return container_rows(POD.decode(json.dumps(body).encode()), lambda name: used, NOW)


def texts(row: Row) -> dict[str, str]:
    assert len(row.cells) == len(COLUMNS)
    return {
        column.id: column.live(row, NOW) if column.live else cell.text
        for column, cell in zip(COLUMNS, row.cells, strict=True)
    }


def test_a_running_container_shows_what_it_uses_of_what_it_may() -> None:
    last = {"terminated": {"exitCode": 137, "reason": "OOMKilled", "finishedAt": "2026-11-30T11:54:00Z"}}
    status = {
        "containerStatuses": [{"name": "app", "ready": True, "restartCount": 3, "state": RUNNING, "lastState": last}]
    }
    shown = rows({"containers": [APP]}, status, Usage(0.15, 96 * 2**20))["app"]
    assert shown == {
        "name": "app",
        "type": "main",
        "ready": "true",
        "state": "Running",
        "restarts": "3",
        "last_exit": "OOMKilled (exit 137, SIGKILL), 6m ago",
        "started": "5m",
        "probes": "LS",
        "cpu": "150m",
        "cpu_request": "150%",
        "cpu_limit": "–",
        "memory": "96Mi",
        "memory_request": "150%",
        "memory_limit": "75%",
        "cpu_bounds": "100m/–",
        "memory_bounds": "64Mi/128Mi",
        "ports": "http:8080/TCP,9090/UDP",
        "mounts": "2",
        "image": "registry.example.com/app:1",
    }


def test_containers_are_in_the_order_in_which_they_start() -> None:
    spec = {
        "initContainers": [{"name": "migrate"}, {"name": "proxy", "restartPolicy": "Always"}],
        "containers": [{"name": "app"}],
        "ephemeralContainers": [{"name": "debug"}],
    }
    shown = rows(spec, {})
    assert [(name, row["type"]) for name, row in shown.items()] == [
        ("migrate", "init"),
        ("proxy", "sidecar"),
        ("app", "main"),
        ("debug", "ephemeral"),
    ]
    assert [row.rank for row in made(spec, {})] == [0, 1, 2, 3]


def test_a_container_without_a_status_is_unknown() -> None:
    (row,) = made({"containers": [APP]}, {}, Usage(1, 1))
    assert row.tone is Tone.UNKNOWN
    shown = texts(row)
    assert (shown["state"], shown["ready"], shown["restarts"], shown["cpu"]) == ("not reported", "?", "–", "–")


@pytest.mark.parametrize(
    ("type_", "status", "text", "tone"),
    [
        ("containers", {"state": RUNNING, "ready": True}, "Running", Tone.OK),
        ("containers", {"state": RUNNING, "ready": False, "started": False}, "Running", Tone.BUSY),
        ("containers", {"state": RUNNING, "ready": False, "started": True}, "Running", Tone.WARN),
        ("containers", {"state": {"waiting": {"reason": "ContainerCreating"}}}, "ContainerCreating", Tone.BUSY),
        (
            "containers",
            {"state": {"waiting": {"reason": "ErrImagePull", "message": "manifest unknown."}}},
            "ErrImagePull: manifest unknown",
            Tone.FAIL,
        ),
        (
            "containers",
            {"state": {"terminated": {"exitCode": 143, "reason": "Error", "message": "bye\x1b[2J"}}},
            "Error (exit 143, SIGTERM): bye",
            Tone.FAIL,
        ),
        ("containers", {"state": {"terminated": {"exitCode": 1}}}, "Terminated (exit 1)", Tone.FAIL),
        ("containers", {"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}, "Completed", Tone.MUTED),
        ("containers", {"state": {}}, "not reported", Tone.UNKNOWN),
        ("initContainers", {"state": RUNNING, "ready": False}, "Running", Tone.BUSY),
        ("initContainers", {"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}, "Completed", Tone.MUTED),
        ("ephemeralContainers", {"state": RUNNING, "ready": False}, "Running", Tone.OK),
        (
            "ephemeralContainers",
            {"state": {"terminated": {"exitCode": 1, "reason": "Error"}}},
            "Error (exit 1)",
            Tone.WARN,
        ),
    ],
)
def test_the_state_of_a_container(type_: str, status: dict[str, Any], text: str, tone: Tone) -> None:
    statuses = {"initContainers": "initContainerStatuses", "containers": "containerStatuses"}
    field = statuses.get(type_, "ephemeralContainerStatuses")
    (row,) = made({type_: [{"name": "app"}]}, {field: [{"name": "app", **status}]})
    assert texts(row)["state"] == text
    assert row.tone is tone
