"""Untrusted text for a line that is drawn cell by cell: printable, tabs as blanks up to the next stop."""

from __future__ import annotations

from typing import Final

from k9py.api.text import printable

TAB_STOP: Final = 4


def printable_line(text: str) -> str:
    """Return the text as `objects.text.printable` makes it, with tabs expanded; ordinary text is returned as it is."""
    if text.isprintable():
        return text
    if "\t" not in text:
        return printable(text)
    return "\t".join([printable(part) for part in text.split("\t")]).expandtabs(TAB_STOP)
