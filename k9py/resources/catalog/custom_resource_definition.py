"""CustomResourceDefinition (apiextensions.k8s.io/v1): the type it defines, its versions, and whether it is served."""

from __future__ import annotations

from typing import ClassVar

from k9py.api.kinds import Kind
from k9py.api.meta import Condition, KubeObject, KubeStruct, find_condition
from k9py.api.standard_types import standard_type
from k9py.resources.cells import (
    AGE,
    AGE_CELL,
    CREATED_AT,
    NAME,
    created_cell,
    muted_cell,
    name_cell,
    object_row,
    text_cell,
)
from k9py.resources.resource import Resource, RowContext
from k9py.views.values import Column, Row, Tone


class Names(KubeStruct, frozen=True):
    """apiextensions/v1 CustomResourceDefinitionNames."""

    kind: str = ""
    short_names: tuple[str, ...] | None = None


class Version(KubeStruct, frozen=True):
    """apiextensions/v1 CustomResourceDefinitionVersion."""

    name: str = ""
    served: bool = False
    storage: bool = False


class DefinitionSpec(KubeStruct, frozen=True):
    """apiextensions/v1 CustomResourceDefinitionSpec."""

    group: str = ""
    names: Names = Names()
    scope: str = ""
    versions: tuple[Version, ...] | None = None


class DefinitionStatus(KubeStruct, frozen=True):
    """apiextensions/v1 CustomResourceDefinitionStatus."""

    conditions: tuple[Condition, ...] | None = None


class CustomResourceDefinition(KubeObject, frozen=True):
    """A CustomResourceDefinition."""

    KIND: ClassVar[str] = "CustomResourceDefinition"

    spec: DefinitionSpec = DefinitionSpec()
    status: DefinitionStatus = DefinitionStatus()


COLUMNS = (
    NAME,
    Column("kind", "KIND", min_width=8, max_width=40, priority=1, sort_key="K"),
    Column("group", "GROUP", min_width=8, max_width=50, priority=5, sort_key="B"),
    Column("versions", "VERSIONS", min_width=4, max_width=30, priority=2, sort_key="V"),
    Column("short", "SHORT NAMES", min_width=4, max_width=20, priority=4, sort_key="H"),
    Column("scope", "SCOPE", min_width=7, max_width=10, priority=3, sort_key="E"),
    Column("reason", "REASON", min_width=6, max_width=30, priority=3, sort_key="R"),
    AGE,
    CREATED_AT,
)


def row(definition: CustomResourceDefinition, context: RowContext) -> Row:
    """Return the row of a CustomResourceDefinition."""
    spec = definition.spec
    tone, reason = _state(definition)
    versions = ",".join(version.name for version in spec.versions or () if version.served)
    return object_row(
        definition,
        (
            name_cell(definition),
            text_cell(spec.names.kind),
            muted_cell(spec.group),
            muted_cell(versions),
            muted_cell(",".join(spec.names.short_names or ()), none=""),
            muted_cell(spec.scope),
            text_cell(reason, tone),
            AGE_CELL,
            created_cell(definition),
        ),
        tone,
    )


def _state(definition: CustomResourceDefinition) -> tuple[Tone, str]:
    """Return the tone, and why the server does not serve the type as it is defined."""
    conditions = definition.status.conditions
    for type_ in ("NamesAccepted", "Established"):
        condition = find_condition(conditions, type_)
        if condition is not None and condition.status == "False":
            is_new = condition.reason == "Installing"
            return (Tone.BUSY if is_new else Tone.FAIL), condition.reason
    schema = find_condition(conditions, "NonStructuralSchema")
    if schema is not None and schema.status == "True":
        return Tone.WARN, schema.type
    established = find_condition(conditions, "Established")
    return (Tone.OK if established is not None and established.status == "True" else Tone.UNKNOWN), ""


RESOURCES = (
    Resource(
        Kind(standard_type("apiextensions.k8s.io", "CustomResourceDefinition"), CustomResourceDefinition),
        COLUMNS,
        row,
    ),
)
