"""The rows of all curated kinds, and of a custom resource, have the cells that the real kubectl prints.

One simulated cluster with the recorded objects. What a real API server prints for them is compared without a server in
`tests/unit/resources/test_kubectl_cells.py`.
"""

import json
from collections.abc import Iterator
from typing import Any

import aiohttp
import msgspec
import pytest

from k9py.api.kinds import TableKind
from k9py.api.resource_type import ResourceType
from k9py.resources.generic import generic_columns, generic_row
from k9py.resources.registry import built_in_resources
from k9py.resources.resource import Resource
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import CUSTOMRESOURCEDEFINITIONS
from k9py.simulator.server import Simulator
from tests.conformance.kubectl import Kubectl
from tests.conformance.recorded_objects import DATA, NAMESPACE, NOW, fill
from tests.unit.resources.recorded import Context, printed_cells
from tests.unit.simulator.client import TABLE, RawClient

RESOURCES = {resource.kind.resource_type.qualified_name: resource for resource in built_in_resources()}
STORY: list[dict[str, Any]] = json.loads((DATA / "custom_resources.json").read_text())
DEFINITION: dict[str, Any] = next(step["body"] for step in STORY if step["title"] == "definition: create")
WIDGETS = ResourceType("shop.example.com", "v1", "widgets", "Widget", ref_group="shop.example.com")


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(clock=ManualClock(NOW)) as running:
        running.call(fill)
        running.call(lambda state: create_object(state, CUSTOMRESOURCEDEFINITIONS, DEFINITION))
        yield running


def titled_rows(out: str) -> Iterator[dict[str, str]]:
    """Yield kubectl's rows, of one table or several, as cells by title."""
    titles: dict[str, tuple[int, int | None]] = {}
    for line in out.splitlines():
        if line.startswith(("NAMESPACE ", "NAME ", "LAST SEEN ")):
            starts = [0] + [at for at in range(2, len(line)) if line[at] != " " and line[at - 2 : at] == "  "]
            spans = zip(starts, [*starts[1:], None], strict=True)
            titles = {line[start:stop].strip(): (start, stop) for start, stop in spans}
        elif line.strip():
            yield {title: line[start:stop].strip() for title, (start, stop) in titles.items()}


async def printed(kubectl: Kubectl, plural: str) -> dict[tuple[str, str], dict[str, str]]:
    """Return what kubectl prints for all objects of a type, by namespace and name."""
    out = (await kubectl("get", plural, "-A", "-o", "wide")).out
    rows = {}
    for cells in titled_rows(out):
        name = cells["NAME"].removesuffix(" (default)")
        rows[cells.pop("NAMESPACE", ""), name] = cells
    return rows


@pytest.mark.parametrize(("plural", "resource"), RESOURCES.items(), ids=RESOURCES)
async def test_the_cells_that_kubectl_prints_are_equal(kubectl: Kubectl, plural: str, resource: Resource) -> None:
    expected = await printed(kubectl, plural)
    items: list[dict[str, Any]] = (await kubectl("get", plural, "-A", "-o", "json")).json()["items"]
    assert items
    assert len(items) == len(expected)
    for item in items:
        value = resource.kind.decode(msgspec.json.encode(item))
        row = resource.row(value, Context(NOW))
        shown = printed_cells(resource, row, NOW)
        cells = expected[value.namespace, value.name]
        if (message := cells.get("MESSAGE", "")).endswith("..."):  # kubectl prints the first line alone
            assert shown["MESSAGE"].startswith(message.removesuffix("..."))
            shown["MESSAGE"] = message
        assert {title: shown.get(title) for title in cells} == cells


async def test_the_rows_of_a_custom_resource_are_those_that_kubectl_prints(
    kubectl: Kubectl, simulator: Simulator
) -> None:
    widget = {"apiVersion": "shop.example.com/v1", "kind": "Widget", "spec": {"size": 3}, "metadata": {"name": "cart"}}
    await kubectl("wait", "--for=condition=Established", "crd/widgets.shop.example.com", "--timeout=20s")
    await kubectl("create", "-f", "-", "-n", NAMESPACE, stdin=json.dumps(widget))
    expected = (await printed(kubectl, "widgets.shop.example.com"))[NAMESPACE, "cart"]

    kind = TableKind(WIDGETS)
    async with aiohttp.ClientSession() as session:
        client = RawClient(session, simulator.url, simulator.token())
        table = (await client.get(WIDGETS.path(), accept=TABLE)).body
    kind.learn_columns(msgspec.json.encode(table))
    columns = generic_columns(kind.columns)
    row = generic_row(kind.decode(msgspec.json.encode(table["rows"][0])), kind.columns)
    shown = {
        column.title: column.live(row, NOW) if column.live else cell.text
        for column, cell in zip(columns, row.cells, strict=True)
    }
    assert shown == expected
