"""Where log lines come from: the Protocol that `kube/` implements and tests fake."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

ContainerRole = Literal["main", "sidecar", "init", "ephemeral"]

ContainerKey = tuple[str, str, str, str]
"""Namespace, pod, container and the pod's uid: a container, whichever run of it writes."""


class LogTarget(NamedTuple):
    """One run of one container, as far as known: what a line is labelled with.

    Args:
        uid: the pod's; a pod of the same name with another uid is another pod.
        container_id: of the run, such as "containerd://0a1b…"; "" before it has started, or when unknown.
        revision: identifies the pod's revision: the value of its pod-template-hash or controller-revision-hash label;
        ""
            when it has none.
        node: where the pod runs, "" while it is not scheduled.
        started_at: when the run began, by its node's clock, in whole seconds; None when unknown.
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
        """What stays the same when the container is restarted."""
        return (self.namespace, self.pod, self.container, self.uid)


class PartialLine(bytes):
    """The last line of a stream that ended inside it: more of it may be read later, or it has no line end at all.

    Args:
        matching_bytes: how many of its first bytes the whole line has too; None: all. Fewer where it was too long to be
            kept.
    """

    matching_bytes: int

    def __new__(cls, line: bytes, matching_bytes: int | None = None) -> PartialLine:
        partial = super().__new__(cls, line)
        partial.matching_bytes = len(line) if matching_bytes is None else matching_bytes
        return partial

    def is_beginning_of(self, line: bytes) -> bool:
        """Return whether a line may be the whole of this one."""
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

        Only the last line of a stream may be a `PartialLine`. A line without a timestamp may come from the source
        itself (`source_errors`).

        Args:
            since_time, since_seconds: lines from then on, or of the last seconds by the node's clock; at most one of
                them.
            limit_bytes: end after that many bytes, perhaps in the middle of a line.

        Raises (on entering or while iterating):
            KdashError: translated; NotFoundError: the pod is gone; BadRequestError: the container has not started.
        """
        ...
