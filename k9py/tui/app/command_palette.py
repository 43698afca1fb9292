"""The commands in Textual's command palette."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.command import DiscoveryHit, Hit, Hits, Provider

from k9py.actions.commands import CommandEntry, commands_of
from k9py.tui.keys import actions_of, key_names
from k9py.tui.screens.acting_screen import ActingScreen
from k9py.tui.screens.targets import CursorTargets


class CommandProvider(Provider):
    """Finds the commands; a command acts on what was under the cursor when the palette opened."""

    _targets: CursorTargets | None = None

    @property
    def _acting_screen(self) -> ActingScreen | None:
        return self.screen if isinstance(self.screen, ActingScreen) else None

    async def startup(self) -> None:
        """Keep what is under the cursor as the palette opens."""
        screen = self._acting_screen
        self._targets = None if screen is None else screen.cursor_targets()

    def _help(self, entry: CommandEntry) -> str:
        """Return what a command does, and the key that does the same."""
        names = key_names(self.app)
        return f"{entry.title} · {names(entry.action.id)}" if names.keys(entry.action.id) else entry.title

    def _runner(self, screen: ActingScreen, entry: CommandEntry, argument: str) -> Callable[[], None]:
        return partial(screen.run_command, entry, argument, self._targets)

    async def discover(self) -> Hits:
        screen = self._acting_screen
        if screen is not None:
            for entry in commands_of(actions_of(screen)):
                yield DiscoveryHit(entry.name, self._runner(screen, entry, ""), help=self._help(entry))

    async def search(self, query: str) -> Hits:
        screen = self._acting_screen
        if screen is None:
            return
        word, _, argument = query.lstrip(":").partition(" ")
        matcher = self.matcher(word)
        for entry in commands_of(actions_of(screen)):
            is_exact = entry.answers_to(word.lower())
            score = 1.0 if is_exact else max(matcher.match(entry.name), matcher.match(entry.title))
            if score > 0 and (is_exact or not argument):
                highlighted = matcher.highlight(entry.name)
                yield Hit(score, highlighted, self._runner(screen, entry, argument.strip()), help=self._help(entry))
