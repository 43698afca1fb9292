"""Transient messages: each answers the previous key, so the next key clears it.

Invariant: a message that is not shown any more leaves nothing on a screen.
"""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from textual.app import ScreenStackError
from textual.widgets._toast import Toast, ToastHolder

from k9py.tui.key_order import OrderedKeys

ResultT = TypeVar("ResultT")

ANSWER_SECONDS: Final = 4.0
"""How long the answer to a key is shown."""
STAYS_SECONDS: Final = 10.0
"""How long a message is shown that no key clears."""


class TransientMessages(OrderedKeys[ResultT], Generic[ResultT]):
    """An app that shows transient messages."""

    _message_stays = False

    def show_message(self, text: str, *, failed: bool = False, stays: bool = False) -> None:
        """Show a transient message, until the next key or a timeout.

        Args:
            text: One line.
            failed: It reports a failure.
            stays: It is not the answer to a key, so the next key does not clear it.
        """
        self._message_stays |= stays
        timeout = STAYS_SECONDS if stays else ANSWER_SECONDS
        self.notify(text, severity="error" if failed else "information", markup=False, timeout=timeout)
        if stays:
            self.set_timer(STAYS_SECONDS, self._allow_clearing)

    def _allow_clearing(self) -> None:
        self._message_stays = False

    def before_key(self) -> None:
        """Clear the answer to the key before: on the next screen or dialog it would look like an answer there."""
        if len(self._notifications) and not self._message_stays:
            self.clear_notifications()

    def _refresh_notifications(self) -> None:
        """Show the messages on the current screen.

        Textual removes the toast of a message that was cleared, but not the holder around it: each would stay on the
        screen with its task, and slow every layout down.
        """
        self.call_later(self._remove_stale_holders)
        super()._refresh_notifications()

    def _remove_stale_holders(self) -> None:
        try:
            holders = self.screen.query(ToastHolder)
        except ScreenStackError:
            return
        for holder in holders:
            if not any(toast._notification in self._notifications for toast in holder.query(Toast)):
                holder.remove()
