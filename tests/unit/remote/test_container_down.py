"""One sentence for each state in which no command can run in a container."""

from __future__ import annotations

import json
from typing import Any

import pytest

from k9py.api.kinds import POD
from k9py.api.pods import Pod
from k9py.remote.container_down import ContainerDownError, check_runs

OOM: dict[str, Any] = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
TITLE = "container app of pod web-1 "
LOG = "kdash logs pod/web-1 -n shop -c app"
COPY = "kdash debug web-1 -n shop --copy-to NAME debugs a copy"
WHY = "kdash why pod/web-1 -n shop shows the cause"


def pod(state: dict[str, Any] | None, *, last: dict[str, Any] | None = None, phase: str = "Running") -> Pod:
    """Return a pod on a node; without a state its container has not been reported."""
    statuses = [] if state is None else [{"name": "app", "state": state, "lastState": last or {}}]
    raw = {
        "metadata": {"name": "web-1", "namespace": "shop"},
        "spec": {"nodeName": "node-1", "containers": [{"name": "app"}]},
        "status": {"phase": phase, "containerStatuses": statuses},
    }
    return POD.decode(json.dumps(raw).encode())


SCHEDULER = (
    "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available: "
    "3 No preemption victims found for incoming pod."
)


@pytest.mark.parametrize(
    ("state", "last", "message", "hint"),
    [
        (
            {"waiting": {"reason": "CrashLoopBackOff"}},
            OOM,
            "is in CrashLoopBackOff: it has ended with exit code 137 (OOMKilled) and waits to be started again",
            f"{LOG} --previous prints its last log; {COPY}",
        ),
        (
            {"terminated": {"exitCode": 0, "reason": "Completed"}},
            None,
            "has completed with exit code 0",
            f"{LOG} prints its last log; {COPY}",
        ),
        (
            {"terminated": {"exitCode": 3, "reason": "Error"}},
            None,
            "has ended with exit code 3",
            f"{LOG} prints its last log; {COPY}",
        ),
        (
            {"waiting": {"reason": "ImagePullBackOff", "message": "no \x1b[31mtag"}},
            None,
            "has not started yet: ImagePullBackOff: no tag",
            WHY,
        ),
        ({"waiting": {"reason": "PodInitializing"}}, None, "has not started yet: PodInitializing", WHY),
        ({"waiting": {}}, None, "has not started yet", WHY),
    ],
)
def test_each_state_has_a_sentence_and_what_helps(
    state: dict[str, Any], last: dict[str, Any] | None, message: str, hint: str
) -> None:
    with pytest.raises(ContainerDownError) as down:
        check_runs(pod(state, last=last), "app")
    assert (down.value.message, down.value.hint) == (TITLE + message, hint)


def test_a_pending_pod_is_refused_with_the_reason_of_the_scheduler() -> None:
    raw = {
        "metadata": {"name": "web-1", "namespace": "shop"},
        "spec": {"containers": [{"name": "app"}]},
        "status": {
            "phase": "Pending",
            "conditions": [{"type": "PodScheduled", "status": "False", "message": SCHEDULER}],
        },
    }
    with pytest.raises(ContainerDownError) as down:
        check_runs(POD.decode(json.dumps(raw).encode()), "app")
    assert down.value.message == "pod web-1 is Pending: not scheduled: 0/3 nodes are available: 3 Insufficient cpu"
    assert (down.value.hint, down.value.has_node) == (WHY, False)


def test_a_state_that_is_not_reported_is_down_only_where_the_pod_is_pending() -> None:
    check_runs(pod(None), "app")
    check_runs(pod({"running": {}}, phase="Pending"), "app")
    with pytest.raises(ContainerDownError, match="has not started yet: the pod is Pending"):
        check_runs(pod(None, phase="Pending"), "app")
