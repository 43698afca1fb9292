"""Where log lines come from: the Protocol `kube/` fulfils and tests fake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

ContainerRole = Literal["main", "sidecar", "init", "ephemeral"]

ContainerKey = tuple[str, str, str, str]
"""Namespace, pod, container and the pod's uid: where lines come from, whichever run of the container writes them."""


class LogTarget(NamedTuple):
    """One run of one container, as far as it is known which: what a line says it came from.

    Args:
        uid: the pod's: a pod of the same name with another uid is another place.
        container_id: of the run, such as "containerd://0a1b…"; "" before it has started, or when it is not known.
        revision: what tells the pod's revision apart, the value of its pod-template-hash or
            controller-revision-hash label; "" when it has none.
        node: where the pod runs, "" while it is not scheduled.
        started_at: when the run began, by its node's clock, in whole seconds; None when it is not known.
    """

    namespace: str
    pod: str
    container: str
    uid: str = ""
    container_id: str = ""
    revision: str = ""
    node: str = ""
    role: ContainerRole = "main"
    started_at: datetime | None = None

    @property
    def container_key(self) -> ContainerKey:
        """What stays the same while the container is restarted."""
        return (self.namespace, self.pod, self.container, self.uid)


class PartialLine(bytes):
    """The last line of a stream that ended inside it: more of it may be read later, or it has no line end at all.

    Args:
        seen: how many of its first bytes stand in the whole line too; all, unless it was too long to be kept.
    """

    matching_bytes: int

    def __new__(cls, line: bytes, seen: int | None = None) -> PartialLine:
        made = super().__new__(cls, line)
        made.matching_bytes = len(line) if seen is None else seen
        return made

    def is_beginning_of(self, line: bytes) -> bool:
        """Tell whether a line may be the whole of this one."""
        return line.startswith(self[: self.matching_bytes])


class LogSource(Protocol):
    """Opens a container's log."""

    def open_log(
        self,
        target: LogTarget,
        *,
        follow: bool,
        tail_lines: int | None = None,
        since_time: datetime | None = None,
        since_seconds: int | None = None,
        limit_bytes: int | None = None,
        previous: bool = False,
    ) -> AbstractAsyncContextManager[AsyncIterator[list[bytes]]]:
        """Stream the log in batches of whole lines, each `<RFC3339Nano timestamp> <text>`, without the line end.

        Only the last line of a stream may be `Unfinished`. A line without a timestamp may be of the source itself
        (`source_errors`).

        Args:
            since_time, since_seconds: lines from then on, or of the last so many seconds by the node's clock; one of
                them at most.
            limit_bytes: end after so many bytes, perhaps in the middle of a line.

        Raises (on entering or while iterating):
            KdashError: translated; NotFoundError: the pod is gone; BadRequestError: the container has not started.
        """
        ...
