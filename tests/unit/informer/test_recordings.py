"""The watcher with recordings of a real server: recorded lists, watches, streaming lists and refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from k9py.api.kinds import DEPLOYMENT, POD, SERVICE
from k9py.api.meta import KubeObject
from k9py.informer.reflector import Reflector
from tests.unit.informer.scripted import (
    Asked,
    Listed,
    ScriptedServer,
    ScriptOver,
    SteppingClock,
    Stream,
    page,
)

WIRE = Path(__file__).parents[2] / "wire"


def recorded(name: str, path: str) -> Any:
    """Return the body of the first response to a path that begins so."""
    exchanges = json.loads((WIRE / name).read_text())
    return next(exchange["response"]["body"] for exchange in exchanges if exchange["request"]["path"].startswith(path))


def lines(body: list[Any]) -> Stream:
    return Stream([[json.dumps(line, separators=(",", ":")).encode() for line in body]])


async def run(informer: Reflector[Any]) -> None:
    with pytest.raises(ScriptOver):
        await informer.run()


def states(objects: list[dict[str, Any]]) -> dict[str, str]:
    return {obj["metadata"]["name"]: obj["metadata"]["resourceVersion"] for obj in objects}


def held(informer: Reflector[Any]) -> dict[str, str]:
    values: list[KubeObject] = list(informer.store.values())
    return {obj.name: obj.metadata.resource_version for obj in values}


async def test_a_recorded_watch_leads_to_the_last_state_of_each_object() -> None:
    clock = SteppingClock()
    body = recorded("watch.json", "/apis/apps/v1/namespaces/shop/deployments?watch")
    server = ScriptedServer(clock, page("3314"), lines(body))
    informer = Reflector(DEPLOYMENT, server, clock, streaming_list=False)
    await run(informer)
    objects = [event["object"] for event in body if event["type"] != "BOOKMARK"]
    assert held(informer) == states(objects)
    assert informer.decode_error_count == 0
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in body]
    assert server.asked[-1] == Asked("watch", str(max(versions)))


async def test_a_recorded_streaming_list_ends_with_its_annotated_bookmark() -> None:
    clock = SteppingClock()
    body = recorded("watch-list.json", "/api/v1/namespaces/shop/services?watch")
    server = ScriptedServer(clock, lines(body))
    informer = Reflector(SERVICE, server, clock)
    await run(informer)
    assert informer.has_synced
    assert held(informer) == states([event["object"] for event in body if event["type"] == "ADDED"])
    assert server.asked == [Asked("watch-list"), Asked("watch", body[-1]["object"]["metadata"]["resourceVersion"])]


async def test_recorded_pages_are_followed_by_their_tokens() -> None:
    clock = SteppingClock()
    first = recorded("list-paged.json", "/api/v1/namespaces/shop/pods?limit=2")
    second = recorded("list-paged.json", "/api/v1/namespaces/shop/pods?limit=2&continue=eyJ")
    server = ScriptedServer(clock, *(Listed(json.dumps(response).encode()) for response in (first, second)))
    informer = Reflector(POD, server, clock)
    await run(informer)
    tokens = [response["metadata"]["continue"] for response in (first, second)]
    assert server.asked == [Asked("list"), Asked("list", tokens[0]), Asked("list", tokens[1])]
    assert held(informer) == states(first["items"] + second["items"])


async def test_a_recorded_watch_from_too_old_a_version_starts_over() -> None:
    clock = SteppingClock()
    body = recorded("watch-too-old.json", "/api/v1/namespaces/shop/pods?watch")
    server = ScriptedServer(clock, page("1"), lines(body))
    informer = Reflector(POD, server, clock)
    await run(informer)
    assert server.asked == [Asked("list"), Asked("watch", "1"), Asked("list")]
