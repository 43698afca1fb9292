"""Which keys of a screen work now, for texts that name them."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import ActiveBinding
from textual.message_pump import MessagePump

from k9py.tui.keys import display_of
from k9py.views.answer import Keys


def possible_keys(active: Mapping[str, ActiveBinding], node: MessagePump) -> Keys:
    """Return the key of each action that is possible now, by the end of its id (`undo`).

    Args:
        active: the bindings of the screen.
        node: a widget of it.
    """
    keys: dict[str, str] = {}
    for bound in active.values():
        binding = bound.binding
        if bound.enabled and binding.id:
            keys.setdefault(binding.id.rpartition(".")[2], display_of(node, binding))
    return keys
