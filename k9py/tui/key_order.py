"""Keys take effect in the order they were typed, however fast they come.

A key may move the focus or open a dialog, and that takes a few passes of the event loop. On a slow link several keys
arrive in one packet: without an order, the `c` of a quickly typed `/checkout` would reach the table below the filter,
and open something else. Invariant: a key is dispatched only once the interface has done what the key before it caused;
until then keys are queued, and none is lost. Background work that a key starts (a request) is not waited for, unless it
holds the keys (`hold_keys`): keys typed ahead are meant for the dialog that will open, and wait for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from textual import events
from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.timer import Timer

from k9py.tui.keys import RemappableKeys

ResultT = TypeVar("ResultT")

FAIL_SAFE_SECONDS: Final = 1.0
"""A key that causes something endless delays the next one no longer than this."""

HOLD_SECONDS: Final = 15.0
"""Keys are held no longer than this for a dialog that does not open; those typed until then are dropped."""

ROUNDS: Final = 3
"""A key makes a widget post a message, whose handler posts another: each bubbles up to the app once more."""


class KeyHold:
    """Holds typed keys until it is released; the key for back cancels what it waits for.

    Args:
        app: Whose keys are held.
        on_cancel: Called when the key for back is typed meanwhile.
    """

    def __init__(self, app: OrderedKeys[Any], on_cancel: Callable[[], None]) -> None:
        self._app = app
        self._on_cancel = on_cancel

    def release(self) -> None:
        """Deliver the keys typed meanwhile: the dialog they are meant for is open."""
        self._app._end_hold(self, deliver=True)

    def drop(self) -> None:
        """Drop the keys typed meanwhile: the dialog they are meant for will not open."""
        self._app._end_hold(self, deliver=False)

    def cancel(self) -> None:
        """Cancel what is waited for, as the key for back does."""
        self.drop()
        self._on_cancel()


class OrderedKeys(RemappableKeys[ResultT], Generic[ResultT]):
    """An app that dispatches one key at a time."""

    def __init__(self, **app_options: Any) -> None:
        super().__init__(**app_options)
        self._queued_keys: deque[events.Key] = deque()
        self._is_dispatching = False
        self._key_number = 0
        self._fail_safe: Timer | None = None
        self._hold: KeyHold | None = None
        self._hold_timer: Timer | None = None

    async def on_event(self, event: events.Event) -> None:
        """Dispatch an event; a key waits for the one before it, except the one that quits, which must always work."""
        if not isinstance(event, events.Key) or event.is_forwarded or event.key in self.key_names.keys("app.quit"):
            await super().on_event(event)
        elif self._hold is not None and event.key in self.key_names.keys("app.back"):
            self._hold.cancel()
        elif self._is_dispatching or self._hold is not None:
            self._queued_keys.append(event)
        else:
            await self._dispatch_key(event)

    def hold_keys(self, on_cancel: Callable[[], None]) -> KeyHold:
        """Hold the keys typed from now on until the hold is released; it replaces an earlier hold."""
        hold = KeyHold(self, on_cancel)
        if self._hold_timer is not None:
            self._hold_timer.stop()
        self._hold = hold
        self._hold_timer = self.set_timer(HOLD_SECONDS, hold.drop)
        return hold

    def before_key(self) -> None:
        """Called before a key takes effect; to be overridden."""

    def discard_typed_keys(self) -> None:
        """Drop the queued keys: what is shown next must be seen before it is answered."""
        self._queued_keys.clear()

    def _end_hold(self, hold: KeyHold, *, deliver: bool) -> None:
        if self._hold is not hold:
            return
        self._hold = None
        if self._hold_timer is not None:
            self._hold_timer.stop()
            self._hold_timer = None
        if not deliver:
            self._queued_keys.clear()
        # What the current key caused is on the screen, or never will be: a screen it closed may not answer any more.
        self.call_later(self._next_key)

    async def _dispatch_key(self, event: events.Key) -> None:
        self._is_dispatching = True
        self._key_number += 1
        screen = self.screen
        target = self.focused or screen
        self._fail_safe = self.set_timer(FAIL_SAFE_SECONDS, self._next_key)
        self.before_key()
        await super().on_event(event)
        self._pass(target, target, screen, self._key_number, ROUNDS)

    def _pass(
        self, target: MessagePump, node: MessagePump | None, screen: Screen[object], number: int, rounds: int
    ) -> None:
        """Follow the key as it bubbles: queue after it in each node up to the app, as often as `rounds`."""
        while node is not None and node is not self:
            parent = node.parent if isinstance(node, DOMNode) else None
            if node.call_later(self._pass, target, parent, screen, number, rounds):
                return
            node = parent
        if rounds > 1:
            self.call_later(self._pass, target, target, screen, number, rounds - 1)
        else:
            self.call_later(self._settle, screen, number)

    def _settle(self, screen: Screen[object], number: int) -> None:
        """Wait, after a key was handled, for what it opened and for the focus."""
        if self.screen is screen:
            screen.call_later(self.call_later, self.call_later, self._done, number)
        else:
            self.screen.call_after_refresh(self.call_later, self._done, number)

    async def _done(self, number: int) -> None:
        if number == self._key_number:
            await self._next_key()

    async def _next_key(self) -> None:
        if self._fail_safe is not None:
            self._fail_safe.stop()
            self._fail_safe = None
        self._is_dispatching = False
        await self._dispatch_next()

    async def _dispatch_next(self) -> None:
        if self._queued_keys and not self._is_dispatching and self._hold is None and not self._exit:
            await self._dispatch_key(self._queued_keys.popleft())
