"""`kdash get` prints what the real kubectl prints for the same objects: names, JSON, YAML, and the server's columns."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from k9py.cli.command_line import ScopeArguments
from k9py.cli.objects.get import get
from k9py.cli.objects.options import GetOptions
from k9py.simulator.server import Simulator
from tests.cli.shell import CommandResult, Shell
from tests.conformance.kubectl import Kubectl

TYPES = ("deploy,svc", "pods", "nodes", "all", "cm,secrets,sa", "pdb,hpa,ep")
SERVER_COLUMNS = ("apiservices", "controllerrevisions")
"""Types without a descriptor."""

pytestmark = pytest.mark.parametrize("simulator", ["shop-quiet"], indirect=True)


@pytest.fixture
def shell(simulator: Simulator, tmp_path: Path) -> Shell:
    return Shell(simulator, tmp_path)


async def kdash(shell: Shell, *operands: str, everywhere: bool = False, **options: Any) -> CommandResult:
    scope = ScopeArguments(all_namespaces=everywhere)
    return await shell.run(lambda its: get(its, operands, scope, GetOptions(**options)))


@pytest.mark.parametrize("types", TYPES)
async def test_names_and_objects_are_the_same(kubectl: Kubectl, shell: Shell, types: str) -> None:
    assert (await kdash(shell, types, output="name")).out == (await kubectl("get", types, "-o", "name")).out
    ours, theirs = await kdash(shell, types, output="json"), await kubectl("get", types, "-o", "json")
    assert ours.out == theirs.out
    as_yaml = await kdash(shell, types, output="yaml")
    assert yaml.load(as_yaml.out, Loader=yaml.CSafeLoader) == theirs.json()


async def test_one_object_is_the_same_text(kubectl: Kubectl, shell: Shell) -> None:
    for form in ("json", "yaml"):
        ours = await kdash(shell, "deploy", "checkout", output=form)
        theirs = await kubectl("get", "deploy", "checkout", "-o", form)
        unfolded = re.sub(r"(?<=\S)\n +(?=[^-\s][^:]*\n)", " ", theirs.out) if form == "yaml" else theirs.out
        assert ours.out in (theirs.out, unfolded)


@pytest.mark.parametrize("resource", SERVER_COLUMNS)
async def test_a_type_without_columns_of_its_own_has_the_servers(kubectl: Kubectl, shell: Shell, resource: str) -> None:
    ours = await kdash(shell, resource, everywhere=True, output="wide")
    theirs = await kubectl("get", resource, "-A", "-o", "wide")
    assert len(ours.out.splitlines()) > 1
    assert [line.split() for line in ours.out.splitlines()] == [line.split() for line in theirs.out.splitlines()]
