"""The change-cause from set-image to history and undo: written, inherited, and put back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from k9py.api.workloads import CHANGE_CAUSE
from k9py.cli.command_line import WriteOptions
from k9py.cli.history import history
from k9py.cli.session import Invocation
from k9py.simulator.clock import ManualClock
from k9py.simulator.registry.resources import DEPLOYMENTS
from k9py.simulator.server import Simulator
from tests.cli.shell import Shell, edit, image
from tests.cli.writes import CHECKOUT, doing, only_result, setting_images, undo

NEWER = "registry.example.com/shop/checkout:2.9.0"
CAUSE = f"kdash set-image deploy/checkout app={NEWER}"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shell]:
    with Simulator("shop-quiet", ManualClock()) as simulator:
        yield Shell(simulator, tmp_path)


def cause(shop: Shell) -> str:
    def read(state: Any) -> str:
        deployment = state.storage.get(DEPLOYMENTS, "shop", "checkout")
        return str(deployment["metadata"]["annotations"].get(CHANGE_CAUSE, ""))

    return shop.simulator.call(read)


def showing(invocation: Invocation) -> Any:
    return history(invocation, CHECKOUT, None)


async def causes(shop: Shell) -> list[tuple[int, str, int | None]]:
    ran = await shop.run(showing, json=True)
    assert ran.code == 0, ran.err
    return [
        (revision["revision"], revision["change_cause"], revision["change_cause_inherited_from"])
        for revision in ran.json["revisions"]
    ]


async def test_set_image_writes_the_command_and_shows_it_before(shop: Shell) -> None:
    before = cause(shop)
    set_image = doing("set-image", setting_images({"app": NEWER}), options=WriteOptions(dry_run=True))
    ran = await shop.run(set_image)
    assert f"change-cause: {before} → {CAUSE}" in ran.out
    assert cause(shop) == before
    result = only_result(await shop.run(doing("set-image", setting_images({"app": NEWER})), json=True))
    assert {"what": "change-cause", "before": before, "after": CAUSE} in result["plan"]["changes"]
    assert cause(shop) == CAUSE
    assert (
        len(
            [request for request in shop.simulator.requests if request.verb == "patch" and "dryRun" not in request.path]
        )
        == 1
    )
    shop.simulator.advance(60)
    assert (await causes(shop))[0] == (6, CAUSE, None)


async def test_an_image_set_without_a_cause_inherits_the_cause_of_the_previous_revision(shop: Shell) -> None:
    before = cause(shop)
    edit(shop.simulator, image(NEWER))
    shop.simulator.advance(60)
    assert (await causes(shop))[:2] == [(6, before, 5), (5, before, None)]
    ran = await shop.run(showing)
    assert "(from revision 5)" in ran.out
    assert ran.out.count(before) == 1


async def test_an_undo_puts_the_cause_back_with_the_revision_and_shows_it(shop: Shell) -> None:
    before = cause(shop)
    await shop.run(doing("set-image", setting_images({"app": NEWER})))
    shop.simulator.advance(60)
    ran = await shop.run(undo(5))
    assert f"change-cause: {CAUSE} → {before}" in ran.err
    assert cause(shop) == before
    shop.simulator.advance(60)
    assert (await causes(shop))[:2] == [(7, before, None), (6, CAUSE, None)]
