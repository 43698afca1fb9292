"""How keys are written on the screen, and which key an action has now.

`KeyNames` is a plain value: pure packages get it as an argument and never look at the terminal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import punctuation
from typing import Final

KeyOf = Callable[[str], str]
"""Return the key an action has now, as it is written on the screen, by the action's id."""

ENTER: Final = "Enter"
"""Enter presses buttons and submits lines in Textual's own widgets; no keymap changes it."""

_TEXTUAL_NAMES: Final = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Names of punctuation in which Textual departs from Unicode (`textual.keys.KEY_NAME_REPLACEMENTS`)."""

_NAMED: Final = {
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "escape": "Esc",
    "ctrl": "Ctrl",
    "alt": "Alt",
    "shift": "Shift",
}

_PLACEHOLDER: Final = re.compile(r"\{([a-z_]+\.[a-z0-9_]+)\}")


def _name(character: str) -> str:
    name = unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")
    return _TEXTUAL_NAMES.get(name, name)


_PUNCTUATION: Final = {_name(character): character for character in punctuation}


def key_display(key: str) -> str:
    """Return how a key is written on the screen: "ctrl+s" → "Ctrl+S", "escape" → "Esc", "slash" → "/".

    Args:
        key: One key as Textual names it.
    """
    *modifiers, name = key.split("+")
    if modifiers == ["shift"] and len(name) == 1:
        return name.upper()
    if len(name) == 1:
        written = name.upper() if modifiers else name
    else:
        written = _PUNCTUATION.get(name) or _NAMED.get(name) or name.capitalize()
    return "+".join([*(_NAMED.get(modifier, modifier) for modifier in modifiers), written])


@dataclass(frozen=True, slots=True)
class KeyNames:
    """The current keys.

    Args:
        defaults: Default keys by action id.
        keymap: Keys by action id where they differ, separated by commas as in Textual's keymap.
        commands: Command by action id, named where an action has no key.
    """

    defaults: Mapping[str, tuple[str, ...]]
    keymap: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, str] = field(default_factory=dict)

    def keys(self, action_id: str) -> tuple[str, ...]:
        """Return all keys of an action, as Textual names them.

        Raises:
            KeyError: There is no such action.
        """
        if mapped := self.keymap.get(action_id):
            return tuple(key.strip() for key in mapped.split(","))
        return self.defaults[action_id]

    def key_of(self, action_id: str) -> str:
        """Return the first key of an action as it is written on the screen; its command when it has no key.

        Raises:
            KeyError: There is no such action.
        """
        keys = self.keys(action_id)
        if keys:
            return key_display(keys[0])
        command = self.commands.get(action_id)
        return f":{command}" if command else "unbound"

    def __call__(self, action_id: str) -> str:
        """Return `key_of`: a `KeyNames` is a `KeyOf`."""
        return self.key_of(action_id)

    def fill(self, template: str) -> str:
        """Return a text with every `{action.id}` replaced by that action's key.

        Only for texts of kdash: text from a cluster is appended to the result, never part of the template.

        Raises:
            KeyError: It names an action that does not exist.
        """
        return _PLACEHOLDER.sub(lambda match: self.key_of(match[1]), template)
