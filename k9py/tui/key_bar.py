"""The last line of a screen: the main keys in force, made from the bindings, greyed where not allowed.

Invariant: it lists no key that is not bound, and never wraps: keys at the end are left out when room is short.
"""

from __future__ import annotations

from rich.cells import cell_len
from rich.text import Text
from textual.screen import Screen
from textual.widgets import Static

from k9py.tables.values import Tone
from k9py.tui import keymap
from k9py.tui.theme import palette_for


class KeyBar(Static):
    """One line of keys and words."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; width: 1fr; background: $panel; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("", markup=False, id=id)
        self._keys: tuple[tuple[str, str, bool], ...] = ()
        self._drawn_for: tuple[object, ...] = ()

    @property
    def keys(self) -> tuple[tuple[str, str, bool], ...]:
        """What is listed: key, word, and whether it is allowed now."""
        return self._keys

    def on_mount(self) -> None:
        """Follow the bindings of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._follow)
        self._follow(self.screen)

    def on_resize(self) -> None:
        """Draw for the new width."""
        self._draw()

    def _follow(self, screen: Screen[object]) -> None:
        listed: dict[str, tuple[str, str, bool]] = {}
        for active in screen.active_bindings.values():
            binding = active.binding
            if binding.show and binding.description and (binding.id or binding.action) not in listed:
                key = binding.key_display or self.app.get_key_display(binding)
                listed[binding.id or binding.action] = (key, binding.description, active.enabled)
        first = [listed.pop(one) for one in keymap.BAR if one in listed]
        self._keys = (*first, *listed.values())
        self._draw()

    def _draw(self) -> None:
        palette = palette_for(self.app)
        room = self.size.width
        drawn_for = (self._keys, room, palette.name)
        if room <= 0 or drawn_for == self._drawn_for:
            return
        self._drawn_for = drawn_for
        line = Text(no_wrap=True, end="")
        for key, word, allowed in self._keys:
            cells = cell_len(key) + 1 + cell_len(word) + (2 if line else 0)
            if line.cell_len + cells > room:
                break
            if line:
                line.append("  ")
            line.append(key, palette.tone(Tone.ACCENT) if allowed else palette.muted)
            line.append(f" {word}", "" if allowed else palette.muted)
        self.update(line, layout=False)
