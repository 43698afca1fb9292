"""What a real kubectl printed for objects of a real API server: `tests/data/kubectl_get/`.

Each file is named after a resource and has tables: when it was printed, the titles, and for each row the cells and the
object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from k9py.api.meta import ObjectRef
from k9py.api.metrics import Usage, UsageHistory
from k9py.api.times import parse_rfc3339
from k9py.resources.resource import Resource
from k9py.views.values import Row

DIRECTORY = Path(__file__).parents[2] / "data" / "kubectl_get"


@dataclass(frozen=True)
class Context:
    """What a row may depend on: a time, and usage if it is given."""

    now: datetime
    used: Usage | None = None
    past: UsageHistory | None = None
    pods: int | None = None

    def usage(self, ref: ObjectRef) -> Usage | None:
        return self.used

    def history(self, ref: ObjectRef) -> UsageHistory | None:
        return self.past

    def pod_count(self, node: str) -> int | None:
        return self.pods


@dataclass(frozen=True)
class Printed:
    """One line of kubectl: its cells by title."""

    resource: str
    name: str
    now: datetime
    cells: dict[str, str]
    body: dict[str, Any]

    @property
    def raw(self) -> bytes:
        return json.dumps(self.body).encode()


def recorded() -> Iterator[Printed]:
    """Yield every recorded line."""
    for file in sorted(DIRECTORY.glob("*.json")):
        for table in json.loads(file.read_text()):
            now = parse_rfc3339(table["now"])
            assert now is not None
            for row in table["rows"]:
                cells = dict(zip(table["titles"], row["cells"], strict=True))
                yield Printed(file.stem, row["object"]["metadata"]["name"], now, cells, row["object"])


def printed_cells(resource: Resource, row: Row, now: datetime) -> dict[str, str]:
    """Return the cells of a row by title, live ones as text, as kubectl would print them: empty ones too."""
    return {
        column.title: column.live(row, now) if column.live else cell.text
        for column, cell in zip(resource.columns, row.cells, strict=True)
    }


def near(now: datetime) -> Iterator[datetime]:
    """Yield the times at which kubectl may have computed an age: it takes up to two seconds to print."""
    return (now + timedelta(seconds=seconds) for seconds in (0, 1, 2))
