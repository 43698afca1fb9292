"""No key is silent: it acts, or says why it cannot now, or that nothing here has this key.

Invariant: a printable key that reaches the app on a screen of the cluster does one of the three; what is typed into a
bar or a dialog never comes here. To say why a key does nothing: `refusal` on the screen or widget that binds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar, runtime_checkable

from textual import events
from textual.actions import ActionParseResult
from textual.dom import DOMNode
from textual.screen import Screen

from k9py.api.text import printable
from k9py.tui.key_order import OrderedKeys
from k9py.tui.screens.cluster_screen import ClusterScreen

ResultT = TypeVar("ResultT")


@runtime_checkable
class Refuses(Protocol):
    """A screen or widget that knows why its keys do nothing."""

    def refusal(self, action: str) -> str:
        """Return why an action is not possible now, "" when it is."""
        ...


class AnsweredKeys(OrderedKeys[ResultT], Generic[ResultT]):
    """An app that answers every key."""

    _unanswered: events.Key | None = None
    """The key whose bindings are tried now, until one of them acts."""
    _refusal: str = ""
    """Why the first of them did not."""

    def show_message(self, text: str, *, failed: bool = False) -> None:
        """Say something for a moment."""
        raise NotImplementedError

    def on_key(self, event: events.Key) -> None:
        """Look, once all its bindings were tried, whether one of them acted."""
        if isinstance(self.screen, ClusterScreen):
            self._unanswered, self._refusal = event, ""
            self.call_later(self._answer, event)

    def _answer(self, event: events.Key) -> None:
        if self._unanswered is not event:
            return
        self._unanswered = None
        if self._refusal:
            self.show_message(self._refusal, failed=True)
        elif event.is_printable:
            name = "Space" if event.key == "space" else printable(event.character or event.key)
            self.show_message(f"{name}: no such key here · ? lists the keys")

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run an action; when it is not allowed now, say why instead of doing nothing."""
        done = await super().run_action(action, default_namespace, namespaces)
        screen = self.screen
        if done:
            self._unanswered = None
        elif isinstance(action, str) and isinstance(screen, ClusterScreen):
            name = action.rpartition(".")[2].partition("(")[0]
            refusal = screen.refusal(name) or _dimmed_words(screen, action)
            if self._unanswered is not None:
                self._refusal = self._refusal or refusal
            elif refusal:
                self.show_message(refusal, failed=True)
        return done


def _dimmed_words(screen: Screen[None], action: str) -> str:
    """Return why the key of a dimmed binding does nothing now, "" for an action that has none."""
    for active in screen.active_bindings.values():
        if active.binding.action == action and not active.enabled:
            node = active.node
            words = node.refusal(action.partition("(")[0]) if isinstance(node, Refuses) else ""
            return words or f"{active.binding.description}: not possible now"
    return ""
