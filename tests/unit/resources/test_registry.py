"""Descriptors: one file adds a kind, and all of them keep the rules that tables rely on."""

from __future__ import annotations

import importlib
import json
import pkgutil
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest

from k9py.api.kinds import Kind
from k9py.api.metrics import Usage
from k9py.api.resource_type import ResourceType
from k9py.resources import catalog
from k9py.resources.generic import RESERVED_LETTERS
from k9py.resources.registry import ResourceRegistry, built_in_resources
from k9py.resources.resource import MetricsOf, OpensAs, Resource
from k9py.tui.widgets.live_table.order import Order, sort_key_of
from k9py.views.values import Tone
from tests.unit.resources import sample_kind
from tests.unit.resources.recorded import Context, Printed, recorded

NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)
RESOURCES = list(built_in_resources())
IDS = [resource.kind.name for resource in RESOURCES]
LINES = list(recorded())
curated = pytest.mark.parametrize("resource", RESOURCES, ids=IDS)


def lines_of(resource: Resource) -> list[Printed]:
    return [line for line in LINES if line.resource == resource.kind.resource]


def test_one_file_adds_a_kind() -> None:
    registry = built_in_resources().extended(sample_kind.RESOURCES)
    added = registry.of(sample_kind.WIDGETS)
    assert added is not None
    line = next(line for line in LINES if line.resource == "widgets" and line.name == "big")
    row = added.row(added.kind.decode(line.raw), Context(NOW))
    assert [cell.text for cell in row.cells] == ["big", "12", ""]
    assert row.key == sample_kind.WIDGETS.ref("kinds", "big")
    assert row.tone is Tone.WARN
    assert built_in_resources().of(sample_kind.WIDGETS) is None
    assert set(registry.relations()) - set(built_in_resources().relations()) == set(sample_kind.RELATIONS)


def test_a_module_has_the_name_of_its_kind_and_is_imported_when_it_is_asked_for() -> None:
    for module in pkgutil.iter_modules(catalog.__path__, f"{catalog.__name__}."):
        (resource,) = importlib.import_module(module.name).RESOURCES
        assert resource.kind.name.lower() == module.name.rpartition(".")[2].replace("_", "")
    registry = ResourceRegistry((), {"widget": sample_kind.__name__, "gadget": "there.is.no.such.module"})
    assert registry.of(sample_kind.WIDGETS) is sample_kind.RESOURCES[0]
    assert registry.extended(()).of(sample_kind.WIDGETS) is sample_kind.RESOURCES[0]


def test_a_kind_of_another_group_has_the_columns_of_its_server() -> None:
    knative = ResourceType("serving.knative.dev", "v1", "services", "Service", ref_group="serving.knative.dev")
    assert built_in_resources().of(knative) is None


@curated
def test_the_columns_of_a_kind_are_distinct(resource: Resource) -> None:
    ids = [column.id for column in resource.columns]
    titles = [column.title for column in resource.columns]
    letters = [column.sort_key for column in resource.columns if column.sort_key]
    assert len(set(ids)) == len(ids)
    assert len(set(titles)) == len(titles)
    assert len(set(letters)) == len(letters)
    assert not RESERVED_LETTERS & set(letters)
    assert {"N", "A"} <= set(letters)


@curated
def test_narrow_tables_keep_the_name_and_what_is_wrong(resource: Resource) -> None:
    kept = [column for column in resource.columns if column.priority == 0]
    assert kept
    assert sum(column.min_width + 2 for column in kept) < 76
    assert all(not column.wide for column in kept)


@curated
def test_rows_sort_by_every_column(resource: Resource) -> None:
    rows = [resource.row(resource.kind.decode(line.raw), Context(line.now)) for line in lines_of(resource)]
    for column in (None, *resource.columns):
        key = sort_key_of(Order(column.id if column else None), resource.columns)
        ordered = sorted(map(key, rows))
        assert all(first <= second for first, second in pairwise(ordered))


@curated
def test_an_object_without_a_status_is_not_healthy(resource: Resource) -> None:
    """Kinds that have no state at all are neutral."""
    body = json.dumps({"metadata": {"name": "a", "namespace": "b", "generation": 1}}).encode()
    row = resource.row(resource.kind.decode(body), Context(NOW))
    assert row.tone is not Tone.OK
    assert row.cells[[column.id for column in resource.columns].index("name")].text == "a"


@curated
def test_rows_are_safe_to_print(resource: Resource) -> None:
    for line in lines_of(resource):
        body = _hostile(line.body, resource.kind)
        row = resource.row(resource.kind.decode(json.dumps(body).encode()), Context(line.now))
        texts = [
            column.live(row, NOW) if column.live else cell.text
            for column, cell in zip(resource.columns, row.cells, strict=True)
        ]
        assert all(text.isprintable() for text in texts)


def _hostile(value: Any, kind: Kind[Any], path: tuple[str, ...] = ()) -> Any:
    """Return the object with an escape sequence in every text that is free, and in those that should be numbers."""
    match value:
        case dict():
            return {key: _hostile(item, kind, (*path, key)) for key, item in value.items()}
        case list():
            return [_hostile(item, kind, path) for item in value]
        case str() if not _is_fixed(path, value):
            return f"{value}\x1b[2J\u202e"
    return value


def _is_fixed(path: tuple[str, ...], value: str) -> bool:
    """Return whether a text decides what is shown (a condition) or is a time."""
    is_time = len(value) > 18 and value[4:5] == "-" and value[10:11] == "T"
    return is_time or path[-1] in ("type", "status", "phase", "generation", "operator")


@curated
def test_a_kind_whose_rows_show_usage_says_so(resource: Resource) -> None:
    used = Context(NOW, Usage(0.25, 64 * 2**20))
    changed = False
    for line in lines_of(resource):
        value = resource.kind.decode(line.raw)
        changed |= resource.row(value, used).cells != resource.row(value, Context(NOW)).cells
    assert changed is (resource.metrics is not MetricsOf.NOTHING)


@curated
def test_a_kind_that_opens_its_pods_selects_them(resource: Resource) -> None:
    assert (resource.opens_as is OpensAs.PODS) is (resource.pod_selector is not None)
    if resource.pod_selector is not None:
        for line in lines_of(resource):
            assert any(resource.pod_selector(line.body))
