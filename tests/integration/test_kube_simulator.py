"""The connection with the simulated API server over real HTTP: list, watch, log, write, access reviews, errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from k9py.api.errors import (
    BadRequestError,
    ConflictError,
    ConnectionFailedError,
    ExpiredError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    UnauthorizedError,
    UnavailableError,
)
from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.write_request import WriteRequest
from k9py.logs.source import LogTarget
from k9py.simulator.apiserver.authorization import EVERYTHING
from k9py.simulator.clock import ManualClock
from k9py.simulator.faults import Cut, Refuse, RequestMatch
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.integration.clusters import connected
from tests.unit.simulator.objects import add_deployment, add_namespace, add_pod
from tests.unit.simulator.scripted_logs import ScriptedLogSource, ScriptedRun

CHECKOUT = ObjectRef("Deployment", "shop", "checkout")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A cluster with one Deployment and three pods, in which nothing changes by itself."""

    def fill(state: SimulatorState) -> None:
        add_namespace(state)
        add_deployment(state)
        for name in ("a", "b", "c"):
            add_pod(state, name)

    with Simulator(clock=ManualClock()) as running:
        running.call(fill)
        yield running


async def test_pages_lists_and_objects_are_read(simulator: Simulator, tmp_path: Path) -> None:
    async with connected(simulator, tmp_path) as connection:
        page = json.loads(await connection.lister_watcher(POD, "shop").list_page(limit=2))
        assert len(page["items"]) == 2
        rest = await connection.lister_watcher(POD, "shop").list_page(
            limit=2, continue_token=page["metadata"]["continue"]
        )
        assert len(json.loads(rest)["items"]) == 1
        assert [pod["metadata"]["name"] for pod in await connection.list("Pod", "")] == ["a", "b", "c"]
        assert (await connection.get(CHECKOUT))["spec"]["replicas"] == 4
        assert (await connection.server_version()).startswith("v1.")
        with pytest.raises(NotFoundError, match="nope"):
            await connection.get(ObjectRef("Deployment", "shop", "nope"))


async def test_a_watch_streams_the_list_and_then_what_changes(simulator: Simulator, tmp_path: Path) -> None:
    async with connected(simulator, tmp_path) as connection:
        watch = connection.lister_watcher(POD, "shop").watch(
            resource_version="", send_initial_events=True, timeout_seconds=290
        )
        names: list[tuple[str, str]] = []
        async with watch as batches:
            async for batch in batches:
                for line in batch:
                    event = json.loads(line)
                    names.append((event["type"], event["object"]["metadata"].get("name", "")))
                    if event["type"] == "BOOKMARK":
                        simulator.call(add_pod, "d", running=False)
                if ("ADDED", "d") in names:
                    break
        assert [name for kind, name in names if kind == "ADDED"] == ["a", "b", "c", "d"]


async def test_a_watch_cut_inside_a_line_is_a_lost_connection(simulator: Simulator, tmp_path: Path) -> None:
    simulator.inject(Cut(after_bytes=50), RequestMatch(verb="watch"))
    async with connected(simulator, tmp_path) as connection:
        watch = connection.lister_watcher(POD, "shop").watch(
            resource_version="", send_initial_events=True, timeout_seconds=290
        )
        async with watch as batches:
            with pytest.raises(ConnectionFailedError, match="was cut off"):
                await anext(batches)


async def test_a_log_is_followed_from_its_tail(simulator: Simulator, tmp_path: Path) -> None:
    run = ScriptedRun("one", "two")

    def script(state: SimulatorState) -> None:
        state.log_source = ScriptedLogSource(run, ScriptedRun("last words"))

    simulator.call(script)
    async with connected(simulator, tmp_path) as connection:
        async with connection.open_log(LogTarget("shop", "a", "app"), follow=True, tail_lines=1) as batches:
            assert await anext(batches) == [b"2026-01-15T11:59:51.000000000Z two"]
            simulator.call(lambda _: run.write("three"))
            assert await anext(batches) == [b"2026-01-15T11:59:52.000000000Z three"]
            simulator.call(lambda _: run.end())
            assert [batch async for batch in batches] == []
        with pytest.raises(BadRequestError, match="is not valid for pod"):
            async with connection.open_log(LogTarget("shop", "a", "nope"), follow=False):
                pass
        with pytest.raises(NotFoundError):
            async with connection.open_log(LogTarget("shop", "gone", "app"), follow=False):
                pass


async def test_writes_dry_runs_and_refused_writes(simulator: Simulator, tmp_path: Path) -> None:
    async with connected(simulator, tmp_path) as connection:
        scale = WriteRequest(CHECKOUT, {"spec": {"replicas": 7}}, patch_type="merge", subresource="scale")
        assert (await connection.send(scale, dry_run=True))["spec"]["replicas"] == 7
        assert (await connection.get(CHECKOUT))["spec"]["replicas"] == 4
        assert (await connection.send(scale, dry_run=False))["spec"]["replicas"] == 7
        assert (await connection.get(CHECKOUT))["spec"]["replicas"] == 7
        stale = {"metadata": {"resourceVersion": "1"}, "spec": {"replicas": 1}}
        with pytest.raises(ConflictError):
            await connection.send(WriteRequest(CHECKOUT, stale), dry_run=False)
        with pytest.raises(InvalidError):
            await connection.send(WriteRequest(CHECKOUT, {"spec": {"replicas": -1}}), dry_run=False)
        other = {"preconditions": {"uid": "another"}}
        pod = ObjectRef("Pod", "shop", "a")
        with pytest.raises(ConflictError):
            await connection.send(WriteRequest(pod, other, verb="delete"), dry_run=False)
        await connection.send(WriteRequest(pod, None, verb="delete"), dry_run=True)
        assert (await connection.get(pod))["metadata"]["name"] == "a"


async def test_a_restricted_user_sees_what_is_missing(simulator: Simulator, tmp_path: Path) -> None:
    async with connected(simulator, tmp_path, "viewer") as connection:
        assert await connection.can_i("list", "Pod", "shop") is True
        assert await connection.can_i("get", "Pod", "shop", subresource="log") is True
        assert await connection.can_i("list", "Pod", "") is False
        assert await connection.can_i("patch", "Deployment", "shop", name="checkout") is False
        with pytest.raises(ForbiddenError, match="viewer may not list pods across the whole cluster"):
            await connection.list("Pod", "")
        with pytest.raises(ForbiddenError, match=r"may not patch deployments\.apps checkout in the namespace shop"):
            await connection.send(WriteRequest(CHECKOUT, {"spec": {"replicas": 1}}), dry_run=False)


async def test_a_revoked_token_is_refused_until_the_kubeconfig_has_a_new_one(
    simulator: Simulator, tmp_path: Path
) -> None:
    async with connected(simulator, tmp_path) as connection:
        await connection.list("Pod", "shop")
        simulator.revoke("admin")
        with pytest.raises(UnauthorizedError, match="does not accept the kubeconfig's token"):
            await connection.list("Pod", "shop")
        simulator.add_user("admin", EVERYTHING)
        simulator.write_kubeconfig(tmp_path / "admin", namespace="shop")
        assert len(await connection.list("Pod", "shop")) == 3


async def test_a_failing_server_and_an_expired_version_are_distinguished(simulator: Simulator, tmp_path: Path) -> None:
    simulator.inject(Refuse(503, retry_after=7), RequestMatch(verb="list"))
    simulator.inject(Refuse(410, "Expired", "too old"), RequestMatch(verb="list"))
    async with connected(simulator, tmp_path) as connection:
        lister = connection.lister_watcher(POD, "shop")
        with pytest.raises(UnavailableError) as caught:
            await lister.list_page(limit=5)
        assert caught.value.retry_after == 7
        with pytest.raises(ExpiredError):
            await lister.list_page(limit=5)


async def test_a_lost_server_is_refused_and_comes_back(simulator: Simulator, tmp_path: Path) -> None:
    async with connected(simulator, tmp_path) as connection:
        assert len(await connection.list("Pod", "shop")) == 3
        simulator.stop_listening()
        with pytest.raises(ConnectionFailedError):
            await connection.list("Pod", "shop")
        simulator.listen_again()
        assert len(await connection.list("Pod", "shop")) == 3
