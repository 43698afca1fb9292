"""What every screen has: help, command line, back, quit."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup, TypedCommand
from k9py.actions.host import ActionHost


def _is_behind(host: ActionHost) -> str | None:
    return None if host.can_retry else "connected: nothing to retry"


def _help(host: ActionHost, _argument: str | None) -> None:
    host.show_help()


def _command_line(host: ActionHost, _argument: str | None) -> None:
    host.open_command_line()


def _retry(host: ActionHost, _argument: str | None) -> None:
    host.retry_connection()


def _back(host: ActionHost, _argument: str | None) -> None:
    host.go_back(dismiss=True)


def _leave(host: ActionHost, _argument: str | None) -> None:
    host.go_back(dismiss=False)


def _theme(host: ActionHost, argument: str | None) -> None:
    host.show_theme(argument or "")


ACTIONS: Final = (
    Action(
        "app.help",
        "Help",
        "Help: all keys",
        keys=("question_mark",),
        group=HelpGroup.GENERAL,
        run=_help,
        command=TypedCommand("help", ("?", "h")),
        footer=180,
    ),
    Action(
        "app.command_line",
        "Command",
        "Commands, resource types, objects: all that can be typed",
        keys=("colon", "ctrl+p"),
        group=HelpGroup.GENERAL,
        run=_command_line,
        footer=210,
    ),
    Action(
        "app.retry",
        "Retry now",
        "Retry the connection now",
        keys=("ctrl+r",),
        group=HelpGroup.GENERAL,
        run=_retry,
        ready=_is_behind,
        footer=10,
    ),
    Action(
        "app.back",
        "Back",
        "Go back one step",
        keys=("escape",),
        group=HelpGroup.GENERAL,
        run=_back,
    ),
    Action(
        "app.leave",
        "Back",
        "Go back one step; progress stays on the screen",
        keys=("q",),
        group=HelpGroup.GENERAL,
        run=_leave,
        footer=400,
    ),
    Action(
        "app.theme",
        "Theme",
        "Choose the colours",
        group=HelpGroup.GENERAL,
        run=_theme,
        command=TypedCommand("theme", argument="dark|light|colour-blind|colour-blind-light"),
    ),
    Action(
        "app.redraw",
        "Redraw",
        "Redraw the screen",
        keys=("ctrl+l",),
        group=HelpGroup.GENERAL,
        scope=ActionScope.APP,
        native="app.redraw",
        command=TypedCommand("redraw"),
        priority=True,
    ),
    Action(
        "app.quit",
        "Quit",
        "Quit kdash; asks where something would be lost",
        keys=("ctrl+c",),
        group=HelpGroup.GENERAL,
        scope=ActionScope.APP,
        native="app.quit",
        command=TypedCommand("q", ("quit", "exit", "x")),
        priority=True,
    ),
    Action(
        "app.quit_now",
        "Quit now",
        "Quit kdash without a question, whatever runs",
        group=HelpGroup.GENERAL,
        scope=ActionScope.APP,
        native="app.quit_now",
        command=TypedCommand("q!"),
    ),
    Action(
        "app.cancel_sign_in",
        "Cancel sign-in",
        "Cancel sign-in (credential plugin)",
        keys=("ctrl+x",),
        group=HelpGroup.GENERAL,
        scope=ActionScope.APP,
        native="app.cancel_sign_in",
    ),
    Action(
        "app.suspend",
        "Suspend",
        "Suspend kdash; fg in the shell resumes it",
        keys=("ctrl+z",),
        group=HelpGroup.GENERAL,
        scope=ActionScope.APP,
        native="app.suspend_process",
        priority=True,
    ),
)
