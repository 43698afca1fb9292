"""How far a copy is, and what it has left out: one value that the copy writes and a front end reads.

Invariant: texts are printable, and what is kept of members that were left out is bounded; their number is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from k9py.api.plural import count_noun
from k9py.api.quantities import size_text
from k9py.api.text import bounded

KEPT_LEFT_OUT: Final = 20
"""Members that were left out and are named."""
MAX_NAME: Final = 200


class Reason(Enum):
    """Why a member was left out."""

    LINK = "link"
    """It is a link or a special file: kubectl leaves these out too."""
    UNSAFE = "unsafe"
    """It would have been written outside of the destination."""
    LOCAL_LINK = "local link"
    """A symlink of this machine is on its path."""
    FAILED = "failed"
    """It could not be read or written."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that was not copied.

    Args:
        name: printable.
        why: such as "symlink to ../data", printable.
    """

    name: str
    reason: Reason
    why: str

    def __str__(self) -> str:
        return f"{self.name}: {self.why}"


@dataclass(slots=True)
class CopyProgress:
    """How far a copy is.

    Args:
        files: complete files, those that were there already among them.
        bytes: of files, those that were there already among them.
        total_files, total_bytes: None while they are not known.
        kept_files: files that were complete already.
        kept_bytes: of those, and of the files that were continued.
        current: the file that is being copied, printable.
        attempt: 1 at first, higher after lost connections.
        waits_for: why nothing is copied now, "" while something is.
        left_out: the first that were left out.
        left_out_counts: all that were left out, by reason.
        warnings: what the commands in the container wrote, printable.
    """

    files: int = 0
    bytes: int = 0
    total_files: int | None = None
    total_bytes: int | None = None
    kept_files: int = 0
    kept_bytes: int = 0
    current: str = ""
    attempt: int = 1
    waits_for: str = ""
    left_out: list[LeftOut] = field(default_factory=list)
    left_out_counts: dict[Reason, int] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def fraction(self) -> float | None:
        """From 0 to 1; None when the total is not known. A total that is too small never makes it more than 1."""
        if self.total_bytes is None:
            return None
        return min(1.0, self.bytes / self.total_bytes) if self.total_bytes else 0.0

    @property
    def text(self) -> str:
        """How far it is: "42 % of 80 MiB, 3 of 12 files"."""
        fraction = self.fraction
        if fraction is None or self.total_bytes is None:
            size = size_text(self.bytes)
        elif self.bytes > self.total_bytes:
            size = f"{size_text(self.bytes)}, more than the {size_text(self.total_bytes)} that were announced"
        else:
            size = f"{int(fraction * 100)} % of {size_text(self.total_bytes)}"
        parts = [size]
        if self.total_files is not None and self.total_files > 1:
            parts.append(f"{self.files:,} of {count_noun(self.total_files, 'file')}")
        elif self.total_files is None and self.files:
            parts.append(count_noun(self.files, "file"))
        if self.waits_for:
            parts.append(self.waits_for)
        return ", ".join(parts)

    @property
    def has_unsafe(self) -> bool:
        """Whether something was refused because it would have left the destination."""
        return Reason.UNSAFE in self.left_out_counts

    @property
    def has_refused(self) -> bool:
        """Whether something was refused, because of its name or of a symlink of this machine."""
        return self.has_unsafe or Reason.LOCAL_LINK in self.left_out_counts

    @property
    def has_failed(self) -> bool:
        """Whether something could not be read or written."""
        return Reason.FAILED in self.left_out_counts

    def restart(self) -> None:
        """Forget what is counted again by the next attempt."""
        self.files = self.bytes = self.kept_files = self.kept_bytes = 0
        self.left_out.clear()
        self.left_out_counts.clear()
        self.warnings.clear()
        self.current = ""

    def leave_out(self, name: str, reason: Reason, why: str) -> None:
        """Record that something is not copied."""
        self.left_out_counts[reason] = self.left_out_counts.get(reason, 0) + 1
        if len(self.left_out) < KEPT_LEFT_OUT:
            self.left_out.append(LeftOut(bounded(name, MAX_NAME), reason, bounded(why, MAX_NAME)))

    def left_out_lines(self) -> Iterator[str]:
        """Yield what a person has to know about what was left out."""
        yield from map(str, self.left_out)
        more = sum(self.left_out_counts.values()) - len(self.left_out)
        if more > 0:
            yield f"and {more:,} more"
