"""Keys of rows: select them for an action on several objects, narrow, fold."""

from __future__ import annotations

from typing import Final

from k9py.actions.action import Action, ActionScope, HelpGroup

MARK: Final = Action(
    "row.mark",
    "Select",
    "Select the row: an action then applies to all selected ones ({app.back}: deselect all)",
    keys=("space",),
    group=HelpGroup.TABLES,
    scope=ActionScope.ROWS,
    native="mark_row",
    footer=263,
)
ONLY_OBJECT: Final = Action(
    "event.only_object",
    "Only object",
    "Show only the events of the object ({app.back}: all)",
    keys=("space",),
    group=HelpGroup.TABLES,
    scope=ActionScope.EVENTS,
    native="only_object",
    footer=266,
)
FOLD: Final = Action(
    "tree.fold",
    "Fold",
    "Fold or unfold what belongs to the object",
    keys=("space",),
    group=HelpGroup.TABLES,
    scope=ActionScope.TREE,
    native="fold",
    footer=267,
)
ACTIONS: Final = (MARK, ONLY_OBJECT, FOLD)
