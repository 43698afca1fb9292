"""The tick: a covered screen gets later what changed meanwhile, and nothing is lost."""

from __future__ import annotations

import pytest

from k9py.api.meta import ObjectRef
from k9py.cluster.change_feed import Changes
from k9py.tui.app.ticker import merge_changes
from k9py.tui.screens.rollout import RolloutScreen
from tests.tui.dashboard import CART, CHECKOUT, Dashboard

CART_CHANGED = Changes(rollouts=frozenset({CART}), health=True)
SERVICE_CHANGED = Changes(services=frozenset({ObjectRef("Service", "shop", "cart")}), kinds=frozenset({"Event"}))


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (None, CART_CHANGED, CART_CHANGED),
        (CART_CHANGED, Changes(), CART_CHANGED),
        (Changes(everything=True), CART_CHANGED, Changes(CART_CHANGED.services, CART_CHANGED.rollouts)),
    ],
)
def test_what_changed_in_either_is_what_changed_in_both(first: Changes | None, second: Changes, both: Changes) -> None:
    merged = merge_changes(first, second)
    assert merged.rollouts == both.rollouts
    assert merged.everything == bool(first and first.everything)
    assert merged.health == ((first is not None and first.health) or second.health)


def test_changes_of_two_ticks_add_up() -> None:
    merged = merge_changes(CART_CHANGED, SERVICE_CHANGED)
    assert merged.rollouts == CART_CHANGED.rollouts
    assert merged.services == SERVICE_CHANGED.services
    assert merged.kinds == SERVICE_CHANGED.kinds
    assert merged.health


async def test_a_covered_screen_gets_what_changed_when_it_is_seen_again(kdash: Dashboard) -> None:
    seen: list[Changes] = []
    tick = kdash.home.tick
    await kdash.select(CHECKOUT)
    await kdash.press("enter")
    await kdash.until_screen(RolloutScreen)

    def record(changes: Changes) -> None:
        seen.append(changes)
        tick(changes)

    kdash.home.tick = record  # type: ignore[method-assign]
    kdash.simulator.advance(30)
    await kdash.pilot.pause(0.2)
    assert seen == [], "home is covered"
    await kdash.press("q")
    await kdash.until(lambda: any(changes for changes in seen), "what changed meanwhile")
