"""Change container images."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, CliVerb, Permission, TypedCommand
from k9py.actions.host import ActionHost


def _set_image(host: ActionHost, argument: str | None) -> None:
    images: dict[str, str] = {}
    for word in (argument or "").replace(",", " ").split():
        container, equals, image = word.partition("=")
        images[container if equals else ""] = image if equals else word
    host.operate(SET_IMAGE.id, images=images or None)


SET_IMAGE: Final = Action(
    "workload.set_image",
    "Image",
    "Change container images",
    keys=("i",),
    scope=ActionScope.WORKLOAD,
    run=_set_image,
    command=TypedCommand("set-image", ("image",), argument="[container=]image"),
    cli=CliVerb("set-image", "Change container images.", "Change container images."),
    permission=Permission("patch"),
    writes=True,
    operation="set-image",
    footer=220,
)
ACTIONS: Final = (SET_IMAGE,)
