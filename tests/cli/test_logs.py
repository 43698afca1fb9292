"""`kdash logs` against the simulator over real HTTP: whose logs, which lines, the messages about them, and the end."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from pathlib import Path

import pytest

from k9py.cli.targets import ObjectArgument
from k9py.simulator.apiserver.authorization import Rule
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import PODS, by_kind
from k9py.simulator.server import Simulator
from k9py.simulator.state import SimulatorState
from tests.cli.log_shell import LogShell, Written, write_logs
from tests.cli.shell import edit

CART = ObjectArgument("Deployment", "cart")
EMAIL = ObjectArgument("Deployment", "email")
CHECKOUT = ObjectArgument("Deployment", "checkout")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        yield simulator


@pytest.fixture
def shop(simulator: Simulator, tmp_path: Path) -> LogShell:
    """A shop in which every container has written the same three lines."""
    write_logs(simulator, Written("INFO one", "ERROR two", "INFO three"))
    return LogShell(simulator, tmp_path)


def pods_of(simulator: Simulator, app: str, namespace: str = "shop") -> list[str]:
    def read(state: SimulatorState) -> list[str]:
        pods = state.storage.list(PODS, namespace)
        return sorted(pod["metadata"]["name"] for pod in pods if pod["metadata"]["labels"].get("app") == app)

    return simulator.call(read)


def delete_pod(simulator: Simulator, name: str) -> None:
    simulator.call(lambda state: state.storage.delete(PODS, "shop", name))


# Whose logs


async def test_one_container_is_printed_as_it_wrote(shop: LogShell) -> None:
    code, run = await shop.ran(EMAIL)
    assert (code, run.lines, run.err.getvalue()) == (0, ["INFO one", "ERROR two", "INFO three"], "")


async def test_of_several_each_line_says_which_and_time_puts_them_in_order(shop: LogShell) -> None:
    code, run = await shop.ran(CART)
    names = pods_of(shop.simulator, "cart")
    assert code == 0
    assert sorted(run.lines[:3]) == [f"{name}/app INFO one" for name in names]
    assert sorted(run.lines[3:6]) == [f"{name}/app ERROR two" for name in names]
    assert len(run.lines) == 9


async def test_the_prefix_can_be_left_out(shop: LogShell) -> None:
    _, run = await shop.ran(CART, prefix=False)
    assert set(run.lines) == {"INFO one", "ERROR two", "INFO three"}


@pytest.mark.parametrize(
    ("named", "namespace"),
    [
        (ObjectArgument("Service", "cart"), "shop"),
        (ObjectArgument("StatefulSet", "db"), "data"),
        (ObjectArgument("DaemonSet", "agent"), "monitoring"),
    ],
)
async def test_services_and_the_other_workloads_have_logs_too(
    simulator: Simulator, shop: LogShell, named: ObjectArgument, namespace: str
) -> None:
    code, run = await LogShell(simulator, shop.directory, namespace=namespace).ran(named)
    assert code == 0
    sources = {line.split("/")[0] for line in run.lines}
    assert sources == set(pods_of(simulator, named.name, namespace))


async def test_a_service_without_selector_has_the_pods_its_endpoints_name(simulator: Simulator, shop: LogShell) -> None:
    first, *_, last = pods_of(simulator, "cart")
    refs = [{"kind": "Pod", "namespace": "shop", "name": name} for name in (first, last)]
    for number in (1, 2):
        name = f"leader-{number}"
        service = {"metadata": {"name": name, "namespace": "shop"}, "spec": {"ports": [{"port": 80}]}}
        endpoint_slice = {
            "metadata": {"name": name, "namespace": "shop", "labels": {"kubernetes.io/service-name": name}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": ["10.0.0.1"], "targetRef": entry} for entry in refs[:number]],
        }
        for kind, body in (("Service", service), ("EndpointSlice", endpoint_slice)):
            simulator.call(create_object, by_kind(kind), body)
        code, run = await shop.ran(ObjectArgument("Service", name))
        assert (code, len(run.lines)) == (0, 3 * number)
        assert "pods its endpoints list" in run.err.getvalue()


async def test_a_service_without_selector_whose_endpoints_name_no_pod_says_so(
    simulator: Simulator, shop: LogShell
) -> None:
    service = {"metadata": {"name": "outside", "namespace": "shop"}, "spec": {"ports": [{"port": 80}]}}
    simulator.call(create_object, by_kind("Service"), service)
    code, run = await shop.ran(ObjectArgument("Service", "outside"))
    assert code == 2, "as for a selector that no pod has"
    assert "its endpoints list no pods" in run.err.getvalue()


async def test_a_selector_takes_the_pods_of_several(shop: LogShell) -> None:
    code, run = await shop.ran(selector="app in (email,currency)")
    assert code == 0
    sources = {line.split("/")[0] for line in run.lines}
    assert sources == {*pods_of(shop.simulator, "email"), *pods_of(shop.simulator, "currency")}


async def test_sidecars_belong_to_it_and_containers_can_be_chosen(shop: LogShell) -> None:
    name = pods_of(shop.simulator, "checkout")[0]
    _, run = await shop.ran(ObjectArgument("Pod", name))
    assert {line.split()[0] for line in run.lines} == {f"{name}/app", f"{name}/proxy"}
    _, run = await shop.ran(ObjectArgument("Pod", name), containers=("proxy",))
    assert run.lines == ["INFO one", "ERROR two", "INFO three"]


async def test_an_ephemeral_container_is_read_when_it_is_named(shop: LogShell) -> None:
    code, run = await shop.ran(ObjectArgument("Deployment", "search"), containers=("debugger",))
    assert (code, len(run.lines)) == (0, 3)
    _, run = await shop.ran(ObjectArgument("Deployment", "search"))
    assert not any("/debugger" in line for line in run.lines)


async def test_it_reads_the_logs_of_its_own_pods_alone(shop: LogShell) -> None:
    def adopt(state: SimulatorState) -> None:
        """Give another pod the Deployment's labels."""
        mine = state.storage.list(PODS, "shop")
        labels = next(entry for entry in mine if entry["metadata"]["labels"].get("app") == "email")["metadata"][
            "labels"
        ]
        other = copy.deepcopy(next(entry for entry in mine if entry["metadata"]["labels"].get("app") == "currency"))
        other["metadata"]["labels"] = dict(labels)
        other["metadata"]["ownerReferences"] = []
        state.storage.update(PODS, other)

    shop.simulator.call(adopt)
    code, run = await shop.ran(EMAIL)
    assert (code, run.lines) == (0, ["INFO one", "ERROR two", "INFO three"])


# Which lines


async def test_the_last_lines_can_be_asked_for(shop: LogShell) -> None:
    _, run = await shop.ran(EMAIL, tail=1)
    assert run.lines == ["INFO three"]


async def test_a_time_can_be_asked_for(simulator: Simulator, shop: LogShell) -> None:
    _, run = await shop.ran(EMAIL, since=9)
    assert run.lines == ["ERROR two", "INFO three"]


@pytest.mark.parametrize(
    ("since", "tail", "printed"),
    [(9, 5, ["ERROR two", "INFO three"]), (9, 1, ["INFO three"]), (60, 2, ["ERROR two", "INFO three"])],
)
async def test_a_time_and_a_number_of_lines_limit_together(
    shop: LogShell, since: int, tail: int, printed: list[str]
) -> None:
    code, run = await shop.ran(EMAIL, since=since, tail=tail)
    assert (code, run.lines) == (0, printed)


async def test_queries_choose_lines(shop: LogShell) -> None:
    _, run = await shop.ran(EMAIL, include=("level>=error", "three"))
    assert run.lines == ["ERROR two", "INFO three"]
    _, run = await shop.ran(EMAIL, exclude=("two", "three"))
    assert run.lines == ["INFO one"]
    _, run = await shop.ran(EMAIL, include=("level=info",), exclude=("one",))
    assert run.lines == ["INFO three"]


async def test_the_run_before_a_restart(shop: LogShell) -> None:
    name = pods_of(shop.simulator, "email")[0]

    def restart(state: SimulatorState) -> None:
        pod = copy.deepcopy(state.storage.get(PODS, "shop", name))
        assert pod is not None
        entry = pod["status"]["containerStatuses"][0]
        ended = {"exitCode": 1, "startedAt": "2026-01-15T11:00:00Z", "finishedAt": "2026-01-15T11:30:00Z"}
        entry.update(restartCount=1, lastState={"terminated": {**ended, "containerID": "containerd://before"}})
        state.storage.update(PODS, pod, status_only=True)

    code, run = await shop.ran(EMAIL, previous=True)
    assert code == 2
    assert "no container of Deployment shop/email was restarted" in run.err.getvalue()
    shop.simulator.call(restart)
    code, run = await shop.ran(EMAIL, previous=True)
    assert (code, run.lines) == (0, ["last words"])


# Forms


async def test_json_is_an_object_a_line(shop: LogShell) -> None:
    code, run = await shop.ran(EMAIL, output="json")
    assert code == 0
    assert [(entry["text"], entry["level"]) for entry in run.values] == [
        ("INFO one", "info"),
        ("ERROR two", "error"),
        ("INFO three", "info"),
    ]
    assert run.values[0]["pod"] == pods_of(shop.simulator, "email")[0]
    assert run.values[0]["time"] == "2026-01-15T11:59:50.000000Z"
    assert run.values[0]["revision"]


async def test_a_terminal_gets_it_pretty_and_harmless(simulator: Simulator, shop: LogShell) -> None:
    write_logs(simulator, Written('{"level":"warn","msg":"slow\\u001b[2J","took":12}', "\x1b]52;c;aGk=\x07clip"))
    async with shop.started(EMAIL, is_terminal=True, no_color=True) as run:
        assert await run.code() == 0
    assert run.lines == ["WARN  slow  took=12", "clip"]


# What cannot be


@pytest.mark.parametrize(
    ("named", "says"),
    [
        (ObjectArgument("Deployment", "nope"), "Deployment shop/nope not found"),
        (ObjectArgument("Service", "nope"), "Service shop/nope not found"),
        (ObjectArgument("Pod", "nope"), "Pod shop/nope not found"),
    ],
)
async def test_a_missing_object_exits_with_2(shop: LogShell, named: ObjectArgument, says: str) -> None:
    code, run = await shop.ran(named)
    assert (code, run.lines) == (2, [])
    assert says in run.err.getvalue()


async def test_without_a_pod_it_says_so_and_hints(shop: LogShell) -> None:
    edit(shop.simulator, lambda spec: spec.update(replicas=0), ("Deployment", "shop", "email"))
    shop.simulator.advance(60)
    code, run = await shop.ran(EMAIL)
    assert (code, run.lines) == (2, [])
    assert "Deployment shop/email has no pods" in run.err.getvalue()
    assert "hint: " in run.err.getvalue()
    code, run = await shop.ran(selector="app=nope")
    assert code == 2
    assert "no pods with app=nope in shop" in run.err.getvalue()


async def test_a_container_it_does_not_have_is_reported_with_those_it_has(shop: LogShell) -> None:
    code, run = await shop.ran(CHECKOUT, containers=("nope",))
    assert code == 2
    assert "no pod of Deployment shop/checkout has a container nope" in run.err.getvalue()
    assert "containers: " in run.err.getvalue()
    assert "proxy" in run.err.getvalue()


async def test_without_the_right_to_read_logs_it_is_9(simulator: Simulator, shop: LogShell) -> None:
    rules = (Rule(("get", "list", "watch"), ("", "apps"), ("pods", "deployments", "replicasets"), ("shop",)),)
    simulator.add_user("blind", rules)
    shop.user = "blind"
    code, run = await shop.ran(EMAIL)
    assert (code, run.lines) == (9, [])
    assert "pods/log" in run.err.getvalue()


async def test_without_the_right_to_list_pods_it_is_9(simulator: Simulator, shop: LogShell) -> None:
    simulator.add_user("nobody", (Rule(("get",), ("apps",), ("deployments",), ("shop",)),))
    shop.user = "nobody"
    code, run = await shop.ran(EMAIL)
    assert code == 9
    assert "pods" in run.err.getvalue()


async def test_without_the_right_to_read_replica_sets_the_selector_decides_and_it_is_reported(
    simulator: Simulator, shop: LogShell
) -> None:
    rules = (
        Rule(("get", "list", "watch"), ("",), ("pods", "pods/log"), ("shop",)),
        Rule(("get",), ("apps",), ("deployments",), ("shop",)),
    )
    simulator.add_user("some", rules)
    shop.user = "some"
    code, run = await shop.ran(EMAIL)
    assert (code, run.lines) == (0, ["INFO one", "ERROR two", "INFO three"])
    assert "reading all pods that match its selector" in run.err.getvalue()


async def test_what_has_not_started_is_reported_and_does_not_hold_it_up(tmp_path: Path) -> None:
    with Simulator("bad-release", ManualClock()) as simulator:
        write_logs(simulator, Written("INFO one"))
        code, run = await LogShell(simulator, tmp_path).ran(CHECKOUT, containers=("app",))
    assert code == 0
    assert len(run.lines) == 3
    assert "waiting to start: image cannot be pulled" in run.err.getvalue()


# Following


async def test_following_continues_and_pods_join(simulator: Simulator, tmp_path: Path) -> None:
    logs = Written("INFO one")
    write_logs(simulator, logs)
    shop = LogShell(simulator, tmp_path)
    first = pods_of(simulator, "email")[0]
    async with shop.started(EMAIL, follow=True) as run:
        await run.out.wait_for(f"{first}/app INFO one")
        simulator.call(lambda _: logs.run(first).write("INFO two"))
        await run.out.wait_for(f"{first}/app INFO two")
        edit(simulator, lambda spec: spec.update(replicas=2), ("Deployment", "shop", "email"))
        simulator.advance(30)
        second = next(entry for entry in pods_of(simulator, "email") if entry != first)
        await run.out.wait_for(f"{second}/app INFO one")
        assert run.task is not None
        assert not run.task.done()


async def test_following_waits_for_a_first_pod(shop: LogShell) -> None:
    edit(shop.simulator, lambda spec: spec.update(replicas=0), ("Deployment", "shop", "email"))
    shop.simulator.advance(60)
    async with shop.started(EMAIL, follow=True) as run:
        await run.err.wait_for("no pods yet, waiting")
        edit(shop.simulator, lambda spec: spec.update(replicas=1), ("Deployment", "shop", "email"))
        shop.simulator.advance(60)
        await run.out.wait_for("INFO three")


async def test_following_one_pod_ends_when_it_is_gone(simulator: Simulator, tmp_path: Path) -> None:
    logs = Written("INFO one")
    write_logs(simulator, logs)
    name = pods_of(simulator, "email")[0]
    async with LogShell(simulator, tmp_path).started(ObjectArgument("Pod", name), follow=True) as run:
        await run.out.wait_for("INFO one")
        delete_pod(simulator, name)
        simulator.call(lambda _: logs.run(name).end())
        simulator.advance(60)
        assert await run.code() == 0


async def test_following_one_pod_ends_when_it_has_completed(simulator: Simulator, tmp_path: Path) -> None:
    logs = Written("INFO one", ended=True)
    write_logs(simulator, logs)
    name = pods_of(simulator, "email")[0]

    def complete(state: SimulatorState) -> None:
        pod = copy.deepcopy(state.storage.get(PODS, "shop", name))
        assert pod is not None
        pod["status"]["phase"] = "Succeeded"
        times = {"startedAt": "2026-01-15T11:00:00Z", "finishedAt": "2026-01-15T11:59:59Z"}
        pod["status"]["containerStatuses"][0]["state"] = {"terminated": {"exitCode": 0, **times}}
        state.storage.update(PODS, pod, status_only=True)

    simulator.call(complete)
    code, run = await LogShell(simulator, tmp_path).ran(ObjectArgument("Pod", name), follow=True)
    assert (code, run.lines) == (0, ["INFO one"])


async def test_following_a_pod_of_a_stateful_set_waits_for_the_next_of_its_name(
    simulator: Simulator, tmp_path: Path
) -> None:
    logs = Written("INFO one")
    write_logs(simulator, logs)
    async with LogShell(simulator, tmp_path, namespace="data").started(
        ObjectArgument("Pod", "db-0"), follow=True
    ) as run:
        await run.out.wait_for("INFO one")
        simulator.call(lambda state: state.storage.delete(PODS, "data", "db-0"))
        simulator.call(lambda _: logs.run("db-0", "postgres").end())
        write_logs(simulator, Written("INFO two"))
        simulator.advance(40)
        await run.out.wait_for("INFO two")


async def test_a_cut_connection_loses_no_line_and_shows_no_false_marker(simulator: Simulator, tmp_path: Path) -> None:
    logs = Written("INFO one")
    write_logs(simulator, logs)
    name = pods_of(simulator, "email")[0]
    async with LogShell(simulator, tmp_path).started(ObjectArgument("Pod", name), follow=True) as run:
        await run.out.wait_for("INFO one")
        assert simulator.break_logs() == 1
        simulator.call(lambda _: logs.run(name).write("INFO two"))
        await run.out.wait_for("INFO two")
        assert run.lines == ["INFO one", "INFO two"]
        assert "may be missing" not in run.err.getvalue()


async def test_a_watch_that_may_not_be_is_reported_and_the_logs_continue(simulator: Simulator, tmp_path: Path) -> None:
    write_logs(simulator, Written("INFO one"))
    rules = (
        Rule(("get", "list"), ("",), ("pods", "pods/log"), ("shop",)),
        Rule(("get", "list"), ("apps",), ("deployments", "replicasets"), ("shop",)),
    )
    simulator.add_user("still", rules)
    async with LogShell(simulator, tmp_path, user="still").started(EMAIL, follow=True) as run:
        await run.out.wait_for("INFO one")
        await run.err.wait_for("new pods are not detected")


async def test_more_than_may_be_read_at_once_is_reported(simulator: Simulator, tmp_path: Path) -> None:
    write_logs(simulator, Written("INFO one"))
    async with LogShell(simulator, tmp_path).started(CART, follow=True, max_streams=2) as run:
        await run.err.wait_for("reading 2 of 3 containers at a time, in turns")
        await run.out.wait_until(lambda text: text.count("INFO one") == 3)


async def test_cancelling_ends_it_immediately(shop: LogShell) -> None:
    async with shop.started(CART, follow=True) as run:
        await run.out.wait_for("INFO three")
        assert run.task is not None
        run.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run.code()
