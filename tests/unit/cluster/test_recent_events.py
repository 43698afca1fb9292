"""The events of one object, from malformed lists."""

from __future__ import annotations

from typing import Any

import pytest

from k9py.api.errors import ConnectionFailedError
from k9py.api.kinds import Kind
from k9py.api.meta import KubeObject
from k9py.cluster.cluster import Cluster
from k9py.cluster.recent_events import recent_events
from k9py.cluster.scope import Scope
from k9py.informer.lister_watcher import ListerWatcher
from tests import factories as make
from tests.unit.cluster.server import FakeServer, HeldClock, until

POD = make.pod()


class _OnePage:
    def __init__(self, page: bytes) -> None:
        self._page = page

    async def list_page(self, **_: Any) -> bytes:
        return self._page


class OddServer(FakeServer):
    """Answers the request for one object's events with bytes chosen by the test."""

    def __init__(self, page: bytes, *objects: KubeObject) -> None:
        super().__init__(*objects)
        self._page = page

    def lister_watcher(
        self, kind: Kind[Any], namespace: str = "", *, label_selector: str = "", field_selector: str = ""
    ) -> ListerWatcher:
        if field_selector.startswith("involvedObject.uid="):
            return _OnePage(self._page)  # type: ignore[return-value]  # nothing is watched through it
        return super().lister_watcher(kind, namespace, label_selector=label_selector, field_selector=field_selector)


async def reasons(page: bytes) -> list[str]:
    async with Cluster(OddServer(page, POD), Scope(), HeldClock()) as cluster:
        await until(lambda: cluster.has_synced("Pod"))
        return [event.reason for event in await recent_events(cluster, POD.key)]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (b'{"metadata":{},"items":null}', []),
        (b'{"metadata":{},"items":[{"metadata":{},"count":"x"},{"metadata":{},"reason":"Pulled"}]}', ["Pulled"]),
    ],
    ids=["null", "one that does not decode"],
)
async def test_what_can_be_decoded_is_returned(page: bytes, expected: list[str]) -> None:
    assert await reasons(page) == expected


async def test_a_damaged_list_is_an_error_with_a_message() -> None:
    with pytest.raises(ConnectionFailedError):
        await reasons(b"<html>")
