"""Discovery, Table columns and cells of every kind, against what a real API server 1.36 answered.

`tests/data/table_columns.json`: columns and bookmarks by path. `table_rows.json`: objects and cells.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from k9py.simulator.apiserver.discovery import AGGREGATED
from k9py.simulator.apiserver.empty_objects import empty_fields
from k9py.simulator.clock import parse_timestamp
from k9py.simulator.printers.custom_columns import custom_cells
from k9py.simulator.printers.table import column_definitions, empty_cells, row
from k9py.simulator.registry.resource_table import ResourceTable
from k9py.simulator.registry.resources import CustomType, Resource
from tests.unit.simulator.client import RawClient

_DATA = Path(__file__).parents[2] / "data"
_COLUMNS: dict[str, dict[str, Any]] = json.loads((_DATA / "table_columns.json").read_text())
_ROWS: list[dict[str, Any]] = json.loads((_DATA / "table_rows.json").read_text())
_DISCOVERY: dict[str, dict[str, Any]] = json.loads((_DATA / "discovery.json").read_text())
_RESOURCES = ResourceTable()
_LISTED = [resource for resource in _RESOURCES if "list" in resource.verbs]


def _served(path: str) -> Resource:
    parts = path.strip("/").split("/")
    group, version = ("", parts[1]) if parts[0] == "api" else (parts[1], parts[2])
    resource = _RESOURCES.find(group, version, parts[-1])
    assert resource is not None, path
    return resource


async def test_discovery_describes_every_kind_as_the_real_server(client: RawClient) -> None:
    described: dict[str, dict[str, Any]] = {}
    for root in ("/api", "/apis"):
        for group in (await client.get(root, accept=AGGREGATED)).body["items"]:
            for version in group["versions"]:
                path = "/".join(filter(None, (group["metadata"].get("name", ""), version["version"])))
                described |= {f"{path}/{entry['resource']}": entry for entry in version["resources"]}
    assert described.keys() == _DISCOVERY.keys()
    for path, entry in described.items():
        recorded = {**_DISCOVERY[path]}
        known = {sub["subresource"]: sub for sub in recorded.pop("subresources", ())}
        # Not every subresource is simulated (pods/exec and the like).
        assert all(known[sub["subresource"]] == sub for sub in entry.pop("subresources", ())), path
        assert entry == recorded


@pytest.mark.parametrize("resource", _LISTED, ids=lambda r: f"{r.group}-{r.version}-{r.plural}")
def test_columns_and_the_bookmark_are_the_real_servers(resource: Resource) -> None:
    recorded = _COLUMNS[f"{resource.group}/{resource.version}/{resource.plural}".lstrip("/")]
    columns = [[c["name"], c["type"], c["format"], c["priority"]] for c in column_definitions(resource)]
    assert columns == recorded["columns"]
    assert empty_cells(resource, parse_timestamp("2026-01-01T00:00:00Z")) == recorded["empty"]
    assert empty_fields(resource) == recorded["object"]


@pytest.mark.parametrize("entry", _ROWS, ids=lambda entry: f"{entry['path'].rpartition('/')[2]}-{entry['name']}")
def test_cells_are_the_real_servers(entry: dict[str, Any]) -> None:
    printed = row(_served(entry["path"]), entry["object"], parse_timestamp(entry["now"]), "None")
    assert printed == {"cells": entry["cells"], "object": None}


_PRINTED: dict[str, Any] = json.loads((_DATA / "printer_columns.json").read_text())


@pytest.mark.parametrize("column", _PRINTED["columns"], ids=lambda column: f"{column['type']}-{column['jsonPath']}")
def test_printer_columns_of_custom_resources_are_the_real_servers(column: dict[str, Any]) -> None:
    custom = CustomType("ThingList", "paths.example.com/v1", {}, ({"name": "Column", **column},))
    cells = custom_cells(custom, _PRINTED["object"], parse_timestamp(_PRINTED["now"]))
    assert cells == ["thing", column["cell"]]
