"""The objects of a writing command that are selected or in files, as options name them. Imports nothing heavy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """What the options name.

    Args:
        operands: types and names as they were typed.
        label_selector, field_selector: valid, "" for none.
        is_all: all objects of the types.
        all_namespaces: in the whole cluster; else in one namespace.
        files: paths, "-" for standard input.
        recursive: the directories in a directory too.
    """

    operands: Sequence[str]
    label_selector: str = ""
    field_selector: str = ""
    is_all: bool = False
    all_namespaces: bool = False
    files: tuple[str, ...] = ()
    recursive: bool = False

    @property
    def selects(self) -> bool:
        """Whether objects are selected, not named."""
        return bool(self.label_selector or self.field_selector or self.is_all)
