"""Saves log lines to a file of the user: its name, its permissions, and the lines in slices.

Invariants: no file is ever overwritten; mode 0600 in a directory created with 0700, whatever the umask; the event loop
is held for one slice at a time, and writes to the disk run in a thread. What a container wrote is made harmless:
printing the file to a terminal shows what the view showed.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from k9py.api.errors import ConfigError
from k9py.logs.line import LogLine
from k9py.runtime.time_slice import TimeSlice

SLICE_SECONDS: Final = 0.003
_SLICE_LINES: Final = 16
_SLICE_CHARACTERS: Final = 4096
"""Formatted between two looks at the clock: that many lines, or characters of long ones, which may be hostile."""
_MAX_NAME: Final = 200
"""Characters of a file name; most file systems allow 255 bytes."""
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9.@-]+")
_MAX_ATTEMPTS: Final = 1000


@dataclass(frozen=True, slots=True)
class SavedLog:
    """A file that was written, and the number of its lines without markers."""

    path: Path
    lines: int


def file_name(context: str, namespace: str, kind: str, name: str, at: datetime) -> str:
    """Return `<context>_<namespace>_<kind>-<name>_<UTC time>.log`, safe for shells and file systems."""
    parts = [_safe(context), _safe(namespace), _safe(f"{kind.lower()}-{name}")]
    stem = "_".join(part for part in parts if part)[:_MAX_NAME].rstrip(".-_")
    return f"{stem or 'log'}_{at.astimezone(UTC):%Y%m%dT%H%M%SZ}.log"


def _safe(text: str) -> str:
    return _UNSAFE.sub("-", text).strip(".-")


def format_timestamp(at: datetime | None) -> str:
    """Return a time as the file shows it: in UTC, to the millisecond; a dash when it is unknown."""
    if at is None:
        return "-"
    try:
        at = at.astimezone(UTC)
    except OverflowError:  # in UTC it would be outside the years a datetime can have
        pass
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def format_line(line: LogLine, sanitize: Callable[[str], str]) -> str:
    """Return a line as the file shows it: time in UTC, pod/container, text; markers between dashes.

    Args:
        sanitize: makes a container's text harmless.
    """
    at = format_timestamp(line.timestamp)
    target = line.target
    source = f"{target.pod}/{target.container}" if target.pod else "*"
    if line.marker:
        return f"{at} {source} --- {sanitize(line.text)} ---"
    late = " (late)" if line.late else ""
    return f"{at} {source}{late} {sanitize(line.text)}"


async def save_lines(
    lines: Iterable[LogLine], directory: Path, name: str, sanitize: Callable[[str], str], header: Sequence[str] = ()
) -> SavedLog:
    """Write the lines to a new file; if the name exists, a number is appended to it.

    A file that could not be written to its end is removed.

    Args:
        sanitize: makes a container's text harmless.
        header: comments above the lines, each written on a line of its own after a `#`.

    Raises:
        ConfigError: with the operating system's message.
    """
    try:
        path, descriptor = await asyncio.to_thread(_create, directory, name)
    except OSError as error:
        raise ConfigError(f"cannot write in {directory}: {error.strerror or error}") from None
    is_complete = False
    count = 0
    try:
        pending = [f"# {sanitize(comment)}" for comment in header]
        looked, room = 0, _SLICE_CHARACTERS
        time_slice = TimeSlice(SLICE_SECONDS)
        for line in lines:
            pending.append(format_line(line, sanitize))
            count += not line.marker
            room -= len(line.text)
            looked += 1
            if looked < _SLICE_LINES and room > 0:
                continue
            looked, room = 0, _SLICE_CHARACTERS
            if time_slice.is_over():
                await asyncio.to_thread(_append, descriptor, pending)
                pending = []
                time_slice.restart()
        await asyncio.to_thread(_append, descriptor, pending)
        is_complete = True
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror or error}") from None
    finally:
        os.close(descriptor)
        if not is_complete:
            with suppress(OSError):
                path.unlink()
    return SavedLog(path, count)


def _create(directory: Path, name: str) -> tuple[Path, int]:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    stem = name.removesuffix(".log")
    for number in range(1, _MAX_ATTEMPTS):
        path = directory / (name if number == 1 else f"{stem}-{number}.log")
        with suppress(FileExistsError):
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            if hasattr(os, "fchmod"):
                os.fchmod(descriptor, 0o600)
            return path, descriptor
    raise FileExistsError(17, "too many files of that name", str(directory / name))


def _append(descriptor: int, lines: list[str]) -> None:
    data = memoryview("".join(f"{line}\n" for line in lines).encode("utf-8", "replace"))
    while data:
        data = data[os.write(descriptor, data) :]
