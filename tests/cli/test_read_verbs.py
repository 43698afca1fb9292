"""`kdash describe`, `events` and `top`: what they print, and how they end where something cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.cli.command_line import ScopeArguments
from k9py.cli.objects.describe import describe
from k9py.cli.objects.events import events
from k9py.cli.objects.get import get
from k9py.cli.objects.options import EventOptions, GetOptions, TopOptions
from k9py.cli.objects.top import top
from k9py.simulator.apiserver.served_apis import METRICS, ServedApis
from k9py.simulator.apiserver.writes import create_object
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import by_kind
from k9py.simulator.server import Simulator
from tests.cli.shell import Core, Shell

HERE = ScopeArguments()


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("shop-quiet", ManualClock()) as running:
        yield running


@pytest.fixture
def shell(simulator: Simulator, tmp_path: Path) -> Shell:
    return Shell(simulator, tmp_path)


def event(name: str, about: str, seen: str, **given: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": "shop"},
        "involvedObject": {"kind": "Pod", "namespace": "shop", "name": about},
        "reason": "BackOff",
        "message": f"Back-off\x1b[31m restarting {name}\nsecond line",
        "type": "Warning",
        "count": 3,
        "firstTimestamp": seen,
        "lastTimestamp": seen,
        **given,
    }


def getting_names(resource_type: str) -> Core:
    return lambda its: get(its, (resource_type,), ScopeArguments(), GetOptions(output="name"))


def describing(*operands: str) -> Core:
    return lambda its: describe(its, operands, shows_secrets=False)


def listing(scope: ScopeArguments = HERE, **options: Any) -> Core:
    return lambda its: events(its, scope, EventOptions(**options))


def topping(scope: ScopeArguments = HERE, **options: Any) -> Core:
    return lambda its: top(its, scope, TopOptions(**options))


# describe


async def test_a_workload_is_described_with_its_state_first(shell: Shell) -> None:
    result = await shell.run(describing("deploy/checkout"))
    lines = result.out.splitlines()
    assert (result.code, lines[0]) == (0, "Deployment shop/checkout")
    assert lines[1].split() == ["state", "healthy"]
    assert "Events" in result.out


async def test_any_type_is_described_and_several_at_once(shell: Shell) -> None:
    result = await shell.run(describing("namespace/shop", "pdb/checkout"))
    assert result.code == 0
    assert "Namespace shop" in result.out
    assert "\n\nPodDisruptionBudget shop/checkout" in result.out
    as_json = await shell.run(describing("svc", "cart"), json=True)
    assert as_json.json[0]["sections"][0]["title"] == "Service shop/cart"


async def test_a_missing_object_says_how_to_list_them(shell: Shell) -> None:
    result = await shell.run(describing("cm", "gone"))
    assert (result.code, result.out) == (2, "")
    assert "ConfigMap shop/gone not found" in result.err
    assert "kdash get configmaps -n shop" in result.err


async def test_a_bare_name_of_several_objects_lists_them(shell: Shell) -> None:
    result = await shell.run(describing("cart"))
    assert result.code == 2
    assert "name one: deploy/cart or svc/cart" in result.err


# events


async def test_events_are_listed_in_the_order_they_were_seen(simulator: Simulator, shell: Shell) -> None:
    for made in (
        event("late", "web-1", "2026-11-30T11:00:00Z"),
        event("early", "web-0", "2026-11-30T10:00:00Z", type="Normal"),
    ):
        simulator.call(create_object, by_kind("Event"), made)
    result = await shell.run(listing())
    assert result.code == 0
    header, *lines = result.out.splitlines()
    assert header.split() == ["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "COUNT", "MESSAGE"]
    assert [line.split()[3] for line in lines[-2:]] == ["pod/web-0", "pod/web-1"]
    assert lines[-1].endswith("restarting late second line"), "on one line"
    assert "\x1b" not in result.out
    warnings = await shell.run(listing(types=("Warning",)))
    assert "pod/web-0" not in warnings.out
    about = await shell.run(listing(about="pod/web-0"), json=True)
    assert about.out.count("\n") == 1


async def test_no_events_of_an_object_are_no_failure(shell: Shell) -> None:
    result = await shell.run(listing(about="deploy/gone"))
    assert (result.code, result.out) == (0, "")
    assert result.err == "kdash: no events of deploy/gone in shop\n"


# top


async def test_pods_are_measured_against_their_requests_and_limits(shell: Shell) -> None:
    result = await shell.run(topping(sort_by="cpu"))
    assert result.code == 0
    header, *rows = [line.split() for line in result.out.splitlines()]
    assert header == ["NAME", "CPU", "%REQ", "%LIM", "MEMORY", "%REQ", "%LIM"]
    used = [int(row[1].removesuffix("m")) for row in rows]
    assert used == sorted(used, reverse=True)
    values = await shell.run(topping(names=(rows[0][0],)), json=True)
    [pod] = values.json
    assert pod["cpu_percent_of_requests"] == int(rows[0][2].removesuffix("%"))
    assert pod["memory_percent_of_limits"] is None or pod["memory_percent_of_limits"] > 0


async def test_nodes_are_measured_against_what_they_can_allocate(shell: Shell) -> None:
    result = await shell.run(topping(of_nodes=True))
    header, *rows = [line.split() for line in result.out.splitlines()]
    assert header == ["NAME", "CPU", "CPU%", "MEMORY", "MEMORY%"]
    assert rows
    assert all(row[2].endswith("%") for row in rows)


async def test_a_pod_without_metrics_is_named(shell: Shell) -> None:
    result = await shell.run(topping(names=("gone",)))
    assert result.code == 2
    assert "no metrics of gone" in result.err


async def test_without_metrics_top_says_what_to_install(simulator: Simulator, shell: Shell) -> None:
    simulator.serve(ServedApis())
    result = await shell.run(topping())
    assert (result.code, result.out) == (2, "")
    assert "metrics.k8s.io is not installed" in result.err
    assert "metrics-server" in result.err


async def test_metrics_that_do_not_answer_are_no_zeros(simulator: Simulator, shell: Shell) -> None:
    simulator.serve(ServedApis(unavailable=(METRICS,)))
    result = await shell.run(topping(of_nodes=True))
    assert (result.code, result.out) == (2, "")
    assert "metrics.k8s.io does not answer" in result.err
    assert "apiservice" in result.err


async def test_a_type_alone_describes_all_its_objects_and_says_when_there_are_none(shell: Shell) -> None:
    result = await shell.run(describing("hpa"))
    assert result.code == 0
    titles = [line for line in result.out.splitlines() if line.startswith("HorizontalPodAutoscaler shop/")]
    names = (await shell.run(getting_names("hpa"))).out.split()
    assert len(titles) == len(names) > 0
    none = await shell.run(describing("hpa"), namespace="monitoring")
    assert (none.code, none.out) == (0, "")
    assert "no hpa in monitoring" in none.err
    missing = await shell.run(describing("nosuch"))
    assert missing.code == 2
    assert "kdash get deploy,sts" in missing.err
