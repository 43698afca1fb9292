"""The footer of a screen: the main current keys, made from the actions, greyed out where they are not possible.

Invariants: it lists no key that is not bound, none while a dialog with keys of its own covers the screen, and never
wraps: keys at the end are cut when room is short, but never help. A click on a key presses it. While a bar is typed
into, it shows how to end that: every other key is text.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text
from textual import events
from textual.screen import Screen
from textual.widgets import Static

from k9py.actions.action import Action
from k9py.actions.keys import ENTER
from k9py.tui.keys import actions_of, display_of, key_names
from k9py.tui.screens.acting_screen import ActingScreen
from k9py.tui.theme import palette_for
from k9py.tui.widgets.filter_bar import FilterBar
from k9py.views.values import Tone

Key = tuple[str, str, bool]
"""How a key is written, its title, and whether it is possible now."""


class KeyBar(Static):
    """One line of keys and titles.

    Args:
        read_only: Leave out what changes the cluster.
    """

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; width: 1fr; background: $panel; padding: 0 1; }
    """

    def __init__(self, *, read_only: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__("", markup=False, id=id)
        self._read_only = read_only
        self._keys: tuple[Key, ...] = ()
        self._always: Key | None = None
        self._drawn_for: tuple[object, ...] = ()
        self._presses: dict[str, str] = {}
        self._ends: tuple[tuple[int, str], ...] = ()
        self._is_covered = False

    @property
    def keys(self) -> tuple[Key, ...]:
        """The listed keys, including those that do not fit."""
        return self._keys

    def on_mount(self) -> None:
        """Follow the bindings of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._follow)
        self._follow(self.screen)

    def on_resize(self) -> None:
        """Draw for the new width."""
        self._draw()

    def set_covered(self, is_covered: bool) -> None:
        """Show no keys while a dialog covers the screen."""
        self._is_covered = is_covered
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """Press the key that was clicked."""
        x = event.get_content_offset_capture(self).x
        for end, key in self._ends:
            if x < end:
                self.app.simulate_key(key)
                return

    def _follow(self, screen: Screen[object]) -> None:
        self._presses = {}
        self._always = None
        if screen.focused is not None and isinstance(screen.focused.parent, FilterBar):
            names = key_names(self)
            clear = names("filter.cancel")
            self._presses = {ENTER: "enter", clear: names.keys("filter.cancel")[0]}
            self._keys = ((ENTER, "Keep", True), (clear, "Clear", True))
        else:
            self._list(screen)
        self._draw()

    def _list(self, screen: Screen[object]) -> None:
        actions = actions_of(self).by_id
        listed: dict[str, tuple[int, Key]] = {}
        for active in screen.active_bindings.values():
            action = actions.get(active.binding.id or "")
            place = None if action is None else _place(action, screen)
            if action is None or place is None or action.id in listed:
                continue
            if self._read_only and action.writes:
                continue
            if isinstance(screen, ActingScreen) and not screen.applies(action):
                continue
            key = display_of(self, active.binding)
            title = screen.title_of(action) if isinstance(screen, ActingScreen) else action.title
            listed[action.id] = place, (key, title, active.enabled)
            self._presses[key] = active.binding.key
        self._keys = tuple(key for _, key in sorted(listed.values(), key=lambda placed: placed[0]))
        self._always = listed["app.help"][1] if "app.help" in listed else None

    def _draw(self) -> None:
        palette = palette_for(self.app)
        room = self.size.width
        drawn_for = (self._keys, room, palette.name, self._is_covered)
        if room <= 0 or drawn_for == self._drawn_for:
            return
        self._drawn_for = drawn_for
        line = Text(no_wrap=True, end="")
        ends = []
        keys, always = ((), None) if self._is_covered else (self._keys, self._always)
        for key, title, is_possible in _fitting(keys, always, room):
            if line:
                line.append("  ")
            line.append(key, palette.tone(Tone.ACCENT) if is_possible else palette.muted)
            line.append(f" {title}", "" if is_possible else palette.muted)
            ends.append((line.cell_len, self._presses[key]))
        self._ends = tuple(ends)
        self.update(line, layout=False)


def _place(action: Action, screen: Screen[object]) -> int | None:
    """Return the place of an action, lowest first; None keeps it out. A screen may put some of them first."""
    first = screen.first_in_footer() if isinstance(screen, ActingScreen) else ()
    return first.index(action.id) - len(first) if action.id in first else action.footer


def _fitting(keys: Sequence[Key], always: Key | None, room: int) -> list[Key]:
    """Return the first keys that fit side by side; `always` is the last of them when its own place does not fit."""
    fitting: list[Key] = []
    for key in keys:
        last = [always] if always is not None and always not in (*fitting, key) else []
        if _cells((*fitting, key, *last)) > room:
            return [*fitting, *([always] if always is not None and always not in fitting else [])]
        fitting.append(key)
    return fitting


def _cells(keys: Sequence[Key]) -> int:
    return sum(cell_len(key) + 1 + cell_len(title) for key, title, _ in keys) + 2 * (len(keys) - 1)
