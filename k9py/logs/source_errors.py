"""Errors that a kubelet or the API server writes in place of a log, or after it, with a status of 200.

Every line of a container has a timestamp, because it is requested; an error of the node has none. Invariant: a line
with a timestamp is always the container's. Some virtual kubelets write no timestamps at all: there a line counts as an
error only where it is the last one. To recognise another text, add it to `_ERROR`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Final

from k9py.api.errors import KdashError
from k9py.api.text import printable
from k9py.logs.line import parse_timestamp
from k9py.logs.source import PartialLine

_MAX_ERROR_BYTES: Final = 2_000
_ERROR: Final = re.compile(
    r"(?:"
    r"unable to retrieve container logs for |failed to try resolving symlinks in path "
    r"|failed to create fsnotify watcher:"
    r"|failed to (?:watch|open|create|get|read|stat|seek|reopen|parse|detect|start|add) .*(?:log|watcher|inotify)"
    r"|(?:error|failed) (?:reading|to read|while reading|opening|following) .*log"
    r"|Get \"?https?://\S+: |Head \"?https?://\S+: |proxy error from |error trying to reach service"
    r"|container \S+ (?:in pod \S+ )?is (?:waiting to start|not available|terminated)|container not found \("
    r"|previous terminated container |pods? \"[^\"]+\" not found|no such container|unknown container "
    r"|an error on the server |the server (?:could not|is currently|was unable|rejected)|Error from server"
    r"|rpc error: code = |Error response from daemon: |Internal (?:Server )?[Ee]rror(?:$|:)|Unauthorized$|Forbidden$"
    r"|dial tcp |tls: |x509: |context (?:deadline exceeded|canceled)|net/http: |http2: |unexpected EOF"
    r"|No agent available"
    r"|upstream (?:connect|request) |stream timeout|Bad Gateway|Service Unavailable|Gateway Time-?out"
    r"|\{\"kind\":\"Status\"|<html>|<!DOCTYPE html"
    r")",
    re.I,
)


_PARTIAL_TIMESTAMP: Final = re.compile(rb"\d{1,4}|\d{4}-[\d\-T:.]{0,26}Z?")
"""A timestamp inside which a stream ended."""


class LogSourceError(KdashError):
    """The node, or a proxy on the way, wrote with a status of 200 why a log cannot be read any further."""


def parse_source_error(line: bytes) -> str | None:
    """Return the error in a line of a stream, printable; None when it is, or may be, a line of the container."""
    if not line or len(line) > _MAX_ERROR_BYTES or _is_stamped(line):
        return None
    text = line.decode("utf-8", "replace").strip()
    return printable(text) if _ERROR.match(text) else None


async def container_lines(
    batches: AsyncIterator[list[bytes]], *, follows_stamped: bool = False
) -> AsyncIterator[list[bytes]]:
    """Yield the lines of a container; an error of its source after them is raised when the stream has ended.

    Args:
        follows_stamped: earlier lines of this log had timestamps.

    Raises:
        LogSourceError: the stream ended with an error of the source.
    """
    held: bytes | None = None
    stamped = follows_stamped
    async for batch in batches:
        if held is None and b"T" * len(batch) == b"".join([line[10:11] for line in batch]):
            stamped = True
            yield batch
            continue
        lines: list[bytes] = []
        for line in batch:
            is_stamped = _is_stamped(line)
            stamped = stamped or is_stamped
            if held is not None and not is_stamped:
                lines.append(held)  # another one without a timestamp: the node writes none, they are the container's
            held = None
            if isinstance(line, PartialLine) and _PARTIAL_TIMESTAMP.fullmatch(line):
                continue  # it will be read again, or there never was more
            if not is_stamped and (parse_source_error(line) or (stamped and isinstance(line, PartialLine))):
                held = line
            else:
                lines.append(line)
        if lines:
            yield lines
    if held is not None:
        raise LogSourceError(printable(held.decode("utf-8", "replace").strip()))


def _is_stamped(line: bytes) -> bool:
    return line[10:11] == b"T" and parse_timestamp(line[:40].partition(b" ")[0].decode("ascii", "replace")) is not None
