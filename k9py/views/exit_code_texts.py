"""Define the exit codes of `kdash` and their explanations: the one source for `kdash --help` and the README.

Imports nothing heavy, because `kdash --help` does. A test compares the README's table with these texts. The numbers are
stable: scripts rely on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final


class ExitCode(IntEnum):
    """The exit codes; `EXIT_CODE_TEXTS` explains them."""

    DONE = 0
    FAILING = 1
    UNKNOWN = 2
    IMAGE = 3
    CRASH = 4
    PROBE = 5
    QUOTA = 6
    UNSCHEDULABLE = 7
    DEADLINE = 8
    REFUSED = 9
    NOT_AUDITED = 10


EXIT_CODE_TEXTS: Final[Mapping[ExitCode, str]] = {
    ExitCode.DONE: "done",
    ExitCode.FAILING: "something is down, degraded or stuck, or another pod fails (--once, status, why)",
    ExitCode.UNKNOWN: "unknown: unreachable, not found, still rolling out, paused, timeout, wrong usage",
    ExitCode.IMAGE: "image cannot be pulled",
    ExitCode.CRASH: "container crashes, runs out of memory or cannot start",
    ExitCode.PROBE: "probe fails",
    ExitCode.QUOTA: "ResourceQuota, admission, or a missing ServiceAccount",
    ExitCode.UNSCHEDULABLE: "unschedulable, or the node is lost",
    ExitCode.DEADLINE: "progress deadline exceeded, cause unknown",
    ExitCode.REFUSED: "refused: permissions, admission, conflict, read-only, paused, nothing to do, not confirmed",
    ExitCode.NOT_AUDITED: "done, but the audit log is incomplete",
}
