"""Where the content of one downloaded file goes: its part, once the beginning has been compared with what is there.

Invariant: nothing is written before the overlap with the part was found to be the same.
"""

from __future__ import annotations

from collections.abc import Callable

from k9py.api.errors import RefusedError
from k9py.remote.files.local_tree import PartFile
from k9py.remote.files.progress import CopyProgress


class ChangedError(RefusedError):
    """The part is not the start of what the container has now."""


class FileSink:
    """Writes a file; the part is opened with the first byte, so that nothing is made of a file that cannot be read."""

    def __init__(self, begin: Callable[[], PartFile], expected: bytes, progress: CopyProgress) -> None:
        self._begin, self._expected, self._progress = begin, expected, progress
        self._part: PartFile | None = None

    def feed(self, data: bytes) -> None:
        if self._expected:
            known, self._expected = self._expected[: len(data)], self._expected[len(data) :]
            if data[: len(known)] != known:
                raise ChangedError("the file has changed since the last transfer")
            data = data[len(known) :]
        if data:
            part = self._opened()
            part.write(data)
            part.mark()
            self._progress.bytes += len(data)

    def size(self, kept: int) -> int:
        """Return the bytes that the file has, `kept` of them from before."""
        return kept if self._part is None else self._part.written

    def finish(self) -> None:
        if self._expected:
            raise ChangedError("the file has become shorter since the last transfer")
        self._opened().finish()

    def close(self) -> None:
        if self._part is not None:
            self._part.close()

    def _opened(self) -> PartFile:
        if self._part is None:
            self._part = self._begin()
        return self._part
