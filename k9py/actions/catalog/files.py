"""Browse and copy the files of a container."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, CliVerb, HelpGroup, Permission, TypedCommand
from k9py.actions.catalog.shell import has_containers
from k9py.actions.host import ActionHost


def _files(host: ActionHost, argument: str | None) -> None:
    if (target := host.acting_on_target()) is not None:
        host.remote.browse_files(target, host.container_under_cursor, argument or "")


FILES: Final = Action(
    "container.files",
    "Files",
    "Files of the container: look, view, download, upload",
    keys=("f",),
    scope=ActionScope.CONTAINER,
    run=_files,
    command=TypedCommand("files", argument="path"),
    cli=CliVerb(
        "cp",
        "Copy files from or to a container.",
        "Copy a file or a directory from or to a container, as kubectl cp does. What a container sends is not trusted:"
        " nothing is written outside of the destination, and no link is followed or made there.",
        has_own_function=True,
    ),
    permission=Permission("create", "pods", "exec"),
    writes=True,
    allowed=has_containers,
    footer=93,
)


def _key(name: str, title: str, text: str, keys: tuple[str, ...], footer: int) -> Action:
    return Action(
        f"files.{name}",
        title,
        text,
        keys=keys,
        group=HelpGroup.TABLES,
        scope=ActionScope.FILES,
        native=name,
        footer=footer,
    )


ACTIONS: Final = (
    FILES,
    _key("download", "Download", "Download the file or directory", ("d",), 23),
    _key("upload", "Upload", "Upload a file or directory into this directory", ("u",), 33),
    _key("copy_path", "Copy path", "Copy the path", ("c",), 46),
    _key("up", "Up", "Directory above", ("backspace",), 53),
    Action(
        "file.end",
        "End of file",
        "Show the end of a large file, or its beginning again",
        keys=("e",),
        group=HelpGroup.TEXT,
        scope=ActionScope.FILE,
        native="end_of_file",
        footer=24,
    ),
    _key("reload", "Reload", "Read the directory again", ("r",), 63),
)
