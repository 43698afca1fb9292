"""ConfigMap (core/v1): how many keys it has."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject
from k9py.api.standard_types import standard_type
from k9py.api.text import printable
from k9py.resources.resource import Resource, RowContext
from k9py.views.tones import live_age
from k9py.views.values import Cell, Column, Row


class ConfigMap(KubeObject, frozen=True):
    """A ConfigMap; the values are not kept."""

    KIND: ClassVar[str] = "ConfigMap"

    data: dict[str, msgspec.Raw] | None = None
    binary_data: dict[str, msgspec.Raw] | None = None

    def __post_init__(self) -> None:
        for field in ("data", "binary_data"):
            values: dict[str, Any] | None = getattr(self, field)
            if values:
                msgspec.structs.force_setattr(self, field, dict.fromkeys(values, msgspec.Raw()))

    @property
    def key_count(self) -> int:
        """The number of keys, of text and of binary values."""
        return len(self.data or ()) + len(self.binary_data or ())


COLUMNS = (
    Column("name", "NAME", min_width=16, max_width=60, grow=True, sort_key="N"),
    Column("data", "DATA", align_right=True, min_width=4, max_width=8, sort_key="D"),
    Column("age", "AGE", align_right=True, min_width=4, max_width=6, live=live_age, sort_key="A"),
)


def row(config_map: ConfigMap, context: RowContext) -> Row:
    """Return the row of a ConfigMap."""
    count = config_map.key_count
    return Row(
        key=config_map.key,
        cells=(Cell(printable(config_map.name)), Cell(str(count), sort=count), Cell("")),
        since=config_map.metadata.creation_timestamp,
    )


RESOURCES = (Resource(Kind(standard_type("", "ConfigMap"), ConfigMap), COLUMNS, row),)
