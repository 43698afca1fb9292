"""The options of `kdash logs`, as one value. Imports nothing heavy: the command's help needs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from k9py.cli.targets import ObjectArgument

LogOutput = Literal["raw", "json", "pretty"]

DEFAULT_FOLLOW_TAIL: Final = 200
"""Lines of the past printed of each followed container, unless another range is given."""


@dataclass(frozen=True, slots=True)
class LogOptions:
    """Which logs, which lines of them, and in which format.

    Args:
        target: the workload, service or pod; None: the pods of `selector`.
        selector: a label selector.
        follow: keep printing as lines and pods come.
        since: seconds of the past; None: no limit.
        tail: lines of the past of each container; None: no limit.
        previous: the previous run of each container instead of the current one.
        containers: by name, of every role; empty: the main containers and sidecars.
        include, exclude: queries. A line is printed when it matches one of `include` (or there is none), and none of
            `exclude`.
        highlight: regular expressions.
        output: None: pretty on a terminal, otherwise raw.
        raw: lines as the containers wrote them, including escape sequences.
        timestamps: start each line with its time.
        prefix: start each line with its pod and container; None: where there may be more than one container.
        max_streams: containers read at once; more take turns.
    """

    target: ObjectArgument | None = None
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
