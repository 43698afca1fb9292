"""Texts that a person has typed, kept in a file until they are written to the cluster: nothing typed is lost.

The file is what the editor edits, so it survives a crash of kdash too. Invariant: only its user can read it.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from k9py.api.errors import ConfigError
from k9py.operations.audit import make_private_directory

_UNSAFE: Final = re.compile(r"[^\w.-]+", re.ASCII)
_LONGEST: Final = 120
_TRIES: Final = 1000


@dataclass(frozen=True, slots=True)
class Draft:
    """A text in a file."""

    path: Path

    def write(self, text: str) -> None:
        """Replace the text. Raises ConfigError."""
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise _error(self.path, error) from error

    def read(self) -> str:
        """Return the text; bytes that are not UTF-8 are replaced. Raises ConfigError."""
        try:
            return self.path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise _error(self.path, error) from error

    def discard(self) -> None:
        """Delete the file: its text is in the cluster, or has not changed."""
        self.path.unlink(missing_ok=True)


def new_draft(directory: Path, name: str) -> Draft:
    """Return a new draft with a readable name. Raises ConfigError when no file can be made."""
    stem = _UNSAFE.sub("-", name).strip("-.")[:_LONGEST] or "object"
    try:
        make_private_directory(directory)
        for number in range(_TRIES):
            path = directory / (f"{stem}.yaml" if not number else f"{stem}-{number}.yaml")
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                continue
            return Draft(path)
    except OSError as error:
        raise _error(directory, error) from error
    raise ConfigError(f"{directory} is full of kept texts", "delete those you no longer need")


def kept_texts(draft: Draft) -> tuple[Path, ...]:
    """Return the files of earlier texts of the same name, the last one first."""
    stem, folder = re.sub(r"-\d+\Z", "", draft.path.stem), draft.path.parent
    own = re.compile(rf"{re.escape(stem)}(?:-\d+)?\.yaml")
    times: dict[Path, float] = {}
    for path in folder.glob("*.yaml"):
        if path != draft.path and own.fullmatch(path.name):
            with suppress(OSError):
                times[path] = path.stat().st_mtime
    return tuple(sorted(times, key=lambda path: times[path], reverse=True))


def _error(path: Path, error: OSError) -> ConfigError:
    why = error.strerror or str(error)
    return ConfigError(f"{path} cannot be used: {why}", "KDASH_AUDIT_FILE sets the directory of kdash's files")
