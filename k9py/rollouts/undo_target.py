"""Which revision an undo goes back to unless a person chooses another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from k9py.rollouts.revisions import Revision


@dataclass(frozen=True, slots=True)
class UndoTarget:
    """The revision to go back to, and why this one, in words."""

    revision: Revision
    why: str


def undo_target(found: Sequence[Revision]) -> UndoTarget | None:
    """Return the default target of an undo, None when there is nothing to go back to.

    A revision before the current one whose pods are ready now is preferred: it is known to work. Else the last one
    before the current one, as kubectl does.
    """
    if not found:
        return None
    # While it is not known which revision is in force, the newest is taken for it: the plan refuses what is no change.
    current = next((one for one in found if one.is_current), found[0])
    older = [one for one in found if one.number < current.number]
    if not older:
        return None
    for one in older:
        if one.ready:
            pods = "1 pod of it is" if one.ready == 1 else f"{one.ready} pods of it are"
            return UndoTarget(one, f"{pods} ready now")
    return UndoTarget(older[0], "the last revision before this one")
