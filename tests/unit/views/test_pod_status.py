"""The status that kubectl prints for a pod, case by case: made here, and recorded from a real API server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from k9py.api.kinds import POD
from k9py.api.pods import Container, ContainerState, ContainerStatus, Pod
from k9py.api.times import parse_rfc3339
from k9py.views.pod_status import pod_status, pod_tone, restarts_text
from k9py.views.values import Tone
from tests import factories as make
from tests.factories import container_status as status
from tests.factories import terminated, waiting

DATA = Path(__file__).parents[2] / "data"


def sidecar(pod: Pod, started: bool, ready: bool) -> Pod:
    """Return a pod with one init container that keeps running."""
    spec = msgspec.structs.replace(pod.spec, init_containers=(Container(name="proxy", restart_policy="Always"),))
    init = ContainerStatus(name="proxy", started=started, ready=ready, state=make.running())
    return msgspec.structs.replace(
        pod, spec=spec, status=msgspec.structs.replace(pod.status, init_container_statuses=(init,))
    )


def two_states(first: ContainerState, second: ContainerState, *, second_ready: bool = True) -> Pod:
    return make.pod(
        statuses=[status("a", ready=False, state=first), status("b", ready=second_ready, state=second)], ready=False
    )


CASES: list[tuple[str, Callable[[], Pod], tuple[int, int, str], Tone]] = [
    ("well", make.pod, (1, 1, "Running"), Tone.OK),
    ("running, not ready", lambda: make.pod(ready=False), (0, 1, "Running"), Tone.BUSY),
    ("not scheduled", lambda: make.pod(phase="Pending", statuses=[], ready=False), (0, 1, "Pending"), Tone.BUSY),
    (
        "being made",
        lambda: make.pod(phase="Pending", statuses=[status(ready=False, state=waiting("ContainerCreating"))]),
        (0, 1, "ContainerCreating"),
        Tone.BUSY,
    ),
    (
        "image missing",
        lambda: make.pod(phase="Pending", statuses=[status(ready=False, state=waiting("ImagePullBackOff"))]),
        (0, 1, "ImagePullBackOff"),
        Tone.FAIL,
    ),
    (
        "crash loop",
        lambda: make.pod(statuses=[status(ready=False, state=waiting("CrashLoopBackOff"), restarts=5)]),
        (0, 1, "CrashLoopBackOff"),
        Tone.FAIL,
    ),
    (
        "ended with a code and no reason",
        lambda: make.pod(statuses=[status(ready=False, state=terminated(3, ""))]),
        (0, 1, "ExitCode:3"),
        Tone.FAIL,
    ),
    (
        "killed for memory",
        lambda: make.pod(statuses=[status(ready=False, state=terminated(137, "OOMKilled"))]),
        (0, 1, "OOMKilled"),
        Tone.FAIL,
    ),
    (
        "completed",
        lambda: make.pod(phase="Succeeded", statuses=[status(ready=False, state=terminated(0, "Completed"))]),
        (0, 1, "Completed"),
        Tone.MUTED,
    ),
    (
        "one completed, one runs",
        lambda: two_states(terminated(0, "Completed"), make.running()),
        (1, 2, "NotReady"),
        Tone.FAIL,
    ),
    (
        "init container running",
        lambda: make.pod(
            phase="Pending",
            ready=False,
            init_statuses=[status("migrate", ready=False)],
            statuses=[status(ready=False, state=waiting("PodInitializing"))],
        ),
        (0, 1, "Init:0/1"),
        Tone.BUSY,
    ),
    (
        "init container failing",
        lambda: make.pod(
            phase="Pending",
            ready=False,
            init_statuses=[status("migrate", ready=False, state=waiting("CrashLoopBackOff"))],
            statuses=[status(ready=False, state=waiting("PodInitializing"))],
        ),
        (0, 1, "Init:CrashLoopBackOff"),
        Tone.FAIL,
    ),
    (
        "init container ended badly",
        lambda: make.pod(
            phase="Pending",
            ready=False,
            init_statuses=[status("migrate", ready=False, state=terminated(2, "Error"))],
            statuses=[status(ready=False, state=waiting("PodInitializing"))],
        ),
        (0, 1, "Init:Error"),
        Tone.FAIL,
    ),
    ("sidecar counts", lambda: sidecar(make.pod(), True, True), (2, 2, "Running"), Tone.OK),
    ("sidecar not ready", lambda: sidecar(make.pod(ready=False), True, False), (0, 2, "Running"), Tone.BUSY),
    ("ending", lambda: make.pod(deleted=make.NOW), (1, 1, "Terminating"), Tone.BUSY),
    (
        "node lost",
        lambda: make.pod(deleted=make.NOW, reason="NodeLost"),
        (1, 1, "Unknown"),
        Tone.UNKNOWN,
    ),
    (
        "evicted",
        lambda: make.pod(phase="Failed", reason="Evicted", statuses=[], ready=False),
        (0, 1, "Evicted"),
        Tone.FAIL,
    ),
]


@pytest.mark.parametrize(("pod", "expected", "tone"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_pod_has_the_status_that_kubectl_prints(
    pod: Callable[[], Pod], expected: tuple[int, int, str], tone: Tone
) -> None:
    made = pod()
    shown = pod_status(made)
    assert shown[:3] == expected
    assert pod_tone(made, shown) is tone


RECORDED = json.loads((DATA / "pod_states.json").read_text())


@pytest.mark.parametrize("state", RECORDED, ids=[state["name"] for state in RECORDED])
def test_a_recorded_pod_has_the_words_that_the_api_server_printed(state: dict[str, Any]) -> None:
    status = pod_status(POD.decode(json.dumps(state["pod"]).encode()))
    now = parse_rfc3339(state["now"])
    assert now is not None
    printed = (f"{status.ready}/{status.containers}", status.text, restarts_text(status, now))
    assert printed == (state["ready"], state["status"], state["restarts"])


def test_the_recorded_pods_cover_many_states() -> None:
    assert len({state["status"] for state in RECORDED}) >= 40
