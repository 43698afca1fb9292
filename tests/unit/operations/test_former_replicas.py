"""The replicas before a scaling to zero: from our own audit file, otherwise from the controllers' events."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from k9py.api.events import Event
from k9py.operations.former_replicas import former_replicas
from tests import factories as make

DEPLOYMENT = make.deployment()
STATEFUL = make.stateful_set()


def at_zero(kind: str = "Deployment", replicas: int = 0) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"uid": f"{kind.lower()}-x"}, "spec": {"replicas": replicas}}


def line(before: str, after: str, *, seconds: float = 60, **fields: Any) -> dict[str, Any]:
    at = (make.NOW - timedelta(seconds=seconds)).isoformat()
    changes = [{"what": "replicas", "from": before, "to": after}]
    return {"time": at, "event": "write", "action": "scale", "outcome": "done", "changes": changes, **fields}


def about(kind: str, message: str, *, since: float = 60, reason: str = "ScalingReplicaSet") -> Event:
    subject = make.deployment("x") if kind == "Deployment" else make.stateful_set("x")
    return make.event(subject, reason, message, since=since)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([line("3", "0")], 3),
        ([line("3", "5"), line("5", "0")], 5),
        ([line("3", "0"), line("0", "4")], None),
        ([line("3", "0"), line("0", "0", action="restart", changes=[])], 3),
        ([line("3", "0"), line("9", "0", outcome="failed")], 3),
        ([line("3", "0"), {"event": "followed", "action": "scale", "outcome": "done"}], 3),
        ([line("three", "0")], None),
        ([line("3", "0", changes=["x"])], None),
        ([line("3", "0", changes=None)], None),
        ([line("3", "0", time="?")], 3),
        ([], None),
    ],
)
def test_the_last_audited_scale_gives_the_former_count(lines: list[dict[str, Any]], expected: int | None) -> None:
    assert former_replicas(at_zero(), lines, ()) == expected


def test_what_is_not_at_zero_has_no_former_count() -> None:
    assert former_replicas(at_zero(replicas=2), [line("3", "0")], ()) is None
    assert former_replicas({"kind": "DaemonSet", "metadata": {}, "spec": {}}, [line("3", "0")], ()) is None


@pytest.mark.parametrize("message", ["from 4 to 0", "to 0 from 4"])
def test_the_last_scaled_down_replica_set_gives_the_former_count(message: str) -> None:
    events = [
        about("Deployment", "Scaled down replica set x-old from 1 to 0", since=600),
        about("Deployment", f"Scaled down replica set x-new {message}"),
        about("Deployment", "Scaled up replica set x-new from 3 to 4", since=599),
    ]
    assert former_replicas(at_zero(), (), events) == 4


@pytest.mark.parametrize(
    ("old", "new", "surge", "wanted"),
    [
        (3, 2, None, 4),  # 25% of 4 is 1: a rollout stuck, or paused, in the middle
        (3, 1, "25%", 3),
        (10, 5, 5, 10),
        (2, 2, 0, 4),
        (1, 10, "25%", 10),  # no number surges to 11: the last old pod of a rollout that was just through
        (4, 1, "many", 4),
    ],
)
def test_replica_sets_that_go_together_had_the_surge_between_them(
    old: int, new: int, surge: int | str | None, wanted: int
) -> None:
    obj = at_zero()
    obj["spec"]["strategy"] = {"rollingUpdate": {"maxSurge": surge}}
    events = [
        about("Deployment", f"Scaled down replica set x-old from {old} to 0", since=60),
        about("Deployment", f"Scaled down replica set x-new from {new} to 0", since=59),
        about("Deployment", "Scaled down replica set x-older from 9 to 0", since=600),
    ]
    assert former_replicas(obj, (), events) == former_replicas(obj, (), events[::-1]) == wanted


def test_unrelated_events_give_no_former_count() -> None:
    other = make.event(make.deployment("y"), "ScalingReplicaSet", "Scaled down replica set y-a from 4 to 0")
    forged = about("Deployment", "Scaled down replica set x-a from 4 to 0 or so")
    assert former_replicas(at_zero(), (), [other, forged]) is None


def test_the_later_of_audit_file_and_events_wins_and_the_file_wins_a_tie() -> None:
    later = about("Deployment", "Scaled down replica set x-a from 7 to 0", since=10)
    same = about("Deployment", "Scaled down replica set x-a from 2 to 0", since=58)
    assert former_replicas(at_zero(), [line("3", "0", seconds=600)], [later]) == 7
    assert former_replicas(at_zero(), [line("3", "0", seconds=60)], [same]) == 3


@pytest.mark.parametrize("delete", ["delete", "Delete"], ids=["before 1.36", "since"])
def test_a_stateful_sets_pods_that_were_taken_and_not_made_again_are_counted(delete: str) -> None:
    events = [
        about("StatefulSet", "create Pod x-9 in StatefulSet x successful", since=500, reason="SuccessfulCreate"),
        about("StatefulSet", f"{delete} Pod x-9 in StatefulSet x successful", since=501, reason="SuccessfulDelete"),
        *(
            about(
                "StatefulSet",
                f"{delete} Pod x-{n} in StatefulSet x successful",
                since=60 + n,
                reason="SuccessfulDelete",
            )
            for n in range(3)
        ),
    ]
    assert former_replicas(at_zero("StatefulSet"), (), events) == 3
    numbered = at_zero("StatefulSet")
    numbered["spec"]["ordinals"] = {"start": 1}
    assert former_replicas(numbered, (), events[:-3] + events[-2:]) == 2
    assert former_replicas(at_zero("StatefulSet"), (), events[:2]) is None
