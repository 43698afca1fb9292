"""What rows of tens of thousands of objects may cost: bytes kept, cells shared, keys not made twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from k9py.api.kinds import POD
from k9py.api.meta import Meta, ObjectRef
from k9py.api.metrics import Usage
from k9py.api.pods import Pod
from k9py.api.resource_types import STANDARD
from k9py.api.table import TableColumn, TableRow
from k9py.resources.cells import shared_cell
from k9py.resources.generic import generic_row
from k9py.resources.registry import built_in_resources
from k9py.views.values import Row, Tone
from tests.retained import retained_bytes
from tests.unit.resources.recorded import Context

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PODS = 2_000


def pods() -> list[Pod]:
    """Return pods as a Deployment of many replicas has them: all alike but for names, addresses and nodes."""
    return [
        POD.decode(
            msgspec.json.encode(
                {
                    "metadata": {
                        "name": f"web-{index:05}",
                        "namespace": "shop",
                        "creationTimestamp": (NOW - timedelta(seconds=index)).isoformat(),
                    },
                    "spec": {
                        "nodeName": f"node-{index % 40}",
                        "containers": [{"name": "app", "resources": {"requests": {"cpu": "100m", "memory": "64Mi"}}}],
                    },
                    "status": {
                        "phase": "Running",
                        "podIP": f"10.1.{index // 250}.{index % 250}",
                        "qosClass": "Burstable",
                        "conditions": [{"type": "Ready", "status": "True"}],
                        "containerStatuses": [{"name": "app", "ready": True, "state": {"running": {}}}],
                    },
                }
            )
        )
        for index in range(PODS)
    ]


@dataclass(frozen=True)
class Used(Context):
    """Usage as metrics-server reports it: of every pod another one, printed in some hundred texts."""

    amounts: dict[ObjectRef, Usage] | None = None

    def usage(self, ref: ObjectRef) -> Usage | None:
        return None if self.amounts is None else self.amounts[ref]


def rows_of(values: list[Pod], context: Context) -> list[Row]:
    resource_type = STANDARD.find("pods")
    assert resource_type is not None
    resource = built_in_resources().of(resource_type)
    assert resource is not None
    return [resource.row(value, context) for value in values]


@pytest.mark.parametrize(("is_measured", "most"), [(False, 480), (True, 620)], ids=["unmeasured", "measured"])
def test_the_row_of_a_pod_keeps_few_bytes(is_measured: bool, most: int) -> None:
    values = pods()
    amounts = {pod.key: Usage(0.001 * (at % 200) + at * 1e-9, (64 + at % 100) << 20) for at, pod in enumerate(values)}
    context = Used(NOW, amounts=amounts if is_measured else None)
    shown = rows_of(values[:200], context)
    rows = rows_of(values, context)
    kept = retained_bytes(rows, apart_from=(shown, values, context)) / len(rows)
    assert most / 2 < kept < most


def test_only_the_cells_of_what_differs_are_made_for_each_row() -> None:
    first, second = rows_of(pods()[:81:80], Context(NOW))
    own = [index for index, (one, other) in enumerate(zip(first.cells, second.cells, strict=True)) if one is not other]
    assert [first.cells[index].text for index in own] == ["web-00000", "10.1.0.0"]


def test_long_texts_are_not_kept_for_others() -> None:
    assert shared_cell("Running", Tone.OK) is shared_cell("Running", Tone.OK)
    message = "Back-off pulling image registry.example.com/shop/web:1.0.0"
    assert shared_cell(message) == shared_cell(message)
    assert shared_cell(message) is not shared_cell(message)


def test_a_shared_cell_is_printable() -> None:
    assert shared_cell("a\x1b[31mb").text == "ab"


def test_rows_that_the_server_prints_share_their_states() -> None:
    columns = (TableColumn("Name", "string"), TableColumn("Ready", "string"), TableColumn("Replicas", "integer"))

    def row(name: str) -> Row:
        return generic_row(TableRow(metadata=Meta(name=name), cells=(name, "False", 3)), columns)

    first, second = row("a"), row("b")
    assert first.cells[1] is second.cells[1]
    assert [first.cells[0].text, second.cells[0].text] == ["a", "b"]
