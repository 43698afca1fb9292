"""What the palette lists: one entry for each command, type, namespace, context or object that matches.

Invariant: an entry is a value; choosing it opens its object, or runs its line as if it had been typed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from k9py.api.meta import ObjectRef


class EntryKind(Enum):
    """What an entry stands for; the value names it on the screen."""

    RECENT = "recent"
    COMMAND = "command"
    TYPE = "type"
    NAMESPACE = "namespace"
    CONTEXT = "context"
    OBJECT = "object"
    WORD = "word"

    @property
    def is_harmless(self) -> bool:
        """Whether it only opens a screen, so that it may be chosen for a beginning that was typed."""
        return self in (EntryKind.TYPE, EntryKind.OBJECT, EntryKind.WORD)


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """One line of the list.

    Args:
        kind: What it stands for.
        text: What matched, not yet printable.
        line: What is typed for it; Tab completes to it.
        detail: What it does or is, one line.
        key: The key that does the same, "" for none.
        positions: Characters of `text` that match what is typed.
        ref: The object it opens, None when it runs its line.
        is_complete: False when its line needs another word to run.
        expects_more: Another word may follow its line.
    """

    kind: EntryKind
    text: str
    line: str
    detail: str = ""
    key: str = ""
    positions: tuple[int, ...] = ()
    ref: ObjectRef | None = None
    is_complete: bool = True
    expects_more: bool = False
