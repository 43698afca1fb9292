"""Which container of which pod is meant."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from k9py.api.errors import ConnectionFailedError, RefusedError
from k9py.api.kinds import POD
from k9py.api.meta import ObjectRef
from k9py.api.pods import Pod
from k9py.remote.containers import (
    DEFAULT_CONTAINER,
    ChosenContainer,
    choose_container,
    containers_of,
    newest_pod,
    pods_of,
)

RUNNING: dict[str, Any] = {"running": {}}
ENDED: dict[str, Any] = {"terminated": {"exitCode": 1, "reason": "Error"}}
WEB = ObjectRef("Deployment", "shop", "web")


def pod(
    name: str = "web-1",
    *,
    default: str = "",
    created: str = "2026-01-15T10:00:00Z",
    phase: str = "Running",
    is_ready: bool = True,
    is_terminating: bool = False,
    app: dict[str, Any] = RUNNING,
) -> Pod:
    """Return a pod with the containers app and proxy, a sidecar, an init and an ephemeral container."""
    metadata: dict[str, Any] = {"name": name, "namespace": "shop", "creationTimestamp": created}
    if default:
        metadata["annotations"] = {DEFAULT_CONTAINER: default}
    if is_terminating:
        metadata["deletionTimestamp"] = "2026-01-15T11:00:00Z"

    def status(name: str, state: dict[str, Any]) -> dict[str, Any]:
        return {"name": name, "state": state}

    raw = {
        "metadata": metadata,
        "spec": {
            "containers": [{"name": "app", "image": "app:1"}, {"name": "proxy", "image": "proxy:1"}],
            "initContainers": [{"name": "setup"}, {"name": "mesh", "restartPolicy": "Always"}],
            "ephemeralContainers": [{"name": "debugger"}],
        },
        "status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": str(is_ready)}],
            "containerStatuses": [status("app", app), status("proxy", RUNNING)],
            "initContainerStatuses": [
                status("setup", {"terminated": {"exitCode": 0, "reason": "Completed"}}),
                status("mesh", RUNNING),
            ],
        },
    }
    return POD.decode(json.dumps(raw).encode())


def test_the_containers_come_with_role_and_state_the_default_first() -> None:
    listed = [(each.name, each.role, each.state, each.is_running) for each in containers_of(pod(default="proxy"))]
    assert listed == [
        ("proxy", "", "running", True),
        ("app", "", "running", True),
        ("mesh", "sidecar", "running", True),
        ("debugger", "ephemeral", "", None),
        ("setup", "init", "Completed", False),
    ]


@pytest.mark.parametrize(
    ("default", "name", "chosen"),
    [
        ("", "", "app"),
        ("proxy", "", "proxy"),
        ("gone", "", "app"),
        ("proxy", "app", "app"),
        ("", "debugger", "debugger"),
    ],
)
def test_a_container_is_the_named_the_annotated_or_the_first(default: str, name: str, chosen: str) -> None:
    assert choose_container(pod(default=default), name).name == chosen


@pytest.mark.parametrize(
    ("name", "message"),
    [("nope", "pod web-1 has no container nope"), ("", "container app of pod web-1 has ended with exit code 1")],
)
def test_one_that_is_missing_or_does_not_run_is_refused_with_the_others(name: str, message: str) -> None:
    with pytest.raises(RefusedError) as refused:
        choose_container(pod(app=ENDED), name)
    assert refused.value.message == message
    assert "proxy" in refused.value.hint
    assert ("setup (init, Completed)" if name else "running: proxy, mesh") in refused.value.hint


def test_the_newest_ready_pod_is_taken_and_none_that_is_deleted() -> None:
    ready = pod("ready", created="2026-01-15T10:00:00Z")
    later = pod("later", created="2026-01-15T10:05:00Z")
    unready = pod("unready", created="2026-01-15T10:10:00Z", is_ready=False)
    terminating = pod("terminating", created="2026-01-15T10:20:00Z", is_terminating=True)
    assert newest_pod(WEB, [unready, terminating, later, ready]).name == "later"
    assert newest_pod(WEB, [terminating, unready]).name == "unready"


@pytest.mark.parametrize(
    ("pods", "message", "hint"),
    [
        ([], "has no pods", ""),
        (
            [pod("a", phase="Pending"), pod("b", phase="Failed", created="2026-01-15T09:00:00Z")],
            "no pod of Deployment shop/web runs: pod a is Pending: it has no node yet",
            "kdash why pod/a -n shop shows the cause",
        ),
        (
            [pod("a", phase="Failed", app=ENDED)],
            "no pod of Deployment shop/web runs: container app of pod a has ended with exit code 1",
            (
                "kdash logs pod/a -n shop -c app prints its last log; kdash debug a -n shop --copy-to NAME debugs a "
                "copy; running: proxy, mesh"
            ),
        ),
        (
            [pod("a", is_terminating=True), pod("b", phase="Unknown", is_ready=False)],
            "no pod of Deployment shop/web runs",
            "its pods: a Running, b Unknown",
        ),
    ],
)
def test_without_a_running_pod_the_reason_of_the_newest_or_the_states_are_given(
    pods: list[Pod], message: str, hint: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        newest_pod(WEB, pods)
    assert message in refused.value.message
    assert refused.value.hint == hint


@pytest.mark.parametrize(
    ("chosen", "is_terminal", "note"),
    [
        ({"pods": 3}, False, "using pod web-1 of 3, container app of app, proxy, mesh (sidecar); -c names another one"),
        ({"pods": 1}, False, "using container app of app, proxy, mesh (sidecar); -c names another one"),
        ({"pods": 1, "is_named": True}, True, "using pod web-1"),
        ({"pods": 1, "is_named": True}, False, ""),
        ({"is_named": True}, True, ""),
    ],
)
def test_what_is_used_is_reported_where_others_were_possible(
    chosen: dict[str, Any], is_terminal: bool, note: str
) -> None:
    one = pod()
    assert ChosenContainer(one, choose_container(one), **chosen).note(is_terminal=is_terminal) == note


@pytest.mark.parametrize(
    ("ref", "selector"),
    [
        (WEB, "app=web"),
        (ObjectRef("ReplicationController", "shop", "web"), ["app"]),
    ],
)
async def test_a_selector_that_is_none_of_the_api_is_an_error_of_the_server(ref: ObjectRef, selector: object) -> None:
    async def get(_ref: ObjectRef) -> dict[str, Any]:
        return {"metadata": {"uid": "1"}, "spec": {"selector": selector}}

    session: Any = SimpleNamespace(connection=SimpleNamespace(get=get))
    with pytest.raises(ConnectionFailedError, match="unexpected format of the selector"):
        await pods_of(session, ref)
