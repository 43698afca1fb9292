"""Keys take effect in the order they were typed, however fast they come.

A key may move the focus or open a dialog, and that takes a few turns of the event loop. On a slow link several keys
arrive in one packet: without an order, the `c` of a quickly typed `/checkout` would reach the table behind the filter,
and open something else. Invariant: a key is dispatched only when what the key before it set off in the interface has
been done; keys wait in between, none is lost. Work a key starts in the background (a request) is not waited for, unless
it holds the keys (`hold_keys`): those typed ahead are meant for the dialog that is to come, and wait for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.timer import Timer

ResultT = TypeVar("ResultT")

FAIL_SAFE_SECONDS: Final = 1.0
"""A key that sets off something endless holds the next one no longer than this."""

HOLD_SECONDS: Final = 15.0
"""Keys are held no longer than this for a dialog that does not come; those typed until then are dropped."""

ROUNDS: Final = 3
"""A key makes a widget post a message, whose handler posts another: each takes one more way up to the app."""

IMMEDIATE: Final = frozenset({"ctrl+c"})
"""Keys that wait for nothing: leaving must always work."""


class KeyHold:
    """Keeps typed keys back until it is released; Esc ends what it waits for.

    Args:
        on_cancel: called when Esc is typed meanwhile.
    """

    def __init__(self, app: OrderedKeys[Any], on_cancel: Callable[[], None]) -> None:
        self._app = app
        self._on_cancel = on_cancel

    def release(self) -> None:
        """Let the keys typed meanwhile go on: what they were meant for is there."""
        self._app._end_hold(self, deliver=True)

    def drop(self) -> None:
        """Throw the keys typed meanwhile away: what they were meant for will not come."""
        self._app._end_hold(self, deliver=False)

    def cancel(self) -> None:
        """End what is waited for, as Esc does."""
        self.drop()
        self._on_cancel()


class OrderedKeys(App[ResultT], Generic[ResultT]):
    """An app that dispatches one key at a time."""

    def __init__(self, **app_options: Any) -> None:
        super().__init__(**app_options)
        self._waiting_keys: deque[events.Key] = deque()
        self._key_under_way = False
        self._key_number = 0
        self._fail_safe: Timer | None = None
        self._hold: KeyHold | None = None
        self._hold_timer: Timer | None = None

    async def on_event(self, event: events.Event) -> None:
        """Dispatch an event; a key waits for the one before it."""
        if not isinstance(event, events.Key) or event.is_forwarded or event.key in IMMEDIATE:
            await super().on_event(event)
        elif self._hold is not None and event.key == "escape":
            self._hold.cancel()
        elif self._key_under_way or self._hold is not None:
            self._waiting_keys.append(event)
        else:
            await self._dispatch_key(event)

    def hold_keys(self, on_cancel: Callable[[], None]) -> KeyHold:
        """Keep back the keys typed from now on, until the hold is released; a hold there was before is over."""
        hold = KeyHold(self, on_cancel)
        if self._hold_timer is not None:
            self._hold_timer.stop()
        self._hold = hold
        self._hold_timer = self.set_timer(HOLD_SECONDS, hold.drop)
        return hold

    def before_key(self) -> None:
        """Do what is due before a key takes effect; to be overridden."""

    def discard_typed_keys(self) -> None:
        """Throw away the keys that wait: what comes now is to be seen before it is answered."""
        self._waiting_keys.clear()

    def _end_hold(self, hold: KeyHold, *, deliver: bool) -> None:
        if self._hold is not hold:
            return
        self._hold = None
        if self._hold_timer is not None:
            self._hold_timer.stop()
            self._hold_timer = None
        if not deliver:
            self._waiting_keys.clear()
        # What the key under way set off has come up, or never will: a screen it left behind may not answer any more.
        self.call_later(self._next_key)

    async def _dispatch_key(self, event: events.Key) -> None:
        self._key_under_way = True
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
        """Follow the key the way it bubbles, queueing behind it in each node up to the app, as often as `rounds`."""
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
        """The key has been handled; let what it opened come up, and the focus arrive."""
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
        self._key_under_way = False
        await self._go_on()

    async def _go_on(self) -> None:
        if self._waiting_keys and not self._key_under_way and self._hold is None and not self._exit:
            await self._dispatch_key(self._waiting_keys.popleft())
