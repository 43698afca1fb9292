"""Keys of dialogs, lists and input lines."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup


def _key(
    action_id: str,
    title: str,
    text: str,
    keys: tuple[str, ...],
    native: str,
    scope: ActionScope,
    *,
    priority: bool = False,
) -> Action:
    return Action(
        action_id,
        title,
        text,
        keys=keys,
        group=HelpGroup.DIALOGS,
        scope=scope,
        native=native,
        priority=priority,
    )


def _list(name: str, title: str, keys: tuple[str, ...], lines: int) -> Action:
    return _key(f"list.{name}", title, title, keys, f"move({lines})", ActionScope.LIST, priority=True)


ACTIONS: Final = (
    _key(
        "dialog.cancel",
        "Cancel",
        "Go back one step without changing anything",
        ("escape",),
        "cancel",
        ActionScope.DIALOG,
    ),
    _key(
        "dialog.confirm",
        "Confirm",
        "Switch to the button that confirms, and back",
        ("tab",),
        "to_confirm",
        ActionScope.DIALOG,
    ),
    _key("dialog.walk", "Next", "Walk through the dialog", ("shift+tab",), "app.focus_next", ActionScope.DIALOG),
    _key("dialog.close", "Cancel", "Go back one step without changing anything", ("q",), "cancel", ActionScope.BUTTONS),
    _key(
        "dialog.previous_button",
        "Other button",
        "Previous button",
        ("left",),
        "app.focus_previous",
        ActionScope.BUTTONS,
    ),
    _key("dialog.next_button", "Other button", "Next button", ("right",), "app.focus_next", ActionScope.BUTTONS),
    _list("down", "Down", ("down", "ctrl+n"), 1),
    _list("up", "Up", ("up", "ctrl+p"), -1),
    _list("page_down", "Page down", ("pagedown",), 10),
    _list("page_up", "Page up", ("pageup",), -10),
    _key("choices.down", "Down", "Down", ("j",), "move(1)", ActionScope.CHOICES),
    _key("choices.up", "Up", "Up", ("k",), "move(-1)", ActionScope.CHOICES),
    _key("form.next", "Next", "Next field", ("down",), "walk(1)", ActionScope.FORM),
    _key("form.previous", "Previous", "Previous field", ("up",), "walk(-1)", ActionScope.FORM),
    _key("choice.next", "Next", "Next value", ("right", "space"), "choose(1)", ActionScope.CHOICE),
    _key("choice.previous", "Previous", "Previous value", ("left",), "choose(-1)", ActionScope.CHOICE),
    _key("choice.submit", "Continue", "Continue with what is chosen", ("enter",), "submit", ActionScope.CHOICE),
    _key(
        "command.complete",
        "Complete",
        "Complete the word",
        ("tab",),
        "complete",
        ActionScope.COMMAND_LINE,
        priority=True,
    ),
    _key(
        "command.recall",
        "Recent",
        "Take a line that was run before",
        ("ctrl+r",),
        "recall",
        ActionScope.COMMAND_LINE,
        priority=True,
    ),
    _key("sources.check", "Check", "Check or uncheck", ("space",), "tick", ActionScope.SOURCES, priority=True),
    _key(
        "sources.uncheck_all",
        "Uncheck all",
        "Uncheck all",
        ("ctrl+r",),
        "untick_all",
        ActionScope.SOURCES,
        priority=True,
    ),
    _key("ports.check", "Check", "Forward the port, or not", ("space",), "check", ActionScope.PORTS, priority=True),
    _key("ports.down", "Down", "Next port", ("down",), "move(1)", ActionScope.PORTS),
    _key("ports.up", "Up", "Previous port", ("up",), "move(-1)", ActionScope.PORTS),
    _key("question.down", "Down", "Down", ("down", "j"), "scroll_lines(1)", ActionScope.QUESTION),
    _key("question.up", "Up", "Up", ("up", "k"), "scroll_lines(-1)", ActionScope.QUESTION),
    _key("question.page_down", "Page down", "Page down", ("pagedown",), "scroll_pages(1)", ActionScope.QUESTION),
    _key("question.page_up", "Page up", "Page up", ("pageup",), "scroll_pages(-1)", ActionScope.QUESTION),
    _key("question.top", "Top", "Top", ("home",), "edge(0)", ActionScope.QUESTION),
    _key("question.bottom", "Bottom", "Bottom", ("end",), "edge(1)", ActionScope.QUESTION),
    _key(
        "deletion.cascade",
        "Propagation",
        "Choose what happens to the objects that it owns",
        ("p",),
        "next_cascade",
        ActionScope.DELETION,
    ),
    _key("deletion.force", "Force", "Delete the pod by force, or not", ("f",), "toggle_force", ActionScope.DELETION),
    _key("number.up", "One more", "One more", ("up",), "count(1)", ActionScope.NUMBER),
    _key("number.down", "One less", "One less", ("down",), "count(-1)", ActionScope.NUMBER),
    _key("number.up_ten", "Ten more", "Ten more", ("pageup",), "count(10)", ActionScope.NUMBER),
    _key("number.down_ten", "Ten less", "Ten less", ("pagedown",), "count(-10)", ActionScope.NUMBER),
    _key("filter.cancel", "Cancel", "Close and clear the text", ("escape",), "cancel", ActionScope.FILTER_BAR),
    _key("help.close", "Close", "Close", ("escape", "q", "question_mark", "enter"), "close", ActionScope.HELP),
)
