"""Select rows of a table for an action on several objects."""

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
    native="mark",
    footer=263,
)
ACTIONS: Final = (MARK,)
