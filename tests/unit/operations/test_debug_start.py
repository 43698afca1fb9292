"""Waiting for a container that was created for debugging: when it ends, with which words, and what is reported."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from k9py.api.errors import ConnectionFailedError, ForbiddenError, NotFoundError
from k9py.api.meta import ObjectRef
from k9py.operations.debugging.starting import LASTING_SECONDS, wait_until_started
from k9py.operations.follow import FollowContext
from k9py.operations.track import TrackedEnd
from tests.unit.operations.raw import raw_pod

POD = ObjectRef("Pod", "shop", "checkout-abc-1")
NAME = "debugger-x7x7x"
START = datetime(2026, 1, 15, 12, 0, 0, tzinfo=UTC)
Raw = dict[str, Any]


class Time:
    """A clock whose sleeps take no time; `at` is called before each."""

    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        self.elapsed += seconds


class Reads:
    """Answers reads of the pod in order; the last answer stays."""

    def __init__(self, *answers: Raw | Exception, events: tuple[Raw, ...] | Exception = ()) -> None:
        self._answers = list(answers)
        self._events = events

    async def get(self, key: ObjectRef, subresource: str = "") -> Raw:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def list(self, kind: str, namespace: str, **_: str) -> list[Raw]:
        if isinstance(self._events, Exception):
            raise self._events
        return [*self._events]


def pod(state: Raw | None = None, *, node: str = "node-1", phase: str = "Running", **status: Any) -> Raw:
    """Return the pod with a debug container in a state, None before its kubelet reports one."""
    raw = copy.deepcopy(raw_pod())
    raw["spec"] |= {"nodeName": node, "ephemeralContainers": [{"name": NAME, "image": "busybox:1.37"}]}
    raw["status"] |= {"phase": phase, **status}
    if state is not None:
        raw["status"]["ephemeralContainerStatuses"] = [
            {"name": NAME, "state": state, "image": "busybox:1.37", "imageID": "", "ready": False, "restartCount": 0}
        ]
    return raw


CREATING = {"waiting": {"reason": "ContainerCreating"}}
RUNNING = {"running": {"startedAt": "2026-01-15T12:00:00Z"}}
NO_PULL = {"waiting": {"reason": "ErrImagePull", "message": 'failed to pull image "busybox:1.37": not found'}}


async def waited(
    reads: Reads, *, timeout: float = 600.0, stops: Callable[[], bool] = lambda: False
) -> tuple[TrackedEnd, list[str], Time]:
    """Wait, and return the end, what was reported, and the clock."""
    time, reported = Time(), list[str]()
    context: Any = FollowContext(None, reads, time, timeout, reported.append, stops)  # type: ignore[arg-type]
    return await wait_until_started(context, POD, NAME), reported, time


@pytest.mark.parametrize(
    ("answers", "outcome", "text"),
    [
        ((pod(), pod(CREATING), pod(RUNNING)), "converged", f"{NAME} has started"),
        ((pod({"terminated": {"exitCode": 3}}),), "converged", f"{NAME} has ended with exit code 3"),
        ((pod(), NotFoundError("no pod")), "gone", "pod checkout-abc-1 is gone"),
        (
            (pod(phase="Failed", reason="NodeAffinity", message="Pod was rejected"),),
            "stalled",
            f"{NAME} was not started: the pod has failed: Pod was rejected",
        ),
        ((pod(), ConnectionFailedError("lost"), pod(RUNNING)), "converged", f"{NAME} has started"),
    ],
)
async def test_it_ends_when_that_is_certain(answers: tuple[Raw | Exception, ...], outcome: str, text: str) -> None:
    end, _, _ = await waited(Reads(*answers))
    assert (end.outcome, end.text, end.is_expected) == (outcome, text, outcome == "converged")


async def test_an_image_that_cannot_be_pulled_ends_it_once_that_has_lasted() -> None:
    end, reported, time = await waited(Reads(pod(CREATING), pod(NO_PULL)))
    assert end.outcome == "stalled"
    assert "busybox:1.37" in end.text
    assert LASTING_SECONDS <= time.elapsed < LASTING_SECONDS + 5
    assert reported[0] == "starting"


async def test_an_image_that_can_be_pulled_the_second_time_is_no_failure() -> None:
    end, reported, _ = await waited(Reads(pod(NO_PULL), pod(NO_PULL), pod(RUNNING)))
    assert end.is_expected
    assert len(reported) == 2


@pytest.mark.parametrize(
    ("first", "events", "text"),
    [
        (pod(), (), "waits for the kubelet of node node-1"),
        (pod(node=""), (), "waits for a node"),
        (pod(CREATING), ("Pulling",), "pulling the image on node node-1"),
        (pod(CREATING), ("Pulled",), "Pulled it"),
        (pod(CREATING), ForbiddenError("no events for you"), "starting"),
    ],
)
async def test_progress_says_what_it_waits_for(first: Raw, events: tuple[str, ...] | Exception, text: str) -> None:
    raw = events if isinstance(events, Exception) else tuple(event(reason) for reason in events)
    _, reported, _ = await waited(Reads(first, pod(RUNNING), events=raw))
    assert reported == [text]


def event(reason: str) -> Raw:
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": reason.lower(), "namespace": "shop"},
        "involvedObject": {"kind": "Pod", "name": POD.name, "fieldPath": f"spec.ephemeralContainers{{{NAME}}}"},
        "reason": reason,
        "message": f"{reason} it",
        "lastTimestamp": "2026-01-15T11:59:59Z",
    }


async def test_it_does_not_wait_longer_than_it_may() -> None:
    end, _, time = await waited(Reads(pod()), timeout=30.0)
    assert (end.outcome, end.is_timeout) == ("stalled", True)
    assert end.text == f"{NAME} does not run after 30 s: waits for the kubelet of node node-1"
    assert time.elapsed >= 30


async def test_it_stops_when_it_is_stopped() -> None:
    end, _, _ = await waited(Reads(pod()), stops=lambda: True)
    assert end.outcome == "not-followed"


async def test_a_server_that_stays_away_is_reported_as_that() -> None:
    with pytest.raises(ConnectionFailedError):
        await waited(Reads(ConnectionFailedError("lost")), timeout=5.0)


async def test_text_of_the_cluster_is_made_printable() -> None:
    end, _, _ = await waited(Reads(pod(phase="Failed", message="a\x1b]0;title\x07b")))
    assert "\x1b" not in end.text
