"""The wording of markers: every sentence that the log views and `kdash logs` insert between lines of containers.

A marker says what happened first and which lines may be missing second. Times are HH:MM:SS in UTC. Everything returned
is printable. To word another event, add a constant (a cause) or a function here; `follow/markers.py` decides when a
marker is shown.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from k9py.api.errors import KdashError, NotRecordedError
from k9py.api.plural import count_noun
from k9py.api.text import printable
from k9py.api.times import duration

POD_UNKNOWN_TO_NODE: Final = "the node does not know this pod yet"
POD_DELETED: Final = "pod deleted"
INTERNAL_ERROR: Final = "internal error while reading this log"
RECONNECTED: Final = "reconnected"
NO_PREVIOUS: Final = "no previous container"
RESTARTED: Final = "container restarted"
RESTARTED_BEFORE: Final = "container restarted before its log was first read"
READ_LATE: Final = "log first read late, it may have been rotated"
REPLACED: Final = "pod replaced by a new one of the same name"
ROTATED: Final = "log rotated"
RESTARTED_OR_ROTATED: Final = "container restarted or log rotated"
NOT_READ_TO_END: Final = "not read to its end"
NO_LONGER_FOLLOWED: Final = "no longer followed"
_END_OF_PREVIOUS: Final = "end of the previous container's log"

UNKNOWN_TO_NODE_ERROR: Final = "could not find the requested resource"
"""How the API server passes on a kubelet's 404: the pod exists, and its node has not heard of it yet (or has forgotten
it). For a pod that the API server itself does not have, the error is `pods "x" not found`."""

_WAITING: Final = re.compile(r" is waiting to start: (?P<reason>.+)$")
_WAITING_REASONS: Final = {
    "trying and failing to pull image": "image cannot be pulled",
    "image can't be pulled": "image cannot be pulled",
    "ContainerCreating": "container is being created",
    "PodInitializing": "init containers have not finished",
    "CreateContainerConfigError": "its ConfigMap or Secret cannot be read",
}


# -- states of one container's log ------------------------------------------------------------------------------------


def unavailable(error: KdashError) -> str:
    """Return why a container's log cannot be read for now, such as "waiting to start: image cannot be pulled"."""
    if "previous terminated container" in error.message:
        return NO_PREVIOUS
    if waiting := _WAITING.search(error.message):
        reason = waiting["reason"].strip()
        return f"waiting to start: {_WAITING_REASONS.get(reason, printable(reason))}"
    return printable(error.message)


def forbidden(error: KdashError) -> str:
    """Return that the user may not read this log, or that a replay does not have it."""
    if isinstance(error, NotRecordedError):
        return printable(error.message)
    return f"not allowed to read this log: {printable(error.message)}"


def node_error(error: KdashError) -> str:
    """Return the error that the node wrote in place of the log, or after it."""
    text = unavailable(error)
    return text if text != printable(error.message) else f"node error: {text}"


def interrupted(error: KdashError) -> str:
    """Return that the connection broke, and why."""
    return f"log interrupted: {printable(error.message)}"


def reconnected(disconnected_seconds: float) -> str:
    """Return that the connection is back and every line was read."""
    return f"reconnected after {duration(disconnected_seconds)}: no lines missing"


def waiting_for_slot(limit: int) -> str:
    """Return that other containers' logs are read first, `limit` of them at a time."""
    return f"waiting for a slot ({limit} at a time)"


# -- gaps and ends ----------------------------------------------------------------------------------------------------


def gap(cause: str, since: datetime | None, until: datetime | None, disconnected_seconds: float | None) -> str:
    """Return that lines between two others may be missing.

    Args:
        cause: what happened, one of the constants above.
        since: time of the last line before the gap; None when there is none.
        until: time of the first line after the gap; None when there is none.
        disconnected_seconds: seconds without a connection; None when there was one all the time.
    """
    seconds = disconnected_seconds
    disconnected = f" while disconnected for {duration(seconds)}" if seconds is not None and seconds >= 1 else ""
    begin = clock_time(since) if since else "the start"
    end = clock_time(until) if until else "now"
    return f"{cause}{disconnected}: lines between {begin} and {end} may be missing"


def gap_after(cause: str, since: datetime | None) -> str:
    """Return that the end of a log was not read; `since` is the time of the last line that was."""
    return f"{cause}: lines after {clock_time(since)} may be missing" if since else f"{cause}: its lines may be missing"


def gap_before(cause: str, until: datetime | None) -> str:
    """Return that the beginning of a log was not read; `until` is the time of the first line that was."""
    return f"{cause}: lines before {clock_time(until)} may be missing" if until else f"{cause}: lines may be missing"


def end_of_previous(limit: int | None) -> str:
    """Return that the previous container's log ends here.

    Args:
        limit: lines that were asked for, where there may be more; None when all of them came.
    """
    if limit is None:
        return _END_OF_PREVIOUS
    return f"{_END_OF_PREVIOUS}: only its last {limit:,} lines were read"


def end_of_head(size: int) -> str:
    """Return that only the first `size` bytes of the log were read."""
    return f"end of the first {size >> 10} KiB: the last line may be cut off, and the log continues"


def dropped(count: int, first: datetime | None, last: datetime | None) -> str:
    """Return that lines were dropped because they came faster than they were shown.

    Args:
        first, last: times of the first and the last of them, where they have any.
    """
    between = f" (between {clock_time(first)} and {clock_time(last)})" if first and last else ""
    return f"{count_noun(count, 'line')} dropped: the terminal could not keep up{between}"


def dropped_while_paused(count: int) -> str:
    """Return that lines in the middle of a view were dropped: the reader held the older ones, and memory was full."""
    return f"{count_noun(count, 'line')} dropped here: the log buffer was full while the view was paused"


def dropped_while_read(count: int) -> str:
    """Return that lines were dropped while they were being copied or saved."""
    return f"{count_noun(count, 'line')} dropped here while they were being read: the log buffer was full"


def clock_skew(node: str, seconds: float) -> str:
    """Return that a node's clock differs from the others': positive seconds are ahead."""
    side = "ahead" if seconds > 0 else "behind"
    return (
        f"clock of node {printable(node)} is about {abs(seconds):.0f}s {side}: "
        "its lines may be out of order with those of other nodes"
    )


def clock_time(at: datetime) -> str:
    """Return a time as markers show it: HH:MM:SS in UTC."""
    return f"{at.astimezone(UTC):%H:%M:%S}"
