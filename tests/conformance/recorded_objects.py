"""A simulated cluster with the objects of `tests/data/table_rows.json` and pods in all states, and kubectl's tables."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from k9py.simulator.clock import parse_timestamp
from k9py.simulator.registry.resources import PODS
from k9py.simulator.state import SimulatorState
from tests.unit.simulator.objects import add_namespace

DATA = Path(__file__).parents[1] / "data"
ROWS: list[dict[str, Any]] = json.loads((DATA / "table_rows.json").read_text())
POD_STATES: list[dict[str, Any]] = json.loads((DATA / "pod_states.json").read_text())
NAMESPACE = "k9py-lab"
NOW = parse_timestamp(ROWS[0]["now"])


def fill(state: SimulatorState) -> None:
    """Store all objects, with their times moved to `NOW`."""
    for row in ROWS:
        group_version = row["object"]["apiVersion"]
        resource = state.storage.resources.of_kind(group_version, row["object"]["kind"])
        assert resource is not None
        if resource.api_version == group_version and resource.storage_version is None:
            _store(state, resource, row["object"], parse_timestamp(row["now"]))
    add_namespace(state)
    for pod in POD_STATES:
        _store(state, PODS, pod["pod"], parse_timestamp(pod["now"]))


def _store(state: SimulatorState, resource: Any, obj: dict[str, Any], printed_at: datetime) -> None:
    """Store an object with its times moved as if it had been printed now."""
    moved = _moved(obj, NOW - printed_at)
    metadata = {key: value for key, value in moved["metadata"].items() if key != "resourceVersion"}
    if state.storage.get(resource, metadata.get("namespace"), metadata["name"]) is None:
        state.storage.create(resource, {**moved, "metadata": metadata})


def _moved(value: Any, by: timedelta) -> Any:
    match value:
        case dict():
            return {key: _moved(item, by) for key, item in value.items()}
        case list():
            return [_moved(item, by) for item in value]
        case str() if len(value) in (20, 27) and value.endswith("Z") and value[4] == "-":
            return (parse_timestamp(value) + by).strftime("%Y-%m-%dT%H:%M:%SZ")
        case _:
            return value


def tables(out: str) -> dict[str, list[str]]:
    """Return kubectl's rows of several tables by the object's `kind/name`, split at the offsets of their headings."""
    rows: dict[str, list[str]] = {}
    offsets: list[int] = []
    for line in out.splitlines():
        if line.startswith(("NAMESPACE ", "NAME ", "LAST SEEN ")):
            offsets = [0] + [at for at in range(2, len(line)) if line[at] != " " and line[at - 2 : at] == "  "]
        elif line.strip():
            cells = [line[start:stop].strip() for start, stop in zip(offsets, [*offsets[1:], None], strict=True)]
            rows[next(cell for cell in cells if "/" in cell)] = cells
    return rows
