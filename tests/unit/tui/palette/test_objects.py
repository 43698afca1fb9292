"""Objects by name: the best first, each once, without holding the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from k9py.api.meta import ObjectRef
from k9py.runtime.time_slice import TimeSlice
from k9py.tui.palette.objects import LIMIT, search_objects


class Named:
    """Objects of one kind."""

    def __init__(self, *refs: ObjectRef) -> None:
        self.refs = list(refs)

    def keys(self) -> Iterator[ObjectRef]:
        return iter(self.refs)

    def __len__(self) -> int:
        return len(self.refs)


def refs(kind: str, *names: str, namespace: str = "shop") -> Named:
    return Named(*(ObjectRef(kind, namespace, name) for name in names))


async def names(*stores: Named, query: str, namespaces: tuple[str, ...] = ()) -> list[str]:
    found = await search_objects([("", store) for store in stores], query, namespaces=namespaces)
    return [ref.name for ref, _ in found]


async def test_exact_names_come_first_then_beginnings_then_the_rest() -> None:
    store = refs("Service", "xcheckoutx", "my-checkout", "checkout-2", "checkout", "other")
    assert await names(store, query="checkout") == ["checkout", "checkout-2", "my-checkout", "xcheckoutx"]


async def test_of_equals_those_of_the_first_kind_come_first_and_each_object_once() -> None:
    deployments, pods = refs("Deployment", "web"), refs("Pod", "web", "web")
    found = await search_objects([("Deployment", deployments), ("Pod", pods), ("Pod", pods)], "web")
    assert [ref.kind for ref, _ in found] == ["Deployment", "Pod"]


async def test_only_some_namespaces_are_searched() -> None:
    assert await names(refs("Pod", "a1"), refs("Pod", "a2", namespace="data"), query="a", namespaces=("data",)) == [
        "a2"
    ]


async def test_of_very_many_the_best_are_kept_and_the_loop_runs_meanwhile() -> None:
    many = refs("Pod", *(f"web-{number:05}" for number in range(20_000)), "x-last-exact")
    passes = 0

    async def count() -> None:
        nonlocal passes
        while True:
            passes += 1
            await asyncio.sleep(0)

    counter = asyncio.create_task(count())
    ticks = iter(range(10**9))
    found = await search_objects(
        [("Pod", many)], "last-exact", time_slice=TimeSlice(2, monotonic=lambda: float(next(ticks)))
    )
    everything = await search_objects([("Pod", many)], "", time_slice=TimeSlice(2, lambda: float(next(ticks))))
    counter.cancel()
    assert [ref.name for ref, _ in found] == ["x-last-exact"]
    assert len(everything) == LIMIT
    assert passes > 50


async def test_what_is_added_during_the_search_does_not_break_it() -> None:
    store = refs("Pod", *(f"web-{number}" for number in range(500)))

    async def add() -> None:
        for number in range(5):
            store.refs.append(ObjectRef("Pod", "shop", f"late-{number}"))
            await asyncio.sleep(0)

    adding = asyncio.create_task(add())
    ticks = iter(range(10**9))
    found = await search_objects([("Pod", store)], "web", time_slice=TimeSlice(1, lambda: float(next(ticks))))
    await adding
    assert len(found) == LIMIT
