"""Define the causes that rollout status, findings and exit codes have in common.

Values only; `diagnosis` finds them. To add a kind of cause: a `CauseKind`, its exit code in `views/exit_codes.py`, and
a check in `diagnosis`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class CauseKind(Enum):
    """The kind of a cause; the value is a stable name for scripts."""

    IMAGE = "image"  # cannot be pulled, or has an invalid name
    CRASH = "crash"  # the container terminates and is restarted
    OOM = "oom"  # killed for memory
    PROBE = "probe"  # runs, but a probe fails
    CONFIG = "config"  # a config map, a secret or the container's own configuration
    MOUNT = "mount"  # a volume cannot be mounted, or the sandbox not be created
    QUOTA = "quota"  # a ResourceQuota rejects the pod
    ADMISSION = "admission"  # the API server rejects the pod for another reason
    UNSCHEDULABLE = "unschedulable"
    NODE = "node"  # the node is lost
    DEADLINE = "deadline"  # no progress in time, cause unknown


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause.

    Args:
        kind: its kind.
        reason: CamelCase, Kubernetes' own word where there is one (`ImagePullBackOff`).
        message: one clause without a full stop that names the image, container, probe ...; printable.
        container: the container's name, "" if it is about the pod.
        since: when it began, None if unknown.
        is_blocking: the pod cannot become ready as things are; False if it may just need time (a slow probe).
        remedy: what helps other than another release, in the imperative; "" if nothing is known. Printable.
    """

    kind: CauseKind
    reason: str
    message: str
    container: str = ""
    since: datetime | None = None
    is_blocking: bool = True
    remedy: str = ""
