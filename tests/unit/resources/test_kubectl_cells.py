"""The cells of every curated kind are those that kubectl printed for the same objects on a real cluster."""

from __future__ import annotations

import json
from typing import Any

import pytest

from k9py.api.resource_types import STANDARD
from k9py.api.times import parse_rfc3339
from k9py.resources.registry import built_in_resources
from k9py.resources.resource import Resource
from k9py.views.values import Tone
from tests.unit.resources.recorded import DIRECTORY, Context, Printed, near, printed_cells, recorded

LINES = [line for line in recorded() if STANDARD.find(line.resource) is not None]


def descriptor(plural: str) -> Resource:
    resource_type = STANDARD.find(plural)
    assert resource_type is not None
    resource = built_in_resources().of(resource_type)
    assert resource is not None, f"no descriptor of {plural}"
    return resource


@pytest.mark.parametrize("line", LINES, ids=[f"{line.resource}-{line.name}" for line in LINES])
def test_the_cells_that_kubectl_prints_are_equal(line: Printed) -> None:
    resource = descriptor(line.resource)
    value = resource.kind.decode(line.raw)
    row = resource.row(value, Context(line.now))
    shown = [printed_cells(resource, row, now) for now in near(line.now)]
    different = {
        title: (text, shown[0].get(title, "no such column"))
        for title, text in line.cells.items()
        if all(cells.get(title) != text for cells in shown)
    }
    if "Failed" in line.cells.values():
        different.pop("DURATION", None)  # kubectl counts on after a Job has failed; kdash shows how long it ran
    assert not different


def test_every_curated_kind_is_recorded() -> None:
    assert {resource.kind.resource for resource in built_in_resources()} == {line.resource for line in LINES}


@pytest.mark.parametrize("line", LINES, ids=[f"{line.resource}-{line.name}" for line in LINES])
def test_a_row_has_a_cell_for_each_column(line: Printed) -> None:
    resource = descriptor(line.resource)
    row = resource.row(resource.kind.decode(line.raw), Context(line.now))
    assert len(row.cells) == len(resource.columns)
    assert row.key.kind == resource.kind.name
    assert row.since is not None


def test_an_autoscaler_in_the_older_version_has_the_same_targets() -> None:
    rows = json.loads((DIRECTORY.parent / "table_rows.json").read_text())
    lines = [row for row in rows if row["object"]["apiVersion"] == "autoscaling/v1"]
    assert lines
    resource = descriptor("horizontalpodautoscalers")
    at = [column.title for column in resource.columns].index("TARGETS")
    for line in lines:
        now = parse_rfc3339(line["now"])
        assert now is not None
        row = resource.row(resource.kind.decode(json.dumps(line["object"]).encode()), Context(now))
        assert row.cells[at].text == line["cells"][2]


POD_STATES = json.loads((DIRECTORY.parent / "pod_states.json").read_text())
POD_TITLES = {
    "ready": "READY",
    "status": "STATUS",
    "restarts": "RESTARTS",
    "ip": "IP",
    "node": "NODE",
    "nominatedNode": "NOMINATED NODE",
    "readinessGates": "READINESS GATES",
}


@pytest.mark.parametrize("state", POD_STATES, ids=[state["name"] for state in POD_STATES])
def test_the_row_of_a_pod_has_the_words_that_the_api_server_printed(state: dict[str, Any]) -> None:
    resource = descriptor("pods")
    now = parse_rfc3339(state["now"])
    assert now is not None
    row = resource.row(resource.kind.decode(json.dumps(state["pod"]).encode()), Context(now))
    shown = printed_cells(resource, row, now)
    assert {name: shown[title] for name, title in POD_TITLES.items()} == {name: state[name] for name in POD_TITLES}


HEALTHY = ("Running", "Completed", "Succeeded")


@pytest.mark.parametrize("state", POD_STATES, ids=[state["name"] for state in POD_STATES])
def test_a_pod_in_trouble_is_not_shown_as_healthy(state: dict[str, Any]) -> None:
    resource = descriptor("pods")
    now = parse_rfc3339(state["now"])
    assert now is not None
    row = resource.row(resource.kind.decode(json.dumps(state["pod"]).encode()), Context(now))
    if state["status"] not in HEALTHY:
        assert row.tone not in (Tone.OK, Tone.MUTED, Tone.PLAIN)
