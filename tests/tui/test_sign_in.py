"""A credential plugin that needs the person: its words on screen, while connecting and while the dashboard is live."""

from __future__ import annotations

import asyncio
from pathlib import Path

from k9py.api.errors import ConnectionFailedError
from k9py.kube.connection import Connection
from k9py.kube.options import ConnectOptions
from k9py.kube.sign_in import SignIn
from k9py.simulator.server import Simulator
from k9py.tui.app.kdash_app import KdashApp
from k9py.tui.options import AppOptions
from k9py.tui.session import Unreachable
from tests.tui.dashboard import Dashboard, dashboard
from tests.unit.kube.kubeconfigs import kubeconfig, plugin_user

DEVICE_CODE = Path(__file__).parents[1] / "unit" / "kube" / "device-code.sh"
LINE = "To sign in, open https://login.example.com/device and enter the code ABCD-1234 to authenticate."


async def test_while_connecting_the_code_is_shown_and_esc_cancels_and_enter_asks_again(
    simulator: Simulator, tmp_path: Path
) -> None:
    user = plugin_user("/bin/sh", [str(DEVICE_CODE)])
    path = kubeconfig(tmp_path, cluster={"server": "https://127.0.0.1:1"}, user=user)
    app = KdashApp(AppOptions(connect=ConnectOptions(kubeconfig=str(path)), monochrome=False))
    async with app.run_test(size=(80, 24)) as pilot:
        shown = Dashboard(app, pilot, simulator, tmp_path / "audit")
        for _ in range(2):
            await shown.until_text("Output of the credential plugin /bin/sh:", "enter the code ABCD-1234", "Esc cancel")
            await shown.press("escape")
            await shown.until_text("You cancelled the sign-in with /bin/sh", "Enter retry now")
            assert isinstance(app.session.state, Unreachable)
            assert app.session.state.retry_at is None
            assert app.screen is app.home
            await shown.press("enter")
        await shown.until_text("enter the code ABCD-1234")
        assert "connecting to" in shown.text.splitlines()[0]


async def test_asking_for_another_try_is_answered_at_once(simulator: Simulator, tmp_path: Path) -> None:
    tries: list[str] = []

    async def connector(options: ConnectOptions) -> Connection:
        tries.append(options.context or "")
        if len(tries) == 1:
            raise ConnectionFailedError("the server is not there")
        return await asyncio.Event().wait()  # type: ignore[return-value]

    app = KdashApp(AppOptions(connect=ConnectOptions(context="staging"), connector=connector))
    async with app.run_test(size=(80, 24)) as pilot:
        shown = Dashboard(app, pilot, simulator, tmp_path / "audit")
        await shown.until_text("the server is not there", "not connected")
        await shown.press("enter")
        await shown.until(lambda: len(tries) == 2, "another try")
        await shown.until(lambda: "not connected" not in shown.text and "not there" not in shown.text, "the try")
        assert shown.text.count("connecting to staging") == 2


async def test_a_connection_that_is_given_up_takes_the_words_with_it(simulator: Simulator, tmp_path: Path) -> None:
    spoke = asyncio.Event()

    async def connector(options: ConnectOptions) -> Connection:
        assert options.sign_in is not None
        sign_in = SignIn("login", lambda: None)
        sign_in.add(LINE)
        options.sign_in.on_output(sign_in, LINE)
        await spoke.wait()
        options.sign_in.on_end(sign_in)
        return await asyncio.Event().wait()  # type: ignore[return-value]

    app = KdashApp(AppOptions(connect=ConnectOptions(context="staging"), connector=connector))
    async with app.run_test(size=(80, 24)) as pilot:
        shown = Dashboard(app, pilot, simulator, tmp_path / "audit")
        await shown.until_text("ABCD-1234")
        spoke.set()
        await shown.until(lambda: "ABCD-1234" not in shown.text, "the words are gone")


async def test_a_renewal_that_needs_the_person_is_shown_whole_while_live_and_ctrl_x_cancels_it(
    simulator: Simulator, tmp_path: Path
) -> None:
    cancelled: list[str] = []
    async with dashboard(simulator, tmp_path, size=(80, 24)) as shown:
        sign_in = SignIn("login", lambda: cancelled.append("login"))
        sign_in.add(LINE)
        shown.app.session.on_output(sign_in, LINE)
        await shown.until_text("sign in with login", "Ctrl+X cancels", "authenticate.")
        await shown.press("d")
        await shown.until(lambda: shown.app.screen is not shown.home, "another screen")
        await shown.until_text("sign in with login", "authenticate.")
        await shown.press("ctrl+x")
        await shown.until(lambda: cancelled == ["login"], "cancelled")
        shown.app.session.on_end(sign_in)
        await shown.until(lambda: "ABCD-1234" not in shown.text, "the words are gone")
