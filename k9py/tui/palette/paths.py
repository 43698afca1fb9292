"""What a path that is being typed may become: the directories and manifests in its directory.

Invariant: only one directory is read, and at most `MOST` names are returned. Blocks: call it in a thread.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from k9py.operations.manifest_files import SUFFIXES

MOST: Final = 40
"""Names that are returned."""


def path_completions(typed: str) -> list[str]:
    """Return the paths that begin with what is typed, as they would be typed: directories end with a slash.

    Hidden names are returned only when a dot is typed. What cannot be read has no names.
    """
    place, name = os.path.split(typed)
    found: list[str] = []
    try:
        with os.scandir(Path(place or ".").expanduser()) as entries:
            for entry in entries:
                if not entry.name.startswith(name) or (entry.name.startswith(".") and not name.startswith(".")):
                    continue
                is_directory = entry.is_dir()
                if is_directory or entry.name.endswith(SUFFIXES):
                    found.append(os.path.join(place, entry.name) + ("/" if is_directory else ""))
    except (OSError, RuntimeError, ValueError):  # no home directory, a NUL in it
        return []
    return sorted(found)[:MOST]
