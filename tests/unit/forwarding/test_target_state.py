"""What is known of a target before it is forwarded to: whether its pods can be reached now."""

from __future__ import annotations

import pytest

from k9py.api.meta import Condition, ObjectRef
from k9py.api.pods import Pod
from k9py.forwarding.target_state import state_note
from k9py.forwarding.targets import ForwardTarget
from tests.factories.meta import NOW
from tests.factories.pods import container_status, pod, waiting
from tests.factories.services import service

SERVICE = ForwardTarget(ObjectRef("Service", "shop", "web"), "app=web", service=service("web"))
ALONE = ForwardTarget(ObjectRef("Pod", "shop", "web-1"), field_selector="metadata.name=web-1", pod="web-1")
OF_REPLICA_SET = ForwardTarget(ObjectRef("Pod", "shop", "web-1"), "app=web", pod="web-1", has_stand_ins=True)

UNSCHEDULED = Condition(
    type="PodScheduled",
    status="False",
    reason="Unschedulable",
    message="0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.",
)
READY = pod("web-1")
STARTS = pod("web-1", ready=False, statuses=[container_status(ready=False)])
PENDING = pod("web-1", phase="Pending", ready=False, statuses=[], conditions=[UNSCHEDULED])
BAD_IMAGE = pod(
    "web-1", phase="Pending", ready=False, statuses=[container_status(ready=False, state=waiting("ImagePullBackOff"))]
)
DELETED = pod("web-1", deleted=NOW)
ENDED = pod("web-1", phase="Succeeded", ready=False)
OTHER = pod("web-2")


@pytest.mark.parametrize(
    ("target", "pods", "note"),
    [
        (ALONE, [READY], ""),
        (ALONE, [STARTS], "web-1: container app is not ready yet; connections go to it all the same"),
        (ALONE, [DELETED], "web-1 is being deleted; connections end with it"),
        (ALONE, [ENDED], "web-1 has ended (Succeeded); nothing takes connections"),
        (OF_REPLICA_SET, [READY, OTHER], ""),
        (OF_REPLICA_SET, [DELETED, OTHER], "web-1 is being deleted; connections go to web-2"),
        (OF_REPLICA_SET, [ENDED], "web-1 has ended (Succeeded); connections wait until there is a pod that runs"),
        (SERVICE, [STARTS, OTHER], ""),
        (SERVICE, [], "svc/web has no pods; connections wait until a pod is ready"),
        (SERVICE, [STARTS], "web-1: container app is not ready yet; connections wait until a pod is ready"),
    ],
)
def test_it_says_what_happens_to_connections(target: ForwardTarget, pods: list[Pod], note: str) -> None:
    assert state_note(target, pods, NOW) == note


@pytest.mark.parametrize("named", [PENDING, BAD_IMAGE])
def test_a_pending_pod_is_named_with_its_cause(named: Pod) -> None:
    alone, replaced = (
        state_note(target, [named, *more], NOW) for target, more in ((ALONE, []), (OF_REPLICA_SET, [OTHER]))
    )
    assert alone.endswith("; connections wait until it runs")
    assert replaced.endswith("; connections go to web-2")
    assert ("node" if named is PENDING else "image") in alone
    assert state_note(SERVICE, [named, pod("web-2", ready=False)], NOW).startswith("none of 2 pods is ready: ")
