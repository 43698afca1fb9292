"""Change container images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from k9py.actions.action import Action, ActionScope, CliVerb, Permission, TypedCommand
from k9py.actions.host import ActionHost


def parse_images(operands: Sequence[str]) -> tuple[Sequence[str], Mapping[str, Any]]:
    """Split `deploy/x app=image:2` into the words for the workload and the images by container.

    Raises:
        ValueError: No image, or an incomplete one.
    """
    images: dict[str, str] = {}
    for word in operands:
        container, equals, image = word.partition("=")
        if not equals:
            continue
        if not container or not image:
            raise ValueError(f"{word!r} is not CONTAINER=IMAGE, such as app=IMAGE")
        if images.setdefault(container, image) != image:
            raise ValueError(f"Container {container!r} is given two images.")
    if not images:
        raise ValueError("Name a container and its new image: app=registry.example.com/shop/checkout:1.2.3")
    return tuple(word for word in operands if "=" not in word), {"images": images}


def _set_image(host: ActionHost, argument: str | None) -> None:
    images: dict[str, str] = {}
    for word in (argument or "").replace(",", " ").split():
        container, equals, image = word.partition("=")
        images[container if equals else ""] = image if equals else word
    host.operate(SET_IMAGE.id, images=images or None)


SET_IMAGE: Final = Action(
    "workload.set_image",
    "Image",
    "Set image of a container",
    keys=("i",),
    scope=ActionScope.WORKLOAD,
    run=_set_image,
    command=TypedCommand("set-image", ("image",), argument="image|container=image"),
    cli=CliVerb(
        "set-image",
        "Change container images.",
        "Change container images.",
        metavar="CONTAINER=IMAGE...",
        parse=parse_images,
    ),
    permission=Permission("patch"),
    writes=True,
    operation="set-image",
    footer=220,
)
ACTIONS: Final = (SET_IMAGE,)
