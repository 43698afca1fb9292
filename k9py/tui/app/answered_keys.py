"""No key is silent: it acts, reports why it cannot, or reports that it is not bound here.

Invariant: a printable key that reaches the app on a screen of the cluster does one of the three; what is typed into a
bar or a dialog never comes here. To report why a key does nothing: `ready` or `allowed` of its action, or
`disabled_reason` of the widget that binds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar, runtime_checkable

from textual import actions, events
from textual.actions import ActionParseResult
from textual.dom import DOMNode
from textual.screen import Screen

from k9py.api.text import printable
from k9py.tui.app.messages import TransientMessages
from k9py.tui.bindings import action_id_of
from k9py.tui.screens.acting_screen import ActingScreen

ResultT = TypeVar("ResultT")


@runtime_checkable
class ExplainsDisabledKeys(Protocol):
    """A widget that knows why its keys do nothing."""

    def disabled_reason(self, action: str) -> str:
        """Return why a Textual action of its own is not possible now, "" when it is."""
        ...


class AnsweredKeys(TransientMessages[ResultT], Generic[ResultT]):
    """An app that answers every key."""

    _unanswered: events.Key | None = None
    """The key whose bindings are tried now, until one of them acts."""
    _reason: str = ""
    """Why the first of them did not act."""

    def on_key(self, event: events.Key) -> None:
        """Check, once all its bindings have been tried, whether one of them acted."""
        if isinstance(self.screen, ActingScreen):
            self._unanswered, self._reason = event, ""
            self.call_later(self._answer, event)

    def _answer(self, event: events.Key) -> None:
        if self._unanswered is not event:
            return
        self._unanswered = None
        if self._reason:
            self.show_message(self._reason, failed=True)
        elif event.is_printable:
            name = "Space" if event.key == "space" else printable(event.character or event.key)
            self.show_message(f"{name}: {self.key_names.fill('no such key here · {app.help} lists the keys')}")

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run an action; when it is not possible now, report why instead of doing nothing."""
        done = await super().run_action(action, default_namespace, namespaces)
        screen = self.screen
        if done:
            self._unanswered = None
        elif isinstance(action, str) and isinstance(screen, ActingScreen):
            reason = _disabled_reason(screen, action)
            if self._unanswered is not None:
                self._reason = self._reason or reason
            elif reason:
                self.show_message(reason, failed=True)
        return done


def _disabled_reason(screen: ActingScreen, action: str) -> str:
    """Return why an action does nothing now, "" for one that is not dimmed."""
    _, name, parameters = actions.parse(action)
    action_id = action_id_of(name, parameters)
    return screen.disabled_reason(action_id) if action_id else _dimmed_reason(screen, action)


def _dimmed_reason(screen: Screen[None], action: str) -> str:
    """Return why the key of a dimmed binding does nothing now, "" for an action that has none."""
    for active in screen.active_bindings.values():
        if active.binding.action == action and not active.enabled:
            node = active.node
            reason = ""
            if not isinstance(node, ActingScreen) and isinstance(node, ExplainsDisabledKeys):
                reason = node.disabled_reason(action.partition("(")[0])
            return reason or f"{active.binding.description}: not possible now"
    return ""
