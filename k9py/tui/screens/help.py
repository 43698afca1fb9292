"""All current keys on a screen, generated from the bindings: a bound key cannot be missing here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from rich.console import Group as Renderables
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import ActiveBinding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from k9py.actions.action import ActionScope, HelpGroup
from k9py.tui.bindings import bindings
from k9py.tui.keys import actions_of, display_of, key_names
from k9py.tui.screens.acting_screen import ActingScreen
from k9py.tui.theme import palette_for
from k9py.views.values import Tone

LOG_GROUPS: Final = (HelpGroup.LOG_SOURCES, HelpGroup.LOG_LINES)
"""What the help of a log screen begins with."""


ARROW_KEYS: Final = {"↑": "Up", "↓": "Down", "←": "Left", "→": "Right"}
"""Arrow keys are words here: an ASCII terminal shows the arrows as letters and signs that are keys themselves."""


@dataclass(frozen=True, slots=True)
class KeyHelp:
    """One line of help: keys, what they do, and whether it is allowed now."""

    keys: tuple[str, ...]
    word: str
    explanation: str
    allowed: bool


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """A titled group of keys."""

    title: str
    keys: tuple[KeyHelp, ...]


def key_groups(screen: Screen[Any]) -> tuple[KeyGroup, ...]:
    """Return the current keys on a screen, grouped as their actions are, and what is typed for the kind it shows."""
    lines: dict[HelpGroup, dict[str, list[ActiveBinding]]] = {}
    of_kind = _kind_group(screen)
    commands = screen.commands_of_kind() if isinstance(screen, ActingScreen) else ()
    listed = {action.id for action in commands}
    for active in screen.active_bindings.values():
        if active.binding.id in listed:
            continue
        group = actions_of(screen).group_of(active.binding.id)
        if group is not None and group is not HelpGroup.DIALOGS:
            text = active.binding.tooltip or active.binding.description
            lines.setdefault(group, {}).setdefault(text, []).append(active)
    # Where logs are read their keys are what is looked for.
    first = LOG_GROUPS if getattr(screen, "is_log_screen", False) else ()
    names = key_names(screen)
    groups = [
        KeyGroup(
            group.value,
            tuple(
                KeyHelp(
                    tuple(dict.fromkeys(_key_text(display_of(screen, active.binding)) for active in same_help)),
                    same_help[0].binding.description,
                    names.fill(text),
                    any(active.enabled for active in same_help),
                )
                for text, same_help in lines[group].items()
            ),
        )
        for group in dict.fromkeys((*first, *HelpGroup))
        if group in lines
    ]
    if of_kind is not None:
        # What only this kind can do is what is looked for.
        is_own = any(action.scope is ActionScope.KIND for action in commands)
        at = next((index for index, group in enumerate(groups) if group.title == HelpGroup.ACTIONS.value), -1)
        groups.insert(0 if is_own else at + 1, of_kind)
    return tuple(groups)


def _kind_group(screen: Screen[Any]) -> KeyGroup | None:
    """Return the commands of the kind that is shown, with their keys there; None when it has none."""
    shown = screen.shown_object() if isinstance(screen, ActingScreen) else None
    if shown is None or not isinstance(screen, ActingScreen):
        return None
    bound: dict[str, list[str]] = {}
    for active in screen.active_bindings.values():
        bound.setdefault(active.binding.id or "", []).append(_key_text(display_of(screen, active.binding)))
    names = key_names(screen)
    lines = [
        KeyHelp(
            (*bound.get(action.id, ()), f":{action.command.name}"),
            action.title,
            names.fill(action.help),
            not screen.disabled_reason(action.id),
        )
        for action in screen.commands_of_kind()
        if action.command is not None
    ]
    return KeyGroup(shown.qualified_kind, tuple(lines)) if lines else None


def _key_text(key: str) -> str:
    return ARROW_KEYS.get(key, key)


class HelpScreen(ModalScreen[None]):
    """The keys, in columns where there is room."""

    BINDINGS: ClassVar[list[BindingType]] = bindings(ActionScope.HELP)

    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 55%; }
    HelpScreen #help {
        width: 1fr; max-width: 150; height: auto; max-height: 100%; margin: 1 2;
        background: $surface; border: round $border; padding: 1 2 0 2; scrollbar-size-vertical: 1;
        border-title-color: $foreground; border-title-style: bold; border-subtitle-color: $text-muted;
    }
    HelpScreen #columns { layout: grid; grid-size: 2; grid-gutter: 0 4; height: auto; grid-rows: auto; }
    HelpScreen.-narrow #columns { grid-size: 1; }
    HelpScreen .column { height: auto; width: 1fr; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-roomy")]  # noqa: RUF012

    def __init__(self, groups: Sequence[KeyGroup]) -> None:
        super().__init__()
        self.groups = tuple(groups)

    def compose(self) -> ComposeResult:
        from textual.containers import Container

        with VerticalScroll(id="help") as box, Container(id="columns"):
            for column in _in_two(self.groups):
                yield Static(self._column(column), classes="column", markup=False)
        box.border_title = " Keys "
        box.border_subtitle = key_names(self).fill(" {help.close} close ")

    def on_mount(self) -> None:
        self.query_one("#help").focus()

    def _column(self, groups: Sequence[KeyGroup]) -> Renderables:
        """Draw a column; a long explanation is wrapped with a hanging indent."""
        palette = palette_for(self.app)
        parts: list[RenderableType] = []
        for group in groups:
            table = Table.grid(padding=(0, 1, 0, 0))
            table.add_column(min_width=13, no_wrap=True)
            table.add_column()
            for line in group.keys:
                style = palette.tone(Tone.ACCENT) if line.allowed else palette.muted
                explanation = Text(line.explanation or line.word, "" if line.allowed else palette.muted)
                table.add_row(Text(f"  {' '.join(line.keys)}", style), explanation)
            parts += [Text(group.title, palette.header), table, Text()]
        return Renderables(*parts)

    def action_close(self) -> None:
        """Back to the screen below."""
        self.dismiss(None)


def _in_two(groups: Sequence[KeyGroup]) -> tuple[tuple[KeyGroup, ...], tuple[KeyGroup, ...]]:
    """Split the groups into two columns of about the same height."""
    total = sum(len(group.keys) + 2 for group in groups)
    left: list[KeyGroup] = []
    height = 0
    right = list(groups)
    while right and height + (len(right[0].keys) + 2) / 2 <= total / 2:
        height += len(right[0].keys) + 2
        left.append(right.pop(0))
    return tuple(left), tuple(right)
