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
from k9py.cli.objects.rows import type_name
from k9py.resources.generic import generic_columns, generic_row
from k9py.resources.registry import built_in_resources
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
BY_KIND = {resource.kind.name: resource for resource in RESOURCES.values()}
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


async def test_the_cells_of_all_kinds_are_those_that_kubectl_prints(kubectl: Kubectl) -> None:
    plurals = ",".join(RESOURCES)
    expected: dict[tuple[str, str], dict[str, str]] = {}
    for cells in titled_rows((await kubectl("get", plurals, "-A", "-o", "wide")).out):
        name = cells.pop("NAME").removesuffix(" (default)")
        expected[cells.pop("NAMESPACE", ""), name] = cells
    items: list[dict[str, Any]] = (await kubectl("get", plurals, "-A", "-o", "json")).json()["items"]
    assert len(items) == len(expected)

    seen = set()
    different = {}
    for item in items:
        resource = BY_KIND[item["kind"]]
        seen.add(item["kind"])
        value = resource.kind.decode(msgspec.json.encode(item))
        shown = printed_cells(resource, resource.row(value, Context(NOW)), NOW)
        name = f"{type_name(resource.kind.resource_type)}/{value.name}"
        cells = expected[value.namespace, name]
        if (message := cells.get("MESSAGE", "")).endswith("..."):  # kubectl prints the first line alone
            assert shown["MESSAGE"].startswith(message.removesuffix("..."))
            shown["MESSAGE"] = message
        wrong = {title: (shown.get(title), cell) for title, cell in cells.items() if shown.get(title) != cell}
        if wrong:
            different[name] = wrong
    assert different == {}
    assert seen == BY_KIND.keys()


async def test_the_rows_of_a_custom_resource_are_those_that_kubectl_prints(
    kubectl: Kubectl, simulator: Simulator
) -> None:
    widget = {"apiVersion": "shop.example.com/v1", "kind": "Widget", "spec": {"size": 3}, "metadata": {"name": "cart"}}
    await kubectl("wait", "--for=condition=Established", "crd/widgets.shop.example.com", "--timeout=20s")
    await kubectl("create", "-f", "-", "-n", NAMESPACE, stdin=json.dumps(widget))
    (expected,) = titled_rows((await kubectl("get", "widgets.shop.example.com", "-n", NAMESPACE, "-o", "wide")).out)

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
