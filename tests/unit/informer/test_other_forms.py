"""Kinds that are not decoded into a Struct: Tables, metadata, any JSON; and types that cannot be watched.

The lines are those that kube-apiserver 1.36 sends, shortened.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from k9py.api.errors import ConnectionFailedError, KdashError
from k9py.api.kinds import DynamicKind, Kind, MetadataKind, TableKind
from k9py.api.meta import KubeObject
from k9py.api.resource_type import ResourceType
from k9py.api.standard_types import standard_type
from k9py.informer.health import Listed as ListedHealth
from k9py.informer.health import Live, Loading, Stale, WatchHealth
from k9py.informer.list_form import prefers_streaming_list
from k9py.informer.reflector import Reflector
from tests.unit.informer.scripted import (
    Answer,
    Asked,
    Listed,
    ScriptedServer,
    ScriptOver,
    SteppingClock,
    Stream,
    bookmark,
    error,
    event,
)

WIDGET = ResourceType("example.com", "v1", "widgets", "Widget", ref_group="example.com")
NAME = {"name": "Name", "type": "string", "format": "name", "priority": 0}
SIZE = {"name": "Size", "type": "integer", "priority": 0}
COLOUR = {"name": "Colour", "type": "string", "priority": 1}


def row(name: str, version: int, *cells: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "uid": f"uid-{name}", "resourceVersion": str(version)}
    annotations = {"a": "x" * 100}
    return {"cells": [name, *cells], "object": {"metadata": {**metadata, "annotations": annotations}}}


def table(version: int, columns: Sequence[dict[str, Any]] | None, *rows: dict[str, Any], token: str = "") -> Any:
    metadata = {"resourceVersion": str(version), "continue": token}
    return {"kind": "Table", "metadata": metadata, "columnDefinitions": columns, "rows": rows}


def listed(version: int, columns: Sequence[dict[str, Any]], *rows: dict[str, Any], token: str = "") -> Listed:
    return Listed(json.dumps(table(version, columns, *rows, token=token)).encode())


def put(version: int, name: str, *cells: Any, columns: Sequence[dict[str, Any]] | None = None) -> bytes:
    return event("MODIFIED", table(version, columns, row(name, version, *cells)))


def gone(version: int, name: str) -> bytes:
    return event("DELETED", table(version, None, row(name, version, 0)))


def marked(version: int, *, ends_list: bool = False, columns: Sequence[dict[str, Any]] | None = None) -> bytes:
    metadata: dict[str, Any] = {"resourceVersion": str(version)}
    if ends_list:
        metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
    return event("BOOKMARK", table(version, columns, {"cells": ["", 0], "object": {"metadata": metadata}}))


class Stage:
    """A reflector of a kind with a scripted server."""

    def __init__(self, kind: Kind[Any], *script: Answer, streaming_list: bool = False) -> None:
        self.kind = kind
        self.clock = SteppingClock()
        self.server = ScriptedServer(self.clock, *script)
        self.healths: list[WatchHealth] = []
        self.columns: list[tuple[str, ...]] = []
        self.reflector: Reflector[KubeObject] = Reflector(
            kind, self.server, self.clock, streaming_list=streaming_list, on_health=self._on_health
        )

    def _on_health(self, health: WatchHealth) -> None:
        self.healths.append(health)
        self.columns.append(tuple(column.name for column in self.kind.columns))

    async def play(self) -> Stage:
        with pytest.raises(ScriptOver):
            await self.reflector.run()
        return self

    @property
    def cells(self) -> dict[str, tuple[Any, ...]]:
        return {value.name: value.cells for value in self.reflector.store.values()}  # type: ignore[attr-defined]


async def test_a_table_is_listed_in_pages_and_watched() -> None:
    kind = TableKind(WIDGET)
    stage = await Stage(
        kind,
        listed(10, [NAME, SIZE], row("a", 1, 5), token="t"),
        listed(10, [NAME, SIZE], row("b", 2, 6)),
        Stream([[put(11, "a", 7, columns=[NAME, SIZE]), put(12, "c", 1), gone(13, "b")], [marked(20)]]),
    ).play()
    assert stage.cells == {"a": ("a", 7), "c": ("c", 1)}
    assert [column.name for column in kind.columns] == ["Name", "Size"]
    assert stage.server.asked == [Asked("list"), Asked("list", "t"), Asked("watch", "10"), Asked("watch", "20")]
    (first, _) = stage.reflector.store.values()
    assert (first.key.kind, first.key.group, first.metadata.annotations) == ("Widget", "example.com", None)


async def test_a_table_can_be_streamed_and_may_be_empty() -> None:
    kind = TableKind(WIDGET)
    stage = await Stage(kind, Stream([[marked(10, ends_list=True, columns=[NAME])]]), streaming_list=True).play()
    assert isinstance(stage.reflector.health, Live)
    assert [column.name for column in kind.columns] == ["Name"]
    assert stage.server.asked == [Asked("watch-list"), Asked("watch", "10")]


async def test_an_expired_watch_of_a_table_is_listed_again() -> None:
    stage = await Stage(
        TableKind(WIDGET),
        listed(10, [NAME], row("a", 1)),
        Stream([[error(410, "Expired")]]),
        listed(30, [NAME], row("b", 20)),
    ).play()
    assert stage.cells == {"b": ("b",)}


async def test_new_columns_in_a_watch_lead_to_a_list_of_all_rows() -> None:
    stage = await Stage(
        TableKind(WIDGET),
        listed(10, [NAME, SIZE], row("a", 1, 5), row("b", 2, 6)),
        Stream([[put(11, "b", "red", columns=[NAME, COLOUR])]]),
        listed(12, [NAME, COLOUR], row("a", 1, "blue"), row("b", 11, "red")),
    ).play()
    assert stage.cells == {"a": ("a", "blue"), "b": ("b", "red")}
    assert ("Name", "Colour") in stage.columns
    assert stage.server.asked == [Asked("list"), Asked("watch", "10"), Asked("list"), Asked("watch", "12")]


@pytest.mark.parametrize("streaming_list", [False, True])
async def test_new_columns_in_a_list_replace_rows_of_the_same_version(streaming_list: bool) -> None:
    def initial(version: int, columns: Sequence[dict[str, Any]], *cells: Any) -> Answer:
        if not streaming_list:
            return listed(version, columns, row("a", 1, *cells))
        added = event("ADDED", table(version, columns, row("a", 1, *cells)))
        return Stream([[added, marked(version, ends_list=True)], [error(410)]])

    watches = [] if streaming_list else [Stream([[error(410)]])]
    stage = await Stage(
        TableKind(WIDGET),
        initial(10, [NAME, SIZE], 5),
        *watches,
        initial(12, [NAME, SIZE, COLOUR], 5, "red"),
        *watches,
        streaming_list=streaming_list,
    ).play()
    assert stage.cells == {"a": ("a", 5, "red")}


async def test_objects_that_the_server_does_not_print_have_plain_columns() -> None:
    item = {"metadata": {"name": "a", "uid": "u", "resourceVersion": "1", "creationTimestamp": "2026-11-22T12:00:00Z"}}
    body = {"kind": "WidgetList", "metadata": {"resourceVersion": "10"}, "items": [item]}
    kind = TableKind(WIDGET)
    changed = event("MODIFIED", {**item, "metadata": {**item["metadata"], "name": "b", "resourceVersion": "11"}})
    stage = await Stage(kind, Listed(json.dumps(body).encode()), Stream([[changed, bookmark(12)]])).play()
    assert stage.cells == {name: (name, "2026-11-22T12:00:00Z") for name in "ab"}
    assert [column.name for column in kind.columns] == ["Name", "Created At"]


async def test_cells_of_any_kind_are_kept() -> None:
    stage = await Stage(TableKind(WIDGET), listed(10, [NAME], row("a", 1, None, True, 1.5, [1], {"x": "y"}))).play()
    assert stage.cells == {"a": ("a", None, True, 1.5, "[1]", '{"x":"y"}')}


async def test_a_row_that_does_not_decode_is_left_out_alone() -> None:
    stage = await Stage(TableKind(WIDGET), listed(10, [NAME], row("a", 1), {"cells": ["?"]})).play()
    assert stage.cells == {"a": ("a",)}
    assert "Widget" in stage.reflector.last_decode_error


@pytest.mark.parametrize("kind", [DynamicKind(WIDGET), MetadataKind(WIDGET)])
async def test_any_json_is_an_object_with_metadata(kind: Kind[Any]) -> None:
    item = {"metadata": {"name": "a", "resourceVersion": "1"}, "spec": {"size": 5}}
    gone = {"metadata": {"name": "a", "resourceVersion": "11"}}
    body = {"metadata": {"resourceVersion": "10"}, "items": [item]}
    stage = await Stage(kind, Listed(json.dumps(body).encode()), Stream([[event("DELETED", gone)]])).play()
    assert not list(stage.reflector.store.values())
    assert isinstance(stage.reflector.health, Live)


async def test_a_type_that_cannot_be_watched_is_listed_once_and_again_on_request() -> None:
    usage = ResourceType("metrics.k8s.io", "v1beta1", "pods", "PodMetrics", verbs=frozenset(("get", "list")))
    stage = Stage(TableKind(usage), listed(10, [NAME], row("a", 1)), ConnectionFailedError("cut off"))
    reflector = stage.reflector
    task = asyncio.create_task(reflector.run())
    await _until(lambda: isinstance(reflector.health, ListedHealth))
    assert all(isinstance(health, Loading | ListedHealth) for health in stage.healths), "never live"
    stage.server.answer_with(listed(20, [NAME], row("b", 2)))
    reflector.retry_now()
    await _until(lambda: "b" in stage.cells and isinstance(reflector.health, ListedHealth))
    assert stage.cells == {"b": ("b",)}
    assert any(isinstance(health, Stale) for health in stage.healths), "the failed list was reported"
    assert [asked.verb for asked in stage.server.asked] == ["list"] * 3
    task.cancel()


def test_unknown_types_are_listed_in_pages() -> None:
    deployments = standard_type("apps", "Deployment")
    assert not any(prefers_streaming_list(form(deployments)) for form in (TableKind, DynamicKind, MetadataKind))


@pytest.mark.parametrize("kind", [TableKind(WIDGET), DynamicKind(WIDGET), MetadataKind(WIDGET)])
@pytest.mark.parametrize("data", [b"", b"[]", b'{"metadata":3}', b'{"rows":[{}]}', b'"\xff"', b"[" * 100_000])
async def test_no_bytes_end_the_watch(kind: Kind[Any], data: bytes) -> None:
    stage = await Stage(kind, Listed(data), Listed(b'{"metadata":{},"rows":[%s]}' % data)).play()
    assert isinstance(stage.reflector.health, Loading | Live)
    assert not any(
        "Internal error" in health.error.message
        for health in stage.healths
        if isinstance(health, Loading) and isinstance(health.error, KdashError)
    )


async def _until(condition: Any) -> None:
    for _ in range(1_000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("did not come about")
