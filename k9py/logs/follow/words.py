"""What the stream says of itself: the words of markers and of a target's state. Times are HH:MM:SS in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from k9py.api.errors import KdashError
from k9py.api.text import printable
from k9py.api.times import duration

NOT_CALLED_HERE: Final = "the node does not know this pod yet"
POD_GONE: Final = "the pod is gone"
NOT_READABLE: Final = "kdash failed to read this log, by a mistake of its own"
CONNECTED_AGAIN: Final = "connected again"
END_OF_PREVIOUS: Final = "end of the previous container's log"
NO_PREVIOUS: Final = "no previous run: none was kept"
RESTARTED: Final = "the container was restarted"
RESTARTED_BEFORE: Final = "the container was restarted before its log was first read"
READ_LATE: Final = "its log was first read late and may have been rotated before"
REPLACED: Final = "the pod was replaced by another of its name"
ROTATED: Final = "its log was rotated"
EITHER: Final = "the container was restarted or its log rotated"

UNKNOWN_TO_THE_NODE: Final = "could not find the requested resource"
"""How the API server passes on a kubelet's 404: the pod is there, and its node has not heard of it (or forgot it). A
pod the API server itself does not have is `pods "x" not found`."""

_WAITING: Final = re.compile(r" is waiting to start: (?P<why>.+)$")
_REASONS: Final = {
    "trying and failing to pull image": "image can't be pulled",
    "image can't be pulled": "image can't be pulled",
    "ContainerCreating": "the container is being created",
    "PodInitializing": "its init containers have not finished",
    "CreateContainerConfigError": "its ConfigMap or Secret can't be read",
}


def refused(error: KdashError) -> str:
    """Say why a container's log cannot be read for now, such as "waiting to start: image can't be pulled"."""
    if "previous terminated container" in error.message:
        return NO_PREVIOUS
    if found := _WAITING.search(error.message):
        why = found["why"].strip()
        return f"waiting to start: {_REASONS.get(why, printable(why))}"
    return printable(error.message)


def said_by_source(error: KdashError) -> str:
    """Say what the node told in place of the log, or behind it."""
    text = refused(error)
    return text if text != printable(error.message) else f"the node says: {text}"


def interrupted(error: KdashError) -> str:
    """Say that a log broke off, and why."""
    return f"log interrupted: {printable(error.message)}"


def clock_time(at: datetime) -> str:
    """Return a moment as markers say it: HH:MM:SS in UTC."""
    return f"{at.astimezone(UTC):%H:%M:%S}"


def may_be_missing(what: str, since: datetime | None, until: datetime | None, away: float | None) -> str:
    """Admit a gap.

    Args:
        what: happened.
        since, until: the last line before it, and the first behind it; None when there is none.
        away: seconds without a connection; None when there was one.
    """
    absent = f" while not connected for {duration(away)}" if away is not None and away >= 1 else ""
    begin = clock_time(since) if since else "its start"
    end = clock_time(until) if until else "now"
    return f"{what}{absent}: lines between {begin} and {end} may be missing"


def lost_after(what: str, since: datetime | None) -> str:
    """Admit that a log was not read to its end."""
    return f"{what}: lines after {clock_time(since)} may be missing" if since else f"{what}: its lines may be missing"


def lost_before(what: str, until: datetime | None) -> str:
    """Admit that a log was not read from its beginning."""
    return f"{what}: lines before {clock_time(until)} may be missing" if until else f"{what}: lines may be missing"


def end_of_previous(limit: int | None) -> str:
    """Say that the former run's log ends here; `limit` is how many lines were asked for, where there may be more."""
    return (
        END_OF_PREVIOUS if limit is None else f"{END_OF_PREVIOUS}: its last {limit:,} lines, more may come before them"
    )


def reconnected(away: float) -> str:
    """Say that a break is over and nothing is missing."""
    return f"reconnected after {duration(away)}: no line is missing"


def head_ends(size: int) -> str:
    """Say that the head is only the head."""
    return f"the first {size >> 10} KiB end here: the last line may be cut, and more follows"


def dropped(count: int, first: datetime | None, last: datetime | None) -> str:
    """Say that the terminal could not keep up."""
    lines = "1 line" if count == 1 else f"{count:,} lines"
    between = f" (between {clock_time(first)} and {clock_time(last)})" if first and last else ""
    return f"{lines} dropped: the terminal could not keep up{between}"


def skewed(node: str, seconds: float) -> str:
    """Say that a node's clock differs: positive seconds are ahead."""
    side = "ahead of" if seconds > 0 else "behind"
    return (
        f"the clock of node {printable(node)} is about {abs(seconds):.0f} s {side} the others': "
        "the order between its lines and theirs is not certain"
    )
