"""What a person chose for each table, kept from one session to the next: a small JSON file in the state directory.

Invariants: a missing, unreadable or broken file is an empty one, and never an error; a file is replaced whole, so that
two sessions never mix; what one session writes keeps the tables that another one wrote meanwhile.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

_MAX_BYTES: Final = 1_000_000
"""A larger file is not ours."""


class TableState:
    """Choices by the name of the table.

    Args:
        path: of the file; None keeps them in memory.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._tables: dict[str, Any] | None = None

    def get(self, table: str) -> Mapping[str, Any]:
        """Return what was chosen for a table, empty when nothing was."""
        if self._tables is None:
            self._tables = self._read()
        chosen = self._tables.get(table)
        return chosen if isinstance(chosen, dict) else {}

    def put(self, table: str, chosen: Mapping[str, Any]) -> None:
        """Keep what was chosen for a table; empty forgets it.

        Raises:
            OSError: The file cannot be written; the choice holds for this session.
        """
        self.get(table)
        tables = {**(self._tables or {}), **self._read()}
        tables[table] = dict(chosen)
        if not chosen:
            del tables[table]
        self._tables = tables
        if self._path is not None:
            import json

            _replace(self._path, json.dumps({"tables": tables}, indent=1, sort_keys=True))

    def _read(self) -> dict[str, Any]:
        if self._path is None:
            return dict(self._tables or {})
        with suppress(OSError, ValueError, RecursionError):
            if self._path.stat().st_size <= _MAX_BYTES:
                import json  # where nothing was chosen, it is not needed for the first frame

                read = json.loads(self._path.read_text(encoding="utf-8"))
                tables = read.get("tables") if isinstance(read, dict) else None
                return tables if isinstance(tables, dict) else {}
        return {}


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, written = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(written, path)
    except OSError:
        with suppress(OSError):
            os.unlink(written)
        raise
