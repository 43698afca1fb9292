"""What the steps of the Deployment controller mean, with steps missing too."""

from __future__ import annotations

from datetime import datetime

import pytest

from k9py.diagnosis.timelines.deployment_steps import Rollback, Scaling, Step, story
from tests.factories.meta import before

OLD = 86_400


def step(seconds: float, name: str, old: int, new: int) -> Step:
    return Step(before(seconds), name, old, new)


def told(steps: list[Step], created: dict[str, float], current: str) -> list[str]:
    times: dict[str, datetime] = {name: before(seconds) for name, seconds in created.items()}
    texts = []
    for each in story(steps, times, current):
        match each:
            case Rollback(_, name, former):
                texts.append(f"{name} in place of {former}")
            case Scaling(_, _, old, new):
                texts.append(f"{old} → {new}")
    return texts


@pytest.mark.parametrize(
    ("steps", "created", "current", "expected"),
    [
        ([step(60, "a", 3, 5)], {"a": OLD}, "a", ["3 → 5"]),
        ([step(60, "a", 3, 0), step(30, "a", 0, 3)], {"a": OLD}, "a", ["3 → 0", "0 → 3"]),
        ([step(60, "a", 3, 4), step(58, "a", 4, 5), step(20, "a", 5, 6)], {"a": OLD}, "a", ["3 → 5", "5 → 6"]),
        # A new revision: nothing of it is a scaling, what comes after it is.
        ([step(60, "b", 0, 1), step(58, "a", 3, 2)], {"a": OLD, "b": 60}, "b", []),
        ([step(60, "b", 0, 3), step(58, "a", 3, 0), step(30, "b", 3, 6)], {"a": OLD, "b": 60}, "b", ["3 → 6"]),
        # The first revision of a new Deployment, then a second one at once, and back a minute after the first.
        ([step(90, "a", 0, 3), step(60, "b", 0, 1), step(59, "a", 3, 0)], {"a": 90, "b": 60}, "b", []),
        (
            [step(90, "a", 0, 3), step(60, "b", 0, 1), step(59, "a", 3, 0), step(30, "a", 0, 1), step(29, "b", 1, 0)],
            {"a": 90, "b": 60},
            "a",
            ["a in place of b"],
        ),
        ([step(60, "a", 0, 3)], {"a": 60}, "a", []),
        ([step(60, "a", 0, 3), step(40, "a", 3, 5)], {"a": 60}, "a", ["3 → 5"]),
        # An old one is used again; then a new revision, of which most events were dropped.
        ([step(90, "a", 0, 1), step(90, "b", 3, 2)], {"a": OLD, "b": 600}, "a", ["a in place of b"]),
        (
            [step(90, "a", 0, 1), step(90, "b", 3, 2), step(40, "a", 3, 2), step(39, "a", 1, 0)],
            {"a": OLD, "b": 600, "c": 40},
            "c",
            ["a in place of b"],
        ),
        # A rollback while the rollout is still stuck.
        (
            [step(90, "b", 0, 1), step(40, "a", 2, 3), step(39, "b", 1, 0)],
            {"a": OLD, "b": 90},
            "a",
            [],
        ),
        # Steps of a ReplicaSet that is not in use mean nothing by themselves.
        ([step(60, "a", 1, 0)], {"a": OLD, "b": OLD - 1}, "b", []),
    ],
)
def test_steps(steps: list[Step], created: dict[str, float], current: str, expected: list[str]) -> None:
    assert told(steps, created, current) == expected
