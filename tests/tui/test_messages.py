"""Messages that answer keys."""

from __future__ import annotations

from textual.app import App
from textual.widgets._toast import ToastHolder

from k9py.tui.app.messages import TransientMessages


class Talkative(TransientMessages[None]):
    """Shows a message for each key."""

    def on_key(self) -> None:
        self.show_message("pressed")


async def test_cleared_messages_leave_nothing_on_the_screen() -> None:
    app: App[None] = Talkative()
    async with app.run_test(notifications=True) as pilot:
        for _ in range(5):
            await pilot.press("a")
        await pilot.pause()
        assert len(app.screen.query(ToastHolder)) == 1
        app.clear_notifications()
        await pilot.pause()
        assert not app.screen.query(ToastHolder)
