"""Set and remove labels and annotations of any object: `:label tier=web old-`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any, Final

from k9py.actions.action import Action, ActionScope, CliVerb, Permission, TypedCommand
from k9py.actions.host import ActionHost
from k9py.api.errors import RefusedError

_EXAMPLE: Final = "for example: {} tier=web old-"


def _changes(name: str, argument: str | None) -> dict[str, Any]:
    if not argument:
        return {}
    from k9py.operations.label import parse_changes  # imported when it is used: `kdash --help` imports no operation

    try:
        return {"values": parse_changes(shlex.split(argument), "labels" if name == "label" else "annotations")}
    except ValueError as error:
        raise RefusedError(str(error), _EXAMPLE.format(name)) from error


def _label(host: ActionHost, argument: str | None) -> None:
    host.operate(LABEL.id, **_changes("label", argument))


def _annotate(host: ActionHost, argument: str | None) -> None:
    host.operate(ANNOTATE.id, **_changes("annotate", argument))


def _parse(words: Sequence[str], name: str) -> tuple[Sequence[str], Mapping[str, Any]]:
    changes = [word for word in words if "=" in word or (word.endswith("-") and len(word) > 1)]
    objects = [word for word in words if word not in changes]
    if not changes:
        raise ValueError("Name what to change: KEY=VALUE sets, KEY- removes.")
    try:
        return objects, _changes(name, shlex.join(changes))
    except RefusedError as error:
        raise ValueError(error.message) from error


def _parse_labels(words: Sequence[str]) -> tuple[Sequence[str], Mapping[str, Any]]:
    return _parse(words, "label")


def _parse_annotations(words: Sequence[str]) -> tuple[Sequence[str], Mapping[str, Any]]:
    return _parse(words, "annotate")


LABEL: Final = Action(
    "object.label",
    "Label",
    "Set labels (key=value) or remove them (key-)",
    scope=ActionScope.OBJECT,
    run=_label,
    command=TypedCommand("label", argument="key=value key-"),
    cli=CliVerb(
        "label",
        "Set or remove labels.",
        "Set labels with KEY=VALUE, remove them with KEY-.",
        takes_several=True,
        any_type=True,
        metavar="KEY=VALUE|KEY-...",
        parse=_parse_labels,
    ),
    permission=Permission("patch"),
    writes=True,
    operation="label",
    takes_marked=True,
)
ANNOTATE: Final = Action(
    "object.annotate",
    "Annotate",
    "Set annotations (key=value) or remove them (key-)",
    scope=ActionScope.OBJECT,
    run=_annotate,
    command=TypedCommand("annotate", argument="key=value key-"),
    cli=CliVerb(
        "annotate",
        "Set or remove annotations.",
        "Set annotations with KEY=VALUE, remove them with KEY-.",
        takes_several=True,
        any_type=True,
        metavar="KEY=VALUE|KEY-...",
        parse=_parse_annotations,
    ),
    permission=Permission("patch"),
    writes=True,
    operation="annotate",
    takes_marked=True,
)
ACTIONS: Final = (LABEL, ANNOTATE)
