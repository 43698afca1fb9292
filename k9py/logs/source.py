"""Where log lines come from: the Protocol `kube/` fulfils and tests fake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import NamedTuple, Protocol


class LogTarget(NamedTuple):
    """One container's log. `uid` is the pod's: a pod of the same name with another uid is another target."""

    namespace: str
    pod: str
    container: str
    uid: str = ""


class LogSource(Protocol):
    """Opens a container's log."""

    def open_log(
        self,
        target: LogTarget,
        *,
        follow: bool,
        tail_lines: int | None = None,
        since_time: datetime | None = None,
        previous: bool = False,
    ) -> AbstractAsyncContextManager[AsyncIterator[list[bytes]]]:
        """Stream the log in batches of whole lines, each `<RFC3339Nano timestamp> <text>`, without the line end.

        Raises (on entering or while iterating):
            KdashError: translated; NotFoundError: the pod is gone; BadRequestError: the container has not started.
        """
        ...
