"""A descriptor in one file: what a new kind costs. Widgets of an operator, listed with a column of their own."""

from __future__ import annotations

from typing import ClassVar

from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject, KubeStruct, ObjectRef
from k9py.api.relations import KindKey, Named, Relation
from k9py.api.resource_type import ResourceType
from k9py.resources.cells import AGE, AGE_CELL, NAME, count_cell, name_cell, object_row
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Column, Row, Tone

GROUP = "kinds.example.com"
WIDGETS = ResourceType(GROUP, "v1", "widgets", "Widget", short_names=("wdg",), ref_group=GROUP)


class WidgetSpec(KubeStruct, frozen=True):
    """The part of a Widget's spec that is shown."""

    size: int = 0


class Widget(KubeObject, frozen=True):
    """A Widget."""

    KIND: ClassVar[str] = "Widget"

    spec: WidgetSpec = WidgetSpec()

    @property
    def key(self) -> ObjectRef:
        return WIDGETS.ref(self.namespace, self.name)


COLUMNS = (NAME, Column("size", "SIZE", align_right=True, sort_key="S"), AGE)


def row(widget: Widget, context: RowContext) -> Row:
    """Return the row of a Widget."""
    tone = Tone.WARN if widget.spec.size > 10 else Tone.OK
    return object_row(widget, (name_cell(widget), count_cell(widget.spec.size, tone), AGE_CELL), tone)


RELATIONS = (Relation(KindKey("Widget", GROUP), "uses", "used by", Named(KindKey("Secret"), ("spec.keySecret",))),)
RESOURCES = (Resource(Kind(WIDGETS, Widget), COLUMNS, row, relations=RELATIONS),)
