"""Which pod of a workload is debugged, and what is said about it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from k9py.api.errors import RefusedError
from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.remote.debug_candidates import candidates_among, state_of

WEB = ObjectRef("Deployment", "shop", "web")
PULLING: dict[str, Any] = {"waiting": {"reason": "ImagePullBackOff"}}


def pod(
    name: str,
    minute: int,
    *,
    is_ready: bool = False,
    state: dict[str, Any] | None = None,
    phase: str = "Running",
    node: str = "node-1",
    is_terminating: bool = False,
) -> Pod:
    metadata = {"name": name, "namespace": "shop", "creationTimestamp": f"2026-01-15T10:{minute:02}:00Z"}
    if is_terminating:
        metadata["deletionTimestamp"] = "2026-01-15T11:00:00Z"
    raw = {
        "metadata": metadata,
        "spec": {"nodeName": node, "containers": [{"name": "app", "image": "app:1"}]},
        "status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": str(is_ready)}],
            "containerStatuses": [{"name": "app", "state": state or {"running": {}}}],
        },
    }
    return POD.decode(json.dumps(raw).encode())


PENDING = pod("unscheduled", 9, phase="Pending", node="")
READY = pod("ready", 8, is_ready=True)
OLD_FAILING = pod("old", 1)
FAILING = pod("failing", 2, state=PULLING, phase="Pending")
DONE = pod("done", 7, phase="Failed")


def test_a_pod_that_is_not_ready_comes_first_also_while_its_image_cannot_be_pulled() -> None:
    leaving = pod("leaving", 5, is_terminating=True)
    listed = candidates_among(WEB, [DONE, READY, OLD_FAILING, leaving, PENDING, FAILING])
    assert [each.name for each in listed.pods] == ["failing", "old", "ready", "unscheduled", "done"]


@pytest.mark.parametrize(
    ("pods", "note"),
    [
        ([READY], ""),
        ([READY, FAILING], "pod failing (not ready: app ImagePullBackOff): the only one of 2 pods not ready"),
        ([READY, FAILING, OLD_FAILING], "pod failing (not ready: app ImagePullBackOff): the newest of 2 that are"),
        ([READY, pod("older", 1, is_ready=True)], "pod ready: the newest of 2 pods, all are ready"),
        ([READY, DONE], "pod ready: the newest that is ready, of 2 pods"),
        ([PENDING, DONE], "pod unscheduled (Pending, not scheduled): the first of 2 pods, none runs"),
    ],
)
def test_it_is_said_why_a_pod_is_taken(pods: list[Pod], note: str) -> None:
    assert candidates_among(WEB, pods).note.startswith(note)
    assert bool(candidates_among(WEB, pods).note) == bool(note)


def test_states_are_named() -> None:
    assert [state_of(each) for each in (READY, OLD_FAILING, PENDING, DONE)] == [
        "ready",
        "not ready",
        "Pending, not scheduled",
        "Failed",
    ]


def test_without_a_pod_it_is_refused() -> None:
    with pytest.raises(RefusedError, match="has no pods"):
        candidates_among(WEB, [])
