"""The command line and the palette of the dashboard: one list, no more power than the keys."""

from __future__ import annotations

from textual.command import CommandPalette

from tests.tui.dashboard import Dashboard


async def test_colon_q_leaves(kdash: Dashboard) -> None:
    await kdash.press("colon", "q", "enter")
    await kdash.until(lambda: kdash.app._exit, "left")
    assert kdash.app.return_code == 0


async def test_colon_ns_shows_one_namespace(kdash: Dashboard) -> None:
    await kdash.press("colon", *"ns shop", "enter")
    await kdash.until(lambda: kdash.connected.cluster.scope.namespaces == ("shop",), "the namespace")


async def test_an_unknown_command_is_told(kdash: Dashboard) -> None:
    await kdash.press("colon", *"dance", "enter")
    await kdash.until_text('unknown command "dance"')


async def test_the_palette_finds_the_same_commands(kdash: Dashboard) -> None:
    await kdash.press("ctrl+p")
    await kdash.until_screen(CommandPalette)
    await kdash.press(*"describe")
    await kdash.until_text("Describe: status, findings, events")


async def test_ctrl_c_quits_from_anywhere(kdash: Dashboard) -> None:
    await kdash.press("colon", "ctrl+c")
    await kdash.until(lambda: kdash.app._exit, "left")
