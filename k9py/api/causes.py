"""What a pod's trouble is called: the one vocabulary rollout status, findings and exit codes share.

Values only; `pod_troubles` finds them. To add a trouble: a `TroubleKind`, then a check in `pod_troubles`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum


class CauseKind(Enum):
    """The family of a cause; the value is a stable name for scripts."""

    IMAGE = "image"  # cannot be pulled, bad name
    CRASH = "crash"  # the container ends and is restarted
    OOM = "oom"  # killed for memory
    PROBE = "probe"  # runs, but a probe says no
    CONFIG = "config"  # a config map, secret or the container's own settings
    MOUNT = "mount"  # a volume cannot be mounted, or the sandbox not be made
    QUOTA = "quota"  # a ResourceQuota refuses the pod
    ADMISSION = "admission"  # anything else the API server refuses the pod for
    UNSCHEDULABLE = "unschedulable"
    NODE = "node"  # the node is lost
    DEADLINE = "deadline"  # no progress in time, cause not known


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause, named.

    Args:
        kind: its family.
        reason: CamelCase, as Kubernetes says it where it does (`ImagePullBackOff`).
        message: one clause without a full stop, naming image, container, probe ...; already printable.
        container: the container's name, "" when it is about the pod.
        since: when it began, None when unknown.
        blocking: the pod plainly cannot come up as things are; False for what may just need time (a slow probe).
        remedy: what ends it beside another release, as a command to a person; "" when nothing is known. Printable.
    """

    kind: CauseKind
    reason: str
    message: str
    container: str = ""
    since: datetime | None = None
    is_blocking: bool = True
    remedy: str = ""
