"""Tables: cells equal those a real server printed for the same objects."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from k9py.simulator.printers.ages import human_duration
from k9py.simulator.printers.table import column_definitions, row
from k9py.simulator.registry.resources import PODS, by_plural
from tests.unit.simulator.objects import Object
from tests.unit.simulator.recordings import exchanges, recorded_body

NOW = datetime(2026, 11, 22, 6, 47, 48, tzinfo=UTC)
_MOVING = {"Age", "Last Seen", "First Seen"}


def _tables() -> list[Any]:
    return [
        pytest.param(
            exchange["request"]["path"], exchange["response"]["body"], id=exchange["request"]["path"].rpartition("/")[2]
        )
        for exchange in exchanges("list-table")
        if exchange["response"]["body"].get("kind") == "Table"
    ]


@pytest.mark.parametrize(("path", "table"), _tables())
def test_columns_are_the_recorded_ones(path: str, table: Any) -> None:
    keys = ("name", "type", "format", "priority")
    wanted = [{key: column[key] for key in keys} for column in table["columnDefinitions"]]
    made = column_definitions(by_plural(path.rpartition("/")[2]))
    assert [{key: column[key] for key in keys} for column in made] == wanted


@pytest.mark.parametrize(("path", "table"), _tables())
def test_cells_are_the_recorded_ones(path: str, table: Any) -> None:
    resource = by_plural(path.rpartition("/")[2])
    objects = {item["metadata"]["uid"]: item for item in recorded_body("list", path)["items"]}
    names = [column["name"] for column in table["columnDefinitions"]]
    compared = 0
    for recorded in table["rows"]:
        obj = objects.get(recorded["object"]["metadata"]["uid"])
        if obj is None or obj["metadata"]["resourceVersion"] != recorded["object"]["metadata"]["resourceVersion"]:
            continue
        made = row(resource, obj, NOW)["cells"]
        compared += 1
        assert _still(names, made) == _still(names, recorded["cells"])
    assert compared > 0


def _still(names: list[str], cells: list[Any]) -> list[Any]:
    """Remove time-dependent cells, and replace times within a cell ("1 (5s ago)")."""
    return [
        cell.partition(" (")[0] if name == "Restarts" else cell
        for name, cell in zip(names, cells, strict=True)
        if name not in _MOVING
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"), (119, "119s"), (120, "2m"), (125, "2m5s"), (599, "9m59s"), (600, "10m"), (10799, "179m"),
        (10800, "3h"), (10860, "3h1m"), (28800, "8h"), (172799, "47h"), (172800, "2d"), (180000, "2d2h"),
        (691200, "8d"), (63071999, "729d"), (63072000, "2y"), (63158400, "2y1d"), (252288000, "8y"), (-5, "<invalid>"),
    ],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text


def _pod(**status: Any) -> Object:
    spec = {"containers": [{"name": "app"}], "initContainers": [{"name": "wait"}]}
    return {"metadata": {"name": "a"}, "spec": spec, "status": status}


def _container(state: Object, **more: Any) -> Object:
    return {"name": "app", "ready": False, "restartCount": 0, "state": state, **more}


_FINISHED = (NOW - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
_RESTARTED = {"lastState": {"terminated": {"finishedAt": _FINISHED}}, "restartCount": 4}


@pytest.mark.parametrize(
    ("pod", "status", "restarts"),
    [
        (_pod(phase="Pending"), "Pending", "0"),
        (
            _pod(
                phase="Running",
                containerStatuses=[_container({"waiting": {"reason": "CrashLoopBackOff"}}, **_RESTARTED)],
            ),
            "CrashLoopBackOff",
            "4 (5m ago)",
        ),
        (
            _pod(
                phase="Running",
                containerStatuses=[_container({"terminated": {"exitCode": 137, "reason": "OOMKilled"}})],
            ),
            "OOMKilled",
            "0",
        ),
        (_pod(phase="Failed", containerStatuses=[_container({"terminated": {"exitCode": 3}})]), "ExitCode:3", "0"),
        (_pod(phase="Failed", reason="Evicted"), "Evicted", "0"),
        (
            _pod(phase="Pending", initContainerStatuses=[{"name": "wait", "state": {"running": {}}}]),
            "Init:0/1",
            "0",
        ),
        (
            _pod(
                phase="Pending",
                initContainerStatuses=[
                    {"name": "wait", "restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
                ],
            ),
            "Init:CrashLoopBackOff",
            "2",
        ),
        (
            _pod(
                phase="Pending",
                initContainerStatuses=[{"name": "wait", "state": {"terminated": {"exitCode": 1, "reason": "Error"}}}],
            ),
            "Init:Error",
            "0",
        ),
    ],
)
def test_a_pods_status_in_one_word(pod: Object, status: str, restarts: str) -> None:
    cells = row(PODS, pod, NOW)["cells"]
    assert (cells[2], cells[3]) == (status, restarts)


def test_a_pod_that_is_going_is_terminating() -> None:
    going = _pod(phase="Running")
    going["metadata"]["deletionTimestamp"] = "2026-11-22T06:48:00Z"
    assert row(PODS, going, NOW)["cells"][2] == "Terminating"
