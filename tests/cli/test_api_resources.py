"""`kdash api-resources`: the types of the server, and the parts of its API that do not answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.cli.objects.api_resources import api_resources
from k9py.cli.objects.options import ApiResourcesOptions
from k9py.cli.session import Invocation
from k9py.simulator.clock import ManualClock
from k9py.simulator.faults import Refuse, RequestMatch
from k9py.simulator.server import Simulator
from tests.cli.shell import Core, Shell


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with Simulator("shop-quiet", ManualClock()) as running:
        yield running


@pytest.fixture
def shell(simulator: Simulator, tmp_path: Path) -> Shell:
    return Shell(simulator, tmp_path)


def listing(**options: Any) -> Core:
    async def core(invocation: Invocation) -> int:
        return await api_resources(invocation, ApiResourcesOptions(**options))

    return core


async def test_types_are_listed_by_group_with_their_names(shell: Shell) -> None:
    result = await shell.run(listing())
    assert result.code == 0
    rows = [line.split() for line in result.out.splitlines()]
    assert rows[0] == ["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"]
    assert ["pods", "po", "v1", "true", "Pod"] in rows
    assert ["deployments", "deploy", "apps/v1", "true", "Deployment"] in rows
    names = (await shell.run(listing(output="name"))).out.splitlines()
    assert "deployments.apps" in names
    assert names.index("pods") < names.index("deployments.apps")


async def test_they_are_narrowed_by_group_and_scope(shell: Shell) -> None:
    apps = (await shell.run(listing(output="json", api_group="apps"))).json
    assert {item["api_version"] for item in apps} == {"apps/v1"}
    core = (await shell.run(listing(output="json", api_group="", namespaced=False))).json
    assert "Node" in {item["kind"] for item in core}
    assert not any(item["namespaced"] for item in core)
    wide = await shell.run(listing(output="wide", api_group="apps"))
    assert "create,delete" in wide.out


async def test_a_part_of_the_api_that_does_not_answer_is_named(simulator: Simulator, shell: Shell) -> None:
    simulator.inject(Refuse(503, "ServiceUnavailable", "no answer"), RequestMatch(containing="/apis"))
    result = await shell.run(listing())
    assert result.code == 2
    assert "pods" in result.out, "what is known is listed"
    assert "/apis" in result.err
