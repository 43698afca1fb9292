"""The log targets of a pod and the container runs they name."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from k9py.api.pods import Pod
from k9py.cluster.log_targets import log_targets

POD = {
    "metadata": {"name": "a", "namespace": "shop", "uid": "u"},
    "spec": {"containers": [{"name": name} for name in ("runs", "ended", "waits", "unknown")]},
    "status": {
        "containerStatuses": [
            {"name": "runs", "containerID": "c://1", "state": {"running": {"startedAt": "2026-11-22T12:00:05Z"}}},
            {"name": "ended", "containerID": "c://2", "state": {"terminated": {"startedAt": "2026-11-22T12:00:06Z"}}},
            {"name": "waits", "containerID": "c://3", "state": {"waiting": {"reason": "CrashLoopBackOff"}}},
        ]
    },
}


def test_a_target_carries_when_its_container_run_started() -> None:
    pod = msgspec.convert(POD, Pod, strict=False)
    runs = {target.container: (target.container_id, target.started_at) for target in log_targets(pod)}
    assert runs == {
        "runs": ("c://1", datetime(2026, 11, 22, 12, 0, 5, tzinfo=UTC)),
        "ended": ("c://2", datetime(2026, 11, 22, 12, 0, 6, tzinfo=UTC)),
        "waits": ("c://3", None),
        "unknown": ("", None),
    }
