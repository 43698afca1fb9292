"""The last line of a screen: the main keys in force, made from the bindings, greyed where not allowed.

Invariant: it lists no key that is not bound, and never wraps: keys at the end are left out when room is short, but
never help. A click on a key presses it. While a bar is typed into it says how to end that, for every other key is text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.screen import Screen
from textual.widgets import Static

from k9py.tui import keymap
from k9py.tui.theme import palette_for
from k9py.tui.widgets.filter_bar import FilterBar
from k9py.views.values import Tone

if TYPE_CHECKING:
    from k9py.tui.app import KdashApp

Key = tuple[str, str, bool]
_TYPING: Final[tuple[Key, ...]] = (("Enter", "Keep", True), ("Esc", "Clear", True))


class KeyBar(Static):
    """One line of keys and words."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; width: 1fr; background: $panel; padding: 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("", markup=False, id=id)
        self._keys: tuple[Key, ...] = ()
        self._always: Key | None = None
        self._drawn_for: tuple[object, ...] = ()
        self._presses: dict[str, str] = {}
        self._ends: tuple[tuple[int, str], ...] = ()

    @property
    def keys(self) -> tuple[Key, ...]:
        """What is listed: key, word, and whether it is allowed now."""
        return self._keys

    def on_mount(self) -> None:
        """Follow the bindings of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._follow)
        self._follow(self.screen)

    def on_resize(self) -> None:
        """Draw for the new width."""
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        x = event.get_content_offset_capture(self).x
        for end, key in self._ends:
            if x < end:
                self.app.simulate_key(key)
                return

    def _follow(self, screen: Screen[object]) -> None:
        if screen.focused is not None and isinstance(screen.focused.parent, FilterBar):
            self._keys, self._always = _TYPING, None
            self._draw()
            return
        read_only = cast("KdashApp", self.app).options.read_only
        listed: dict[str, Key] = {}
        for active in screen.active_bindings.values():
            binding = active.binding
            if read_only and binding.action in keymap.WRITES:
                continue
            shown = binding.show or binding.id in keymap.BAR
            if shown and binding.description and (binding.id or binding.action) not in listed:
                key = binding.key_display or self.app.get_key_display(binding)
                listed[binding.id or binding.action] = (key, binding.description, active.enabled)
                self._presses[key] = binding.key
        self._always = listed.get("program.help")
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
        ends = []
        for key, word, allowed in _fitting(self._keys, self._always, room):
            if line:
                line.append("  ")
            line.append(key, palette.tone(Tone.ACCENT) if allowed else palette.muted)
            line.append(f" {word}", "" if allowed else palette.muted)
            ends.append((line.cell_len, self._presses.get(key, "escape" if key == "Esc" else key.lower())))
        self._ends = tuple(ends)
        self.update(line, layout=False)


def _fitting(keys: Sequence[Key], always: Key | None, room: int) -> list[Key]:
    """Return the first keys that fit side by side; one of them always, at the end if its place is too far behind."""
    fitting: list[Key] = []
    for key in keys:
        behind = [always] if always is not None and always not in (*fitting, key) else []
        if _cells((*fitting, key, *behind)) > room:
            return [*fitting, *([always] if always is not None and always not in fitting else [])]
        fitting.append(key)
    return fitting


def _cells(keys: Sequence[Key]) -> int:
    return sum(cell_len(key) + 1 + cell_len(word) for key, word, _ in keys) + 2 * (len(keys) - 1)
