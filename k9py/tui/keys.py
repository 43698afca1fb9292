"""The current keys in a running app: the defaults of the actions, overridden by Textual's keymap.

Every key named in a text on the screen is looked up here, so that a remapped key is named correctly.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from textual.app import App
from textual.binding import Binding
from textual.message_pump import MessagePump

from k9py.actions.keys import KeyNames, key_display
from k9py.actions.registry import BUILT_IN, ActionRegistry

ResultT = TypeVar("ResultT")


class RemappableKeys(App[ResultT], Generic[ResultT]):
    """An app that knows which key each action has now."""

    actions: ActionRegistry = BUILT_IN
    """What can be done in this app."""
    key_names: KeyNames = BUILT_IN.default_keys
    """The current keys; replaced when the keymap changes."""

    def use_actions(self, actions: ActionRegistry) -> None:
        """Use these actions with their default keys, before the first screen is made."""
        self.actions = actions
        self.key_names = actions.default_keys

    def set_keymap(self, keymap: Mapping[str, str]) -> None:
        """Use these keys, by action id, instead of the defaults."""
        self._use(dict(keymap))

    def update_keymap(self, keymap: Mapping[str, str]) -> None:
        """Use these keys too."""
        self._use({**self.key_names.keymap, **keymap})

    def _use(self, keymap: dict[str, str]) -> None:
        defaults = self.actions.default_keys
        self.key_names = KeyNames(defaults.defaults, keymap, defaults.commands)
        super().set_keymap({**_sharing(keymap, defaults), **keymap})

    def get_key_display(self, binding: Binding) -> str:
        """Return how a binding's key is written in footer and help."""
        return key_display(binding.key)


def _sharing(keymap: Mapping[str, str], defaults: KeyNames) -> dict[str, str]:
    """Return the keys of actions that share a default key with a remapped one.

    Textual (8.2) drops all bindings of a key when one of them is remapped; naming the others' keys keeps them.
    """
    freed = {key for action_id in keymap for key in defaults.defaults.get(action_id, ())}
    return {
        action_id: ",".join(keys)
        for action_id, keys in defaults.defaults.items()
        if action_id not in keymap and freed.intersection(keys)
    }


def key_names(node: MessagePump) -> KeyNames:
    """Return the current keys for a widget, screen or app; the defaults in an app without a keymap."""
    app = node.app
    return app.key_names if isinstance(app, RemappableKeys) else BUILT_IN.default_keys


def actions_of(node: MessagePump) -> ActionRegistry:
    """Return what can be done in the app of a widget or screen."""
    app = node.app
    return app.actions if isinstance(app, RemappableKeys) else BUILT_IN


def key_of_operation(node: MessagePump, operation_id: str) -> str:
    """Return the key of the first action that starts an operation, "" when no action with a key does."""
    names = key_names(node)
    started = (action.id for action in actions_of(node).actions if action.operation == operation_id)
    return next((names(action_id) for action_id in started if names.keys(action_id)), "")


def display_of(node: MessagePump, binding: Binding) -> str:
    """Return how the key of one binding is written."""
    app: App[Any] = node.app
    return app.get_key_display(binding) if isinstance(app, RemappableKeys) else key_display(binding.key)
