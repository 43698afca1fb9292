"""What `kubectl describe` printed, as facts: labels with their values, and rows of tables.

Only what the tests compare is understood; the layout is that of kubectl 1.36. A fact is a tuple of texts that belong
together: headings, label and value of a line, or the cells of a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_LABEL: Final = re.compile(r"^(?P<indent> *)(?P<item>- )?(?P<label>[^\s:/][^:]*?):(?:(?P<gap> +)(?P<value>.*))?$")
_DASHES: Final = re.compile(r"^ *-+( +-+)* *$")
_CELLS: Final = re.compile(r" {2,}")
_CAPTIONS: Final = frozenset({"Data", "BinaryData", "Resource Quotas", "Resource Limits"})
_REMARKS: Final = ("* Matches", "(Total limits may be over 100 percent")
_TABLES_WITHOUT_DASHES: Final = frozenset({"Conditions", "Readiness Gates"})


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that kubectl printed.

    Args:
        headings: Labels of the lines it is indented under.
        label: Before the colon, or the titles of a table's columns.
        value: After the colon; "" for a row.
        cells: Of a row, with the titles of their columns.
    """

    headings: tuple[str, ...]
    label: str
    value: str = ""
    cells: tuple[tuple[str, str], ...] = ()


def facts(printed: str) -> Iterator[Fact]:
    """Yield the facts of a description."""
    lines = [line.rstrip() for line in printed.splitlines()]
    stack: list[tuple[int, str]] = []
    value_column = -1
    columns: tuple[str, ...] = ()
    table_indent = -1
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else ""
        indent = len(line) - len(line.lstrip())
        if not line or set(line.strip()) in ({"="}, {"-"}) or _DASHES.match(line):
            if not line:
                table_indent = -1
            continue
        if line.strip() in _CAPTIONS:
            stack, table_indent = [(-1, line.strip())], -1
            continue
        if line.strip().startswith(_REMARKS):
            continue
        if _DASHES.match(following) and not line.endswith(":"):
            columns, table_indent = tuple(_CELLS.split(line.strip())), indent
            stack = [entry for entry in stack if entry[0] < indent]
            continue
        if table_indent >= 0 and indent >= table_indent and not (indent == 0 and _LABEL.match(line)):
            cells = _CELLS.split(line.strip())
            if not (len(cells) == 2 and cells[0] == "Name:"):  # the caption of the next table
                yield Fact(tuple(name for _, name in stack), "", cells=tuple(zip(columns, cells, strict=False)))
            continue
        table_indent = -1
        headings = tuple(name for at, name in stack if at < indent)
        if headings and headings[-1] in _TABLES_WITHOUT_DASHES and ":" not in line:
            cells = _CELLS.split(line.strip())
            if cells != ["Type", "Status"]:
                yield Fact(headings, "", cells=tuple(zip(("Type", "Status"), cells, strict=False)))
            continue
        label = _LABEL.match(line)
        if label is None or (indent == value_column and indent):
            yield Fact(tuple(name for _, name in stack), "", line.strip())
            continue
        if line == "Events:":
            stack = []  # after a caption
        at = indent + len(label["item"] or "")
        stack = [entry for entry in stack if entry[0] < at]
        headings = tuple(name for _, name in stack)
        stack.append((at, label["label"]))
        value = label["value"] or ""
        value_column = label.start("value") if value else -1
        yield Fact(headings, label["label"], value)
