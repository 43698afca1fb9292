"""Capsules as files: Markdown for people, with the JSON of the capsule as its last block.

Invariant: a file is written completely or not at all, with mode 0600, and never over another file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

import msgspec

from k9py.api.errors import ConfigError
from k9py.capsule.capsule import SCHEMA, Capsule, from_json, schema_of, to_lines

DATA: Final = "## Data"
_FENCE: Final = re.compile(r"^(`{3,})json$")
_MAX_BYTES: Final = 512 << 20


def fenced(lines: list[str], language: str = "") -> list[str]:
    """Return lines as a code block; its fence is longer than any in the lines."""
    longest = max((len(run) for line in lines for run in re.findall(r"`{3,}", line)), default=2)
    fence = "`" * (longest + 1)
    return [f"{fence}{language}", *lines, fence]


def capsule_text(capsule: Capsule, report: list[str]) -> str:
    """Return the text of a capsule file.

    Args:
        report: the part for people, Markdown.
    """
    note = (
        "Read by `kdash --replay FILE`. Values of Secrets and ConfigMaps, and what looks like a secret, were removed."
    )
    return "\n".join([*report, "", DATA, "", note, "", *fenced(to_lines(capsule), "json"), ""])


def file_exists(path: Path) -> ConfigError:
    """Return the error for a file that is there: nothing is written over it."""
    return ConfigError(f"{path} exists already", "name another file with -f; nothing was written")


def write_capsule(path: Path, text: str) -> None:
    """Write a capsule.

    Raises:
        ConfigError: the file exists, or cannot be written.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError:
        raise file_exists(path) from None
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror or error}", "name another file with -f") from error
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        path.unlink(missing_ok=True)
        raise ConfigError(
            f"cannot write {path}: {error.strerror or error}", "free disk space, or name another file"
        ) from error


def read_capsule(path: Path) -> Capsule:
    """Read a capsule.

    Raises:
        ConfigError: the file cannot be read, is no capsule, is incomplete, or is of a later version.
    """
    hint = "kdash capsule writes one"
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigError(f"{path} is larger than any capsule", hint)
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}", hint) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is no incident capsule", hint) from error
    data = _data(text)
    if data is None:
        raise ConfigError(f"{path} is no incident capsule, or only a part of one", hint)
    schema = schema_of(data)
    if schema != SCHEMA:
        what = f"is a capsule of another version: {schema}" if schema.startswith("kdash.capsule/") else "is no capsule"
        raise ConfigError(f"{path} {what}", f"this kdash reads {SCHEMA}")
    try:
        return from_json(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is damaged: {error}", hint) from error


def _data(text: str) -> str | None:
    """Return the JSON in the last block, None when there is no complete one."""
    lines = text.split("\n")
    for start in range(len(lines) - 1, -1, -1):
        fence = _FENCE.match(lines[start])
        if fence and DATA in lines[max(start - 4, 0) : start]:
            end = next((at for at in range(start + 1, len(lines)) if lines[at] == fence[1]), None)
            return None if end is None else "\n".join(lines[start + 1 : end])
    return None
