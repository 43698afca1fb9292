"""Name how a container terminated: exit code, signal, and the message that the program or its runtime left.

Codes above 128 are 128 + the number of a signal (POSIX shells, runc); 126 and 127 are those of shells. Invariant: a
text contains no time and no id, so that equal ends have equal texts.
"""

from __future__ import annotations

from typing import Final

from k9py.api.lazy_pattern import lazy_pattern
from k9py.api.pods import StateTerminated
from k9py.api.text import shorten
from k9py.logs.failing_line import failing_line

OOM_KILLED: Final = "OOMKilled"
START_FAILURES: Final = frozenset({"StartError", "ContainerCannotRun"})
"""Reasons of a container that its runtime could not start (containerd and cri-o, dockershim)."""
STATUS_UNKNOWN: Final = "ContainerStatusUnknown"
"""The kubelet lost the container: its node restarted, or the runtime forgot it. Its 137 means nothing."""

_TIME: Final = lazy_pattern(
    r"^\[?(?:\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?Z| ?[+-]\d\d:?\d\d| UTC)?"
    r"|[EWIF]\d{4} \d\d:\d\d:\d\d\.\d+ +\d+|\d\d:\d\d:\d\d(?:[.,]\d+)?)\]?:?\s+"
)
"""The time before a log line, which differs from crash to crash."""
_SIGNALS: Final = {
    129: "SIGHUP",
    130: "SIGINT",
    131: "SIGQUIT",
    132: "SIGILL",
    133: "SIGTRAP",
    134: "SIGABRT",
    135: "SIGBUS",
    136: "SIGFPE",
    137: "SIGKILL",
    139: "SIGSEGV",
    141: "SIGPIPE",
    143: "SIGTERM",
    159: "SIGSYS",
}
_CODES: Final = {126: "command is not executable", 127: "command not found"}
_MEANINGS: Final = {
    126: "the command was found, but cannot be executed: its permission, or its interpreter",
    127: "a command of its script was not found in the image",
    132: "illegal instruction: often an image for another CPU",
    134: "the program aborted itself: a failed assertion, or a fatal error of its runtime",
    136: "arithmetic error, such as a division by zero",
    137: "killed from outside, and not for the memory limit of the container (that would be OOMKilled)",
    139: "it accessed memory that it does not have: a bug of the program or of a native library",
    143: "it was asked to stop: by a failed liveness probe, a hook, or another process of the container",
    159: "a system call was forbidden by its seccomp profile",
}
"""What is known of a code besides its name."""


def exit_text(ended: StateTerminated) -> str:
    """Return how a container terminated: `exit 1`, `exit 137, SIGKILL`."""
    meaning = _SIGNALS.get(
        ended.exit_code, f"signal {ended.signal}" if ended.signal else _CODES.get(ended.exit_code, "")
    )
    return f"exit {ended.exit_code}" + (f", {meaning}" if meaning else "")


def exit_meaning(ended: StateTerminated) -> str:
    """Return what an exit code usually means, "" if nothing is known of it."""
    return _MEANINGS.get(ended.exit_code, "")


def termination_message(ended: StateTerminated) -> str:
    """Return the line of the termination message that says why, "" without one.

    The program writes it to its terminationMessagePath; with FallbackToLogsOnError it is the end of its log.
    """
    if not ended.message.strip():
        return ""
    line = failing_line([line.encode(errors="replace") for line in ended.message.splitlines()])
    return shorten(_TIME.sub("", line or "", count=1))
