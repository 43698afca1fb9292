"""Whatever happens in between, the store ends up equal to the server: over real HTTP, through the real client.

Random writes meet lost connections, expired versions, lines and lists cut anywhere, refusals and slow pages. When the
faults are over, the store holds exactly the server's objects, and the batches that subscribers received add up to the
same. This holds for objects, for the rows of a Table, and for any JSON.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from k9py.api.kinds import POD, DynamicKind, Kind, TableKind
from k9py.api.meta import KubeObject, ObjectRef
from k9py.informer.health import Live
from k9py.informer.lister_watcher import ListerWatcher
from k9py.informer.reflector import Reflector
from k9py.informer.store import ChangeBatch
from k9py.kube.connect import connect
from k9py.kube.options import ConnectOptions
from k9py.simulator.faults import Cut, Fault, Refuse, RequestMatch, Slow
from k9py.simulator.registry.resources import PODS
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState

NAMESPACE = "shop"
PAGE_LIMIT = 3
PATIENCE = 20.0
"""Real seconds within which the store must have caught up: a bound for a failure, never waited out."""

Held = dict[ObjectRef, tuple[str, str]]
"""uid and resourceVersion by key."""


class HurriedClock:
    """A clock a thousand times as fast, so that backoff takes no time. Each slice of work is one object long."""

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return time.monotonic() * 1_000

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 1_000)


class HurriedWatches:
    """A `ListerWatcher` whose watches the server ends after a second of real time, which the clock takes for minutes.

    A watch that follows two broken ones has to prove itself until its end: ten seconds, several times in a row.
    """

    def __init__(self, lister_watcher: ListerWatcher) -> None:
        self.list_page = lister_watcher.list_page
        self.probe = lister_watcher.probe
        self._watch = lister_watcher.watch

    def watch(
        self,
        *,
        resource_version: str,
        send_initial_events: bool,
        timeout_seconds: int,
        idle_timeout: Callable[[], float] | None = None,
    ) -> AbstractAsyncContextManager[AsyncIterator[list[bytes]]]:
        return self._watch(
            resource_version=resource_version,
            send_initial_events=send_initial_events,
            timeout_seconds=1,
            idle_timeout=idle_timeout,
        )


@dataclass(frozen=True)
class Write:
    """Create a pod; or change, delete, or delete and create again the one that is there."""

    name: str
    how: str


@dataclass(frozen=True)
class Writes:
    """Writes in direct succession, so that their events arrive together."""

    all: tuple[Write, ...]


@dataclass(frozen=True)
class Trouble:
    """A fault for the next request that matches."""

    fault: Fault
    verb: str


@dataclass(frozen=True)
class Disconnect:
    """Cut every open connection; with `compacted` the history is dropped too, so that watches get 410."""

    compacted: bool


@dataclass(frozen=True)
class CatchUp:
    """Let the store become equal to the server before continuing."""


Step = Writes | Trouble | Disconnect | CatchUp

WRITES = st.builds(
    Writes,
    st.lists(
        st.builds(
            Write, st.sampled_from([f"pod-{n}" for n in range(9)]), st.sampled_from(["change", "delete", "again"])
        ),
        min_size=1,
        max_size=8,
    ).map(tuple),
)
FAULTS = st.one_of(
    st.builds(Cut, st.integers(0, 2_500)),
    st.builds(Slow, st.sampled_from([0.002, 0.01])),
    st.builds(Refuse, st.sampled_from([400, 401, 410, 422, 429, 500, 503])),
)
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.one_of(
        WRITES,
        WRITES,
        st.builds(Trouble, FAULTS, st.sampled_from(["list", "watch"])),
        st.builds(Disconnect, st.booleans()),
        st.just(CatchUp()),
    ),
    min_size=10,
    max_size=30,
)


FORMS: dict[str, Callable[[], Kind[Any]]] = {
    "object": lambda: POD,
    "table": lambda: TableKind(POD.resource_type),
    "json": lambda: DynamicKind(POD.resource_type),
}
BROKEN_WATCHES: list[Step] = [
    Writes((Write("pod-0", "change"), Write("pod-1", "change"))),
    Disconnect(compacted=False),
    CatchUp(),
    Disconnect(compacted=False),
    CatchUp(),
    Trouble(Cut(871), "list"),
    Trouble(Cut(4), "watch"),
    Disconnect(compacted=False),
    CatchUp(),
    Writes((Write("pod-0", "change"),)),
    Disconnect(compacted=False),
]
"""Watches that break without data until the next has to prove itself, and then breaks too."""


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator() as running:
        yield running


@pytest.fixture(scope="module")
def kubeconfig(simulator: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return simulator.write_kubeconfig(tmp_path_factory.mktemp("cluster") / "config")


def write_all(state: SimulatorState, writes: Writes) -> None:
    for change in writes.all:
        write(state, change)


def write(state: SimulatorState, change: Write) -> None:
    """Do one write as the API would."""
    present = state.storage.get(PODS, NAMESPACE, change.name)
    if present is None:
        metadata = {"name": change.name, "namespace": NAMESPACE, "labels": {"turn": "0"}}
        state.storage.create(PODS, {"metadata": metadata, "spec": {"containers": [{"name": "main", "image": "x:1"}]}})
    elif change.how == "change":
        labels = {"turn": str(int(present["metadata"]["labels"]["turn"]) + 1)}
        state.storage.update(PODS, {**present, "metadata": {**present["metadata"], "labels": labels}})
    else:
        state.storage.delete(PODS, NAMESPACE, change.name)
        if change.how == "again":
            write(state, change)


def on_server(state: SimulatorState) -> Held:
    return {
        POD.key(NAMESPACE, pod["metadata"]["name"]): (pod["metadata"]["uid"], pod["metadata"]["resourceVersion"])
        for pod in state.storage.list(PODS, NAMESPACE)
    }


def delete_all(state: SimulatorState) -> None:
    for pod in state.storage.list(PODS, NAMESPACE):
        state.storage.delete(PODS, NAMESPACE, pod["metadata"]["name"])


class Watched:
    """An informer and the batches its subscribers received."""

    def __init__(self, kind: Kind[Any], lister_watcher: ListerWatcher, *, streaming_list: bool | None = None) -> None:
        self.replayed: dict[ObjectRef, KubeObject] = {}
        self._changed = asyncio.Event()
        self.informer: Reflector[KubeObject] = Reflector(
            kind,
            HurriedWatches(lister_watcher),
            HurriedClock(),
            streaming_list=streaming_list,
            page_limit=PAGE_LIMIT,
            on_health=lambda _: self._changed.set(),
        )
        self.informer.store.subscribe(self._replay)

    def _replay(self, batch: ChangeBatch[KubeObject]) -> None:
        for change in batch.changes:
            assert self.replayed.get(change.key) is change.old, f"{change.key}: told of a change that does not follow"
            if change.new is None:
                del self.replayed[change.key]
            else:
                self.replayed[change.key] = change.new
        self._changed.set()

    def held(self) -> Held:
        return {obj.key: (obj.uid, obj.metadata.resource_version) for obj in self.informer.store.values()}

    async def until_equal(self, wanted: Held) -> None:
        """Return when the watch is live and the store holds exactly these objects."""
        async with asyncio.timeout(PATIENCE):
            while not isinstance(self.informer.health, Live) or self.held() != wanted:
                self._changed.clear()
                await self._changed.wait()


async def play(
    simulator: Simulator, kubeconfig: Path, steps: list[Step], *, streaming_list: bool, form: str = "object"
) -> None:
    """Run an informer through the steps and compare its store with the server's state."""
    connection = await connect(ConnectOptions(kubeconfig=str(kubeconfig)))
    kind = FORMS[form]()
    watched = Watched(kind, connection.lister_watcher(kind, NAMESPACE), streaming_list=streaming_list)
    informer = watched.informer
    running = asyncio.create_task(informer.run())
    try:
        for step in steps:
            match step:
                case Writes():
                    await asyncio.to_thread(simulator.call, write_all, step)
                case Trouble(fault, verb):
                    await asyncio.to_thread(simulator.inject, fault, RequestMatch(verb, "pods"))
                case Disconnect(compacted):
                    await asyncio.to_thread(simulator.stop_listening)
                    if compacted:
                        await asyncio.to_thread(simulator.call, lambda state: state.storage.compact())
                    await asyncio.to_thread(simulator.listen_again)
                case CatchUp():
                    await watched.until_equal(await asyncio.to_thread(simulator.call, on_server))
        await asyncio.to_thread(simulator.clear_faults)
        wanted = await asyncio.to_thread(simulator.call, on_server)
        await watched.until_equal(wanted)
        assert watched.held() == wanted
        assert watched.replayed == {obj.key: obj for obj in informer.store.values()}
        assert {obj.key for obj in informer.store.in_namespace(NAMESPACE)} == set(wanted)
        assert not running.done()
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await connection.aclose()


# Not shrunk: what fails here fails by a bound of many seconds, and each smaller try would wait for it again.
@settings(
    max_examples=100,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(steps=STEPS, streaming_list=st.booleans(), form=st.sampled_from(sorted(FORMS)))
@example(steps=[*BROKEN_WATCHES, *BROKEN_WATCHES], streaming_list=False, form="object")
def test_after_any_trouble_the_store_equals_the_server(
    simulator: Simulator, kubeconfig: Path, steps: list[Step], streaming_list: bool, form: str
) -> None:
    try:
        asyncio.run(play(simulator, kubeconfig, steps, streaming_list=streaming_list, form=form))
    finally:
        simulator.clear_faults()
        simulator.call(delete_all)


@pytest.mark.parametrize("streaming_list", [False, True], ids=["paged", "streamed"])
def test_what_was_deleted_while_the_server_was_away_is_gone_when_it_is_back(
    simulator: Simulator, kubeconfig: Path, streaming_list: bool
) -> None:
    steps: list[Step] = [
        Writes(tuple(Write(f"pod-{n}", "change") for n in range(9))),
        CatchUp(),
        Disconnect(compacted=True),
        Writes(tuple(Write(f"pod-{n}", "delete") for n in range(0, 9, 2))),
        Disconnect(compacted=True),
    ]
    try:
        asyncio.run(play(simulator, kubeconfig, steps, streaming_list=streaming_list))
        assert len(simulator.call(on_server)) == 4
    finally:
        simulator.call(delete_all)
