"""Edit an object as YAML."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, CliVerb, HelpGroup, Permission, TypedCommand
from k9py.actions.host import ActionHost


def _edit(host: ActionHost, _argument: str | None) -> None:
    host.operate(EDIT.id)


EDIT: Final = Action(
    "object.edit",
    "Edit",
    "Edit the object as YAML, in $KUBE_EDITOR, $VISUAL or $EDITOR if set",
    keys=("e",),
    scope=ActionScope.OBJECT,
    run=_edit,
    command=TypedCommand("edit"),
    cli=CliVerb(
        "edit",
        "Edit an object in your editor.",
        "Edit an object as YAML in $KUBE_EDITOR, $VISUAL or $EDITOR; shows what changes before it is stored.",
        any_type=True,
    ),
    permission=Permission("patch"),
    writes=True,
    operation="edit",
)
_SAVE: Final = Action(
    "editor.save",
    "Save",
    "Save the text and show what changes",
    keys=("ctrl+s",),
    group=HelpGroup.DIALOGS,
    scope=ActionScope.EDITOR,
    native="save",
    priority=True,
)
_CANCEL: Final = Action(
    "editor.cancel",
    "Cancel",
    "Close the editor; a changed text is kept in a file",
    keys=("escape",),
    group=HelpGroup.DIALOGS,
    scope=ActionScope.EDITOR,
    native="cancel",
    priority=True,
)
_TOP: Final = Action(
    "editor.top",
    "Top",
    "Beginning of the text",
    keys=("ctrl+home",),
    group=HelpGroup.DIALOGS,
    scope=ActionScope.EDITOR,
    native="edge(0)",
    priority=True,
)
_BOTTOM: Final = Action(
    "editor.bottom",
    "Bottom",
    "End of the text",
    keys=("ctrl+end",),
    group=HelpGroup.DIALOGS,
    scope=ActionScope.EDITOR,
    native="edge(1)",
    priority=True,
)
ACTIONS: Final = (EDIT, _SAVE, _CANCEL, _TOP, _BOTTOM)
