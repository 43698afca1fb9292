"""The revision an undo suggests, the outcomes of the others, and the revision a number names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from k9py.api.errors import RefusedError
from k9py.api.events import Event, ObjectReference
from k9py.api.workloads import ReplicaSet, Workload
from k9py.diagnosis.rollouts import diagnose_rollout
from k9py.rollouts.revision_outcome import RevisionOutcome, revision_outcomes
from k9py.rollouts.revisions import Revision, current_revision, revisions
from k9py.rollouts.status import RolloutState
from k9py.rollouts.strategy_limits import has_completed
from k9py.rollouts.undo_target import (
    previous_revision,
    revision_label,
    revision_of_number,
    suggested_undo,
    undo_target,
)
from tests import factories as make

NOW = make.NOW
MINUTE = timedelta(minutes=1)


def history(current: int | str, *sets: ReplicaSet) -> tuple[Revision, ...]:
    """Return the revisions of a Deployment at that revision annotation."""
    return revisions(make.deployment(revision=current), sets)  # type: ignore[arg-type]


def old(name: str, number: int | str, *, former: str = "", ready: int = 0) -> ReplicaSet:
    return make.replica_set(
        make.deployment(), name, revision=number, replicas=ready, former=former, image=f"reg/app:{name}"
    )


def event(reason: str, message: str, *, name: str = "checkout-bad-x", type_: str = "Warning") -> Event:
    return Event(
        metadata=make.meta("Event", "e"),
        involved_object=ObjectReference(kind="Pod", namespace="shop", name=name),
        reason=reason,
        message=message,
        type=type_,
        last_timestamp=NOW - 2 * MINUTE,
    )


def audit(number: str, cause: object = "image not found", **fields: Any) -> dict[str, Any]:
    return {
        "event": "write",
        "action": "undo",
        "outcome": "done",
        "time": (NOW - 2 * MINUTE).isoformat(),
        "cause": cause,
        "changes": [{"what": "revision", "from": number, "to": "5"}],
        **fields,
    }


UNDONE = (old("five", 7, former="5"), old("bad", 6), old("four", 4))
"""Revision 5 was reused as 7, because 6 was bad."""


@pytest.mark.parametrize(
    ("sets", "current", "suggested"),
    [
        (UNDONE, 7, 4),
        ((old("five", 7, former="5"), old("bad", 6)), 7, None),
        ((old("five", 9, former="5,7"), old("bad", 8, former="6"), old("four", 4)), 9, 4),
        ((old("new", 8), *UNDONE), 8, 7),
        ((old("bad", 8, former="6"), old("five", 7, former="5", ready=3), old("four", 4)), 8, 7),
        ((old("c", 3), old("b", 2), old("a", 1)), 3, 2),
        ((old("c", 3), old("b", 2), old("a", 1, ready=2)), 3, 1),
        ((old("c", 3), old("b", "two"), old("a", 1)), 3, 1),
        ((old("c", 3), old("b", ""), old("a", "")), 3, None),
        ((old("c", 3), old("b", 2), old("bb", 2), old("a", 1)), 3, 1),
        ((old("c", "three"), old("b", 2)), "three", None),
    ],
    ids=[
        "the one just left is passed over",
        "only the one just left",
        "left twice",
        "a release after an undo: the one undone to",
        "what was left is tried again: the one that serves",
        "the previous one",
        "pods of it are ready now",
        "no number",
        "no annotation",
        "a number given twice",
        "the one in force has no number",
    ],
)
def test_the_suggested_revision(sets: Sequence[ReplicaSet], current: int | str, suggested: int | None) -> None:
    target = undo_target(history(current, *sets))
    assert (target.revision.number if target else None) == suggested


@pytest.mark.parametrize(
    ("sets", "seen", "state", "is_blocked", "suggested"),
    [
        ((old("five", 7, former="5"), old("bad", 6), old("four", 4)), None, "progressing", False, None),
        ((old("new", 7), old("four", 4)), True, "progressing", False, None),
        ((old("new", 7), old("four", 4)), None, "progressing", False, 4),
        ((old("new", 7), old("four", 4)), False, "progressing", False, 4),
        ((old("new", 7, ready=1), old("four", 4, ready=3)), True, "progressing", False, 4),
        ((old("five", 7, former="5"), old("bad", 6), old("four", 4)), True, "progressing", True, 4),
        ((old("five", 7, former="5"), old("bad", 6), old("four", 4)), True, "stalled", True, 4),
    ],
    ids=[
        "gone back to by an undo",
        "seen ready",
        "not known whether it served",
        "never ready",
        "a release on its way",
        "it served, and fails now",
        "it served, and is stalled",
    ],
)
def test_a_revision_that_served_and_only_gets_its_pods_again_is_not_suspected(
    sets: Sequence[ReplicaSet], seen: bool | None, state: str, is_blocked: bool, suggested: int | None
) -> None:
    all_revisions = history(7, *sets)
    status = replace(
        diagnose_rollout(make.deployment(revision=7, ready=0), all_revisions, (), NOW),
        state=RolloutState(state),
        is_blocked=is_blocked,
    )
    pasts = revision_outcomes(all_revisions, seen={all_revisions[0].uid: RevisionOutcome(was_ready=seen)})
    target = suggested_undo(status, all_revisions, pasts)
    assert (target.revision.number if target else None) == suggested


@pytest.mark.parametrize(
    ("workload", "expected"),
    [
        (make.deployment(ready=0, conditions=[make.condition("Progressing", "True", "NewReplicaSetAvailable")]), True),
        (make.deployment(ready=0, conditions=[make.condition("Progressing", "True", "ReplicaSetUpdated")]), False),
        (
            make.deployment(
                generation=3,
                observed=2,
                conditions=[make.condition("Progressing", "True", "NewReplicaSetAvailable")],
            ),
            False,
        ),
        (make.deployment(ready=0), False),
        (make.stateful_set(ready=0), True),
        (make.stateful_set(ready=0, update_revision="cart-db-bbb"), False),
        (make.daemon_set(ready=0), False),
    ],
    ids=["available", "updating", "an older template", "no condition", "sts", "sts updating", "ds"],
)
def test_a_rollout_that_once_was_complete_is_known_to_have_been(workload: Workload, expected: bool) -> None:
    assert has_completed(workload) is expected


def test_a_revision_of_a_stateful_set_that_was_rolled_back_is_skipped_by_its_age() -> None:
    workload = make.stateful_set(update_revision="cart-db-five")
    made = [("five", 7, 50), ("bad", 6, 10), ("four", 4, 90)]
    owned = [
        make.controller_revision(workload, name, revision=number, created=NOW - minutes * MINUTE)
        for name, number, minutes in made
    ]
    history = revisions(workload, owned)
    pasts = revision_outcomes(history)
    assert {revision.number: pasts[revision.uid].was_rolled_back for revision in history} == {
        7: False,
        6: True,
        4: False,
    }
    target = undo_target(history, pasts)
    assert target is not None
    assert target.revision.number == 4


def test_a_revision_that_never_became_ready_is_never_suggested_and_unknown_is_not_was_ready() -> None:
    all_revisions = history(3, old("c", 3), old("b", 2), old("a", 1))
    by_number = {revision.number: revision for revision in all_revisions}
    never = {by_number[2].uid: RevisionOutcome(was_ready=False)}
    target = undo_target(all_revisions, revision_outcomes(all_revisions, seen=never))
    assert target is not None
    assert (target.revision.number, target.reason) == (1, "the previous revision (not known whether it was ever ready)")
    was = {by_number[1].uid: RevisionOutcome(was_ready=True)}
    target = undo_target(all_revisions, revision_outcomes(all_revisions, seen=never | was))
    assert target is not None
    assert target.reason == "the previous revision (ready before)"
    assert (
        undo_target(all_revisions, {revision.uid: RevisionOutcome(was_ready=False) for revision in all_revisions})
        is None
    )


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({}, "rolled back"),
        ({"audit_lines": [audit("6")]}, "rolled back 2m ago: image not found"),
        ({"audit_lines": [audit("6", cause=None)]}, "rolled back 2m ago"),
        ({"audit_lines": [audit("6", outcome="failed"), audit("x"), {"action": "undo"}]}, "rolled back"),
        (
            {
                "events": [
                    event("ScalingReplicaSet", "Scaled down replica set checkout-bad from 1 to 0", type_="Normal"),
                    event("Failed", 'Failed to pull image "reg/app:bad": reg/app:bad: not found'),
                    event("BackOff", "Back-off pulling image"),
                ]
            },
            "rolled back 2m ago: image not found",
        ),
        ({"events": [event("BackOff", "Back-off restarting failed container app")]}, "rolled back: crash-looping"),
        ({"events": [event("Failed", "Failed to pull image", name="checkout-other-x")]}, "rolled back"),
    ],
    ids=["numbers alone", "audit", "audit without a cause", "broken audit lines", "events", "crash", "other pods"],
)
def test_the_row_of_a_rolled_back_revision_shows_when_and_why(known: dict[str, Any], message: str) -> None:
    all_revisions = history(7, *UNDONE)
    pasts = revision_outcomes(all_revisions, **known)
    outcomes = {revision.number: pasts[revision.uid].text(NOW) for revision in all_revisions}
    assert outcomes == {7: "", 6: message, 4: ""}


def test_a_revision_that_never_became_ready_shows_why() -> None:
    all_revisions = history(7, old("good", 7), old("bad", 6))
    seen = {all_revisions[1].uid: RevisionOutcome(was_ready=False)}
    assert revision_outcomes(all_revisions, seen=seen)[all_revisions[1].uid].text(NOW) == "never became ready"
    outcomes = revision_outcomes(all_revisions, seen=seen, events=[event("Unhealthy", "Readiness probe failed: 500")])
    assert outcomes[all_revisions[1].uid].text(NOW) == "never became ready: probe failed"


def test_a_number_that_several_have_names_none_of_them_and_both_are_named() -> None:
    all_revisions = history(3, old("c", 3), old("b", 2), old("bb", 2), old("a", "one"))
    with pytest.raises(RefusedError, match="revision 2 more than once: checkout-bb and checkout-b"):
        revision_of_number(all_revisions, 2, "Deployment shop/checkout")
    with pytest.raises(RefusedError, match="no revision 0") as refused:
        revision_of_number(all_revisions, 0, "Deployment shop/checkout")
    assert refused.value.hint == "revisions: 3, 2"
    assert revision_of_number(all_revisions, 3, "x").name == "checkout-c"
    assert [revision_label(all_revisions, revision) for revision in all_revisions] == [
        "3",
        "2 (checkout-bb)",
        "2 (checkout-b)",
        "checkout-a (no revision number)",
    ]


def test_of_two_with_the_number_in_force_the_template_decides() -> None:
    workload = make.deployment(revision=2, image="reg/app:b")
    same = [make.replica_set(workload, name, revision=2, image=f"reg/app:{name}") for name in ("a", "b")]
    current = current_revision(revisions(workload, same))
    assert current is not None
    assert current.name == "checkout-b"
    twins = [make.replica_set(workload, name, revision=2, image="reg/app:b") for name in ("a", "b")]
    assert current_revision(revisions(workload, twins)) is None


def test_the_diff_is_with_the_previous_revision_whatever_its_outcome() -> None:
    before = previous_revision(history(7, *UNDONE))
    assert before is not None
    assert before.number == 6
    assert previous_revision(history(1, old("a", 1))) is None
