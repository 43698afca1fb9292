"""What a reflector needs from the network: the Protocol that `kube/` implements and tests fake."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class ListerWatcher(Protocol):
    """Lists and watches one kind in one scope (cluster or namespace, selectors). Bytes in, bytes out.

    Every failure is a `KdashError`: ExpiredError (410), ForbiddenError, UnauthorizedError (the credentials were already
    refreshed once), UnavailableError with `retry_after`, BadRequestError / InvalidError (streaming lists not
    supported), ConnectionFailedError (refused, cut off), UnresponsiveError (no response, or silent for too long). Every
    wait has a limit, for the first header as for the next byte.
    """

    async def list_page(self, *, limit: int, continue_token: str = "", resource_version: str | None = None) -> bytes:
        """Return one page of the list: the complete JSON body."""
        ...

    async def probe(self) -> bytes:
        """Return a list of at most one object, read consistently and with a short timeout, for its resourceVersion."""
        ...

    def watch(
        self,
        *,
        resource_version: str,
        send_initial_events: bool,
        timeout_seconds: int,
        idle_timeout: Callable[[], float] | None = None,
    ) -> AbstractAsyncContextManager[AsyncIterator[list[bytes]]]:
        """Open a watch with bookmarks. Yields batches of complete lines (one JSON watch event each), of any length.

        The iterator ends when the server closes the stream in order; a stream cut inside a line raises
        ConnectionFailedError.

        Args:
            timeout_seconds: after which the server ends the stream.
            idle_timeout: called before each wait for lines: the seconds after which it raises UnresponsiveError; None:
                a little more than `timeout_seconds`. Blank lines and a line that does not end do not count.
        """
        ...
