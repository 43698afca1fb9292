"""The tree of an object: its owners above it, its dependents and what refers to it below, to any depth. Pure.

Invariants: every object is in a tree once, where it is reached first, so that relations that form a cycle end; a tree
has at most `limit` lines; the last one then counts what is left out, up to the same limit. Dependents come from
`ownerReferences`; other relations are named: "selected by", "scaled by", "used by" (`api/relations.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from k9py.api.meta import ObjectRef
from k9py.views.tones import rank_of
from k9py.views.values import Column, Row, Tone

MAX_LINES: Final = 1000
_STATE_TITLES: Final = (
    "READY",
    "STATUS",
    "STATE",
    "PHASE",
    "COMPLETIONS",
    "REASON",
    "TARGETS",
    "SCHEDULE",
    "LAST RESULT",
    "TYPE",
    "HOSTS",
    "CLASS",
    "CAPACITY",
    "SYNC STATUS",
    "HEALTH STATUS",
)
"""Columns whose cells are the state of an object, in this order."""
_MAX_STATES: Final = 3


@dataclass(frozen=True, slots=True)
class TreeItem:
    """An object in a tree.

    Args:
        ref: Without a kind for a group of objects, which `name` describes.
        uid: "" when only its reference is known: nothing has read it.
        state: A few words.
        since: When it was created, None if that is not known.
    """

    ref: ObjectRef
    uid: str = ""
    state: str = ""
    tone: Tone = Tone.PLAIN
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dependent:
    """What belongs below an object, and why.

    Args:
        relation: "" for an owned object.
        follow_backward: the direction in which relations are followed from here, None for both: what refers to an
            object (True), or what it refers to.
    """

    item: TreeItem
    relation: str = ""
    follow_backward: bool | None = None


@dataclass(frozen=True, slots=True)
class TreeLine:
    """A line of a tree.

    Args:
        item: None on the last line of a tree that is too large.
        prefix: The branches to the left of the object.
        hidden: Objects that are folded away below it, or left out.
        is_folded: Its dependents are not shown.
    """

    item: TreeItem | None
    prefix: str = ""
    relation: str = ""
    hidden: int = 0
    is_folded: bool = False


DependentsOf = Callable[[Dependent], Sequence[Dependent]]
"""Returns what belongs below an object, which may depend on how it was reached."""


def tree_lines(
    root: TreeItem,
    dependents_of: DependentsOf,
    *,
    is_folded: Callable[[ObjectRef], bool] = lambda _ref: False,
    limit: int = MAX_LINES,
) -> tuple[TreeLine, ...]:
    """Return the lines of a tree.

    Args:
        root: The topmost owner.
        is_folded: Returns whether the dependents of an object are not shown.
    """
    lines: list[TreeLine] = []
    left_out = 0
    for line in _lines(root, dependents_of, is_folded, {root.ref}):
        if len(lines) < limit:
            lines.append(line)
        else:
            left_out += 1 + line.hidden
            if left_out > limit:
                break
    if left_out:
        lines.append(TreeLine(None, hidden=left_out))
    return tuple(lines)


def _lines(
    root: TreeItem, dependents_of: DependentsOf, is_folded: Callable[[ObjectRef], bool], seen: set[ObjectRef]
) -> Iterator[TreeLine]:
    # A stack instead of recursion: a chain of owners may be deeper than Python allows.
    stack: list[tuple[Dependent, str, str]] = [(Dependent(root), "", "")]
    while stack:
        dependent, prefix, below = stack.pop()
        item = dependent.item
        children = _unseen(dependents_of(dependent), seen)
        if children and is_folded(item.ref):
            hidden = _count(children, dependents_of, seen)
            yield TreeLine(item, prefix, dependent.relation, hidden, is_folded=True)
            continue
        yield TreeLine(item, prefix, dependent.relation)
        for at, child in enumerate(reversed(children)):
            is_last = at == 0
            stack.append((child, below + ("└─ " if is_last else "├─ "), below + ("   " if is_last else "│  ")))


def _unseen(dependents: Sequence[Dependent], seen: set[ObjectRef]) -> list[Dependent]:
    fresh = []
    for dependent in dependents:
        if dependent.item.ref not in seen:
            seen.add(dependent.item.ref)
            fresh.append(dependent)
    return sorted(fresh, key=_place)


def _place(dependent: Dependent) -> tuple[object, ...]:
    item = dependent.item
    newest = -item.since.timestamp() if item.since is not None else 0.0
    return (bool(dependent.relation), not item.ref.kind, rank_of(item.tone), item.ref.kind, newest, item.ref.name)


def _count(children: Sequence[Dependent], dependents_of: DependentsOf, seen: set[ObjectRef]) -> int:
    count, waiting = 0, list(children)
    while waiting and count < MAX_LINES:
        dependent = waiting.pop()
        count += 1
        waiting += _unseen(dependents_of(dependent), seen)
    return count + len(waiting)


def state_of(columns: Sequence[Column], row: Row) -> str:
    """Return the state of an object in a few words, from the cells of its row that hold it: `2/3 · Running`."""
    texts = {column.title: cell.text for column, cell in zip(columns, row.cells, strict=False) if not column.live}
    if "DESIRED" in texts and "READY" in texts:
        texts["READY"] = f"{texts['READY']}/{texts['DESIRED']}"
    states = []
    for title in _STATE_TITLES:
        text = texts.get(title, "")
        if text and text not in ("–", "<none>", "<unset>"):
            states.append(f"{title.lower()} {text}" if text.isdecimal() else text)
    return " · ".join(states[:_MAX_STATES])
