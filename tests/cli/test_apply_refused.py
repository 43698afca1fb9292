"""Several manifests of which one is refused: nothing is written, and every object is in the report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.cli.apply import apply_files
from k9py.cli.command_line import WriteOptions
from k9py.simulator.clock import RealClock
from k9py.simulator.server import Simulator
from tests.cli.shell import CommandResult, Shell
from tests.contract.scene import QuickTime

YES = WriteOptions(yes=True)
DRY_RUN = WriteOptions(dry_run=True)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shell]:
    with Simulator("shop-quiet", RealClock(speed=50)) as simulator:
        yield Shell(simulator, tmp_path, clock=QuickTime(simulator))


async def apply(shop: Shell, *names: str, options: WriteOptions, json: bool = True) -> CommandResult:
    file = shop.directory / "all.yaml"
    file.write_text(
        "---\n".join(
            f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\ndata: {{a: b}}\n"
            for name in names
        )
    )
    return await shop.run(lambda invocation: apply_files(invocation, [str(file)], options), json=json)


def outcomes(result: CommandResult) -> dict[str, tuple[Any, ...]]:
    return {item["name"]: (item["outcome"], item["exit_code"], item["unchanged"]) for item in result.json["results"]}


@pytest.mark.parametrize("options", [YES, DRY_RUN], ids=["yes", "dry-run"])
async def test_every_object_is_in_the_report_when_one_is_refused(shop: Shell, options: WriteOptions) -> None:
    result = await apply(shop, "a1", "BAD.NAME", "a2", "WORSE", options=options)
    assert result.code == 9
    assert outcomes(result) == {
        "a1": ("dry-run", 0, False),
        "BAD.NAME": ("failed", 9, None),
        "a2": ("dry-run", 0, False),
        "WORSE": ("failed", 9, None),
    }
    assert result.json["not_tried"] == []
    assert result.json["exit_code"] == 9
    assert shop.writes() == 0
    text = await apply(shop, "a1", "BAD.NAME", "a2", "WORSE", options=options, json=False)
    assert ":6: ConfigMap shop/BAD.NAME: " in text.err
    assert ":16: ConfigMap shop/WORSE: " in text.err
    assert text.err.count("ConfigMap shop/WORSE: ") == 1
    assert "2 of 4 objects were refused; nothing was written" in text.err
    assert "kdash: not written, although the dry run passed: ConfigMap a1, ConfigMap a2" in text.err
    assert "not tried" not in text.err


async def test_what_was_so_already_is_unchanged(shop: Shell) -> None:
    created = await apply(shop, "a1", "a2", options=YES)
    assert outcomes(created) == {"a1": ("done", 0, False), "a2": ("done", 0, False)}
    again = await apply(shop, "a1", "a3", "a2", options=YES, json=False)
    assert again.code == 0
    assert [line for line in again.out.splitlines() if line.startswith("ConfigMap")] == [
        "ConfigMap shop/a1 unchanged",
        "ConfigMap shop/a3 created",
        "ConfigMap shop/a2 unchanged",
    ]
    preview = await apply(shop, "a1", "a4", options=DRY_RUN)
    assert outcomes(preview) == {"a1": ("dry-run", 0, True), "a4": ("dry-run", 0, False)}
