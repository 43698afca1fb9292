"""What `kdash logs` was asked for, as one value. Imports nothing heavy: the command's help needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from k9py.cli.targets import ObjectArgument

LogOutput = Literal["raw", "json", "pretty"]

FOLLOWED_PAST: Final = 200
"""Lines of the past a followed container begins with, unless it is said otherwise."""


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Which logs, which lines of them, and in which form.

    Args:
        named: the workload, service or pod; None: `selector` says which pods.
        selector: a label selector.
        follow: go on as lines and pods come.
        since: seconds of the past; None: not limited by time.
        tail: lines of the past of each container; None: not limited by lines.
        previous: the former run of each container instead of the present one.
        containers: by name, of every role; empty: the main containers and sidecars.
        include, exclude: queries; a line is printed when one of the first holds, or there is none of them, and none of
            the others does.
        highlight: regular expressions.
        output: None: pretty on a terminal, else raw.
        raw: lines as the containers wrote them, escape sequences included.
        timestamps: begin each line with its time.
        prefix: begin each line with its pod and container; None: where it may be more than one container.
        max_streams: containers followed at once; more take turns.
    """

    named: ObjectArgument | None = None
    selector: str = ""
    follow: bool = False
    since: int | None = None
    tail: int | None = None
    previous: bool = False
    containers: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    highlight: tuple[str, ...] = ()
    output: LogOutput | None = None
    raw: bool = False
    timestamps: bool = False
    prefix: bool | None = None
    max_streams: int = 60
