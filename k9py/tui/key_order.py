"""Keys take effect in the order they were typed, however fast they come.

A key may move the focus or open a dialog, and that takes a few turns of the event loop. On a slow link several keys
arrive in one packet: without an order, the `c` of a quickly typed `/checkout` would reach the table behind the filter,
and open something else. Invariant: a key is dispatched only when what the key before it set off in the interface has
been done; keys wait in between, none is lost. Work a key starts in the background (a request) is not waited for.
"""

from __future__ import annotations

from collections import deque
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

ROUNDS: Final = 3
"""A key makes a widget post a message, whose handler posts another: each takes one more way up to the app."""

IMMEDIATE: Final = frozenset({"ctrl+c"})
"""Keys that wait for nothing: leaving must always work."""


class OrderedKeys(App[ResultT], Generic[ResultT]):
    """An app that dispatches one key at a time."""

    def __init__(self, **app_options: Any) -> None:
        super().__init__(**app_options)
        self._waiting_keys: deque[events.Key] = deque()
        self._key_under_way = False
        self._key_number = 0
        self._fail_safe: Timer | None = None

    async def on_event(self, event: events.Event) -> None:
        """Dispatch an event; a key waits for the one before it."""
        if not isinstance(event, events.Key) or event.is_forwarded or event.key in IMMEDIATE:
            await super().on_event(event)
        elif self._key_under_way:
            self._waiting_keys.append(event)
        else:
            await self._dispatch_key(event)

    async def _dispatch_key(self, event: events.Key) -> None:
        self._key_under_way = True
        self._key_number += 1
        screen = self.screen
        target = self.focused or screen
        self._fail_safe = self.set_timer(FAIL_SAFE_SECONDS, self._next_key)
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
        if self._waiting_keys and not self._exit:
            await self._dispatch_key(self._waiting_keys.popleft())
