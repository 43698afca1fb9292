"""No key is silent: each acts, says why it cannot, or that nothing here has it."""

from __future__ import annotations

from string import ascii_letters

import pytest
from textual.screen import Screen

from k9py.api.meta import ObjectRef
from k9py.tui.screens.cluster_screen import ClusterScreen
from k9py.tui.screens.describe import DescribeScreen
from k9py.tui.screens.difference import DifferenceScreen
from k9py.tui.screens.home import HomeScreen
from k9py.tui.screens.logs import LogScreen
from k9py.tui.screens.rollout import RolloutScreen
from k9py.tui.screens.service import ServiceScreen
from k9py.tui.screens.yaml import YamlScreen
from tests.tui.dashboard import CHECKOUT, Dashboard

SERVICE = ObjectRef("Service", "shop", "checkout")
WAYS: dict[type[ClusterScreen], tuple[str, ...]] = {
    HomeScreen: (),
    RolloutScreen: ("enter",),
    DescribeScreen: ("d",),
    YamlScreen: ("y",),
    DifferenceScreen: ("D",),
    LogScreen: ("l",),
}


def said(kdash: Dashboard) -> list[str]:
    return [str(notification.message) for notification in kdash.app._notifications]


def unbound(screen: Screen[None]) -> list[str]:
    """Return some keys no binding of a screen has."""
    bound = screen.active_bindings
    letters = [key for key in ascii_letters if key not in bound]
    return [*letters[:2], letters[-1], *({"space", "semicolon", "9"} - bound.keys())]


async def assert_answered(kdash: Dashboard, screen: ClusterScreen) -> None:
    for key in unbound(screen):
        await kdash.press(key)
        name = {"space": "Space", "semicolon": ";"}.get(key, key)
        await kdash.until(lambda: said(kdash) == [f"{name}: no such key here · ? lists the keys"], f"{key} answered")  # noqa: B023
        assert kdash.app.screen is screen


@pytest.mark.parametrize("kind", WAYS)
async def test_a_key_that_nothing_here_has_says_so(kind: type[ClusterScreen], kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press(*WAYS[kind])
    await assert_answered(kdash, await kdash.until_screen(kind))


async def test_a_key_that_a_service_page_does_not_have_says_so(kdash: Dashboard) -> None:
    kdash.app.navigator.open_object(SERVICE)
    await assert_answered(kdash, await kdash.until_screen(ServiceScreen))


async def test_a_key_held_down_is_answered_by_one_message(kdash: Dashboard) -> None:
    first, second, *_ = unbound(kdash.home)
    await kdash.press(first, first, first, second)
    await kdash.until(lambda: said(kdash) == [f"{second}: no such key here · ? lists the keys"], "the last answered")


async def test_a_key_that_acts_or_is_typed_into_a_bar_gets_no_other_answer(kdash: Dashboard) -> None:
    await kdash.select(CHECKOUT)
    unknown = unbound(kdash.home)[0]
    for key in ("k", "slash", unknown, "space", "escape", "question_mark", unknown, "escape"):
        await kdash.press(key)
        await kdash.pilot.pause()
        assert said(kdash) == [], key
    await kdash.press(unknown)
    await kdash.until(lambda: said(kdash), "answered")


@pytest.mark.parametrize(
    ("kind", "key", "message"),
    [
        (LogScreen, "N", "no search yet · / searches"),
        (LogScreen, "plus", "no filter: all lines are shown · & filters"),
        (LogScreen, "minus", "no filter: all lines are shown · & filters"),
        (DescribeScreen, "N", "no search yet · / searches"),
        (YamlScreen, "N", "no search yet · / searches"),
        (HomeScreen, "ctrl+x", "nothing to stop: no bulk operation is running"),
    ],
)
async def test_a_key_that_cannot_act_now_says_why(
    kind: type[ClusterScreen], key: str, message: str, kdash: Dashboard
) -> None:
    await kdash.select(CHECKOUT)
    await kdash.press(*WAYS[kind])
    await kdash.until_screen(kind)
    await kdash.press(key)
    await kdash.until(lambda: said(kdash) == [message], message)


async def test_n_without_a_search_chooses_a_namespace_and_says_nothing_else(
    kdash: Dashboard, log_screen: LogScreen
) -> None:
    await kdash.press("n")
    await kdash.until(lambda: kdash.app.screen is not log_screen, "the namespaces")
    assert said(kdash) == []
